//! Steps that always have their turn: after a failure, after an order to stop, and whatever failed.

use crate::local::{Loss, LostOnce, Memory, executed, executed_with, run_over};
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use infrakt::plan::secret::Secrets;

/// The outcome of each step, in the order of the plan.
fn outcomes(memory: &Memory, steps: usize) -> Vec<Outcome> {
    let of = |wanted: usize| {
        let ends: Vec<Outcome> = memory
            .events
            .iter()
            .filter_map(|event| match event {
                RunEvent::StepEnded { step, outcome, .. } if *step == wanted => Some(*outcome),
                _ => None,
            })
            .collect();
        assert_eq!(ends.len(), 1, "step {wanted} ended {} times", ends.len());
        ends[0]
    };
    (0..steps).map(of).collect()
}

const DRAIN: &str = r#"ssh::run("Drain", "echo drained");
    ssh::run("Patch", "echo patching; PATCH");
    ssh::run("Look", "echo never");
    ssh::run("Undrain", "echo undrained").always();
    ssh::run("Not this", "echo never");
    ssh::run("Nor without need", "echo never").always().unless("true");
    ssh::run("Clean", "echo cleaned").always();"#;

#[test]
#[ignore = "needs root"]
fn after_a_failure_only_the_steps_that_always_run_have_a_turn() {
    use Outcome::{Changed, Failed, NoChange, Skipped};
    let (ended, memory) = executed(&DRAIN.replace("PATCH", "exit 3"));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(ended.reason.as_deref(), Some("step 2 failed: Patch: exit status 3"));
    assert_eq!(memory.output(Stream::Stdout), "drained\npatching\nundrained\ncleaned\n");
    assert_eq!(
        outcomes(&memory, 7),
        [Changed, Failed, Skipped, Changed, Skipped, NoChange, Changed]
    );
}

#[test]
#[ignore = "needs root"]
fn without_a_failure_they_run_in_their_place() {
    let (ended, memory) = executed(&DRAIN.replace("PATCH", "true").replace("echo never", "true"));
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "drained\npatching\nundrained\ncleaned\n");
}

#[test]
#[ignore = "needs root"]
fn a_step_that_always_runs_and_fails_does_not_hide_the_first_failure_or_stop_the_others() {
    let (ended, memory) = executed(
        r#"ssh::run("First", "exit 3");
           ssh::run("Second", "exit 4").always();
           ssh::run("Third", "echo third").always().only_if("no-such-program /");
           ssh::run("Fourth", "echo fourth").always();"#,
    );
    assert_eq!(ended.reason.as_deref(), Some("step 1 failed: First: exit status 3"));
    use Outcome::{Changed, Failed};
    assert_eq!(outcomes(&memory, 4), [Failed, Failed, Failed, Changed]);
}

#[test]
#[ignore = "needs root"]
fn one_request_to_stop_leaves_them_their_turn_and_a_second_one_does_not() {
    for (stops, printed) in [
        (1, "drained\npatching\nundrained\ncleaned\n"),
        (2, "drained\npatching\n"),
    ] {
        let memory = Memory {
            stop_at: Some("patching"),
            stops,
            ..Memory::default()
        };
        // It ends as soon as the runner knows of the request.
        let wait = "until grep -qsE 'stop|kill' /var/lib/infrakt/spool/*/order; do sleep 0.05; done";
        let (ended, memory) = executed_with(&DRAIN.replace("PATCH", wait), &Secrets::new(), memory);
        assert_eq!(ended.state, RunState::Interrupted, "{stops}");
        assert_eq!(memory.output(Stream::Stdout), printed, "{stops}");
    }
}

#[test]
#[ignore = "needs root"]
fn they_run_if_a_step_that_infrakt_carries_out_fails() {
    let memory = Memory {
        refuses_changes: true,
        ..Memory::default()
    };
    let text = r#"ssh::run("Drain", "echo drained");
        db::set_status(server, "patched");
        ssh::run("Never", "echo never");
        ssh::run("Undrain", "echo undrained").always();"#;
    let (ended, memory) = executed_with(text, &Secrets::new(), memory);
    assert_eq!(ended.state, RunState::Failed);
    assert!(
        ended
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with("step 2 failed"))
    );
    assert_eq!(memory.output(Stream::Stdout), "drained\nundrained\n");
    use Outcome::{Changed, Failed, Skipped};
    assert_eq!(outcomes(&memory, 4), [Changed, Failed, Skipped, Changed]);
    // Also if the server had not begun yet.
    let memory = Memory {
        refuses_changes: true,
        ..Memory::default()
    };
    let text = text.split_once('\n').expect("two lines").1;
    let (_, memory) = executed_with(text, &Secrets::new(), memory);
    assert_eq!(memory.output(Stream::Stdout), "undrained\n");
}

#[test]
#[ignore = "needs root"]
fn they_run_if_a_port_can_not_be_reached() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("its number")
        .port();
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Drain", "echo drained");
           ssh::reach("Closed", ["tcp:{closed}"], "exit 1");
           ssh::run("Undrain", "echo undrained").always();"#
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.output(Stream::Stdout), "drained\nundrained\n");
}

#[test]
#[ignore = "needs root"]
fn a_lost_connection_keeps_them_from_nothing() {
    let mut memory = Memory::default();
    let text = DRAIN.replace("PATCH", "exit 3");
    let mut connection = LostOnce::on(Loss::Answer("patching"));
    let ended = run_over(&mut connection, &text, &Secrets::new(), &mut memory).expect("a run");
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.output(Stream::Stdout), "drained\npatching\nundrained\ncleaned\n");
}
