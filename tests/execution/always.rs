//! Steps that always have their turn: after a failure, after an order to stop, and whatever failed.

use crate::local::{Loss, LostOnce, Memory, executed, executed_with, holds, run_over};
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
fn a_run_that_has_failed_stays_failed_if_a_step_that_always_runs_is_ended() {
    let memory = Memory {
        stop_at: Some("undraining"),
        stops: 2,
        ..Memory::default()
    };
    let text = r#"ssh::run("Patch", "exit 3");
        ssh::run("Undrain", "echo undraining; sleep 1000").always();
        ssh::run("Clean", "echo never").always();"#;
    let (ended, memory) = executed_with(text, &Secrets::new(), memory);
    assert_eq!(ended.reason.as_deref(), Some("step 1 failed: Patch: exit status 3"));
    assert_eq!(ended.state, RunState::Failed);
    use Outcome::{Failed, Skipped, Stopped};
    assert_eq!(outcomes(&memory, 3), [Failed, Stopped, Skipped]);
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

/// What the runner's journal says after these calls, as for steps of a run that has just begun.
fn journal(settings: &str, order: &str, calls: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().to_str().expect("UTF-8");
    let runner = include_str!("../../src/executor/runner.sh");
    let text = format!(
        "IK_DIR={directory} IK_SHORTEST=1000 IK_SECRETS='' IK_FILES='' IK_BROKEN='' {settings}\n{runner}\n{calls}"
    );
    for (name, content) in [
        ("runner", text.as_str()),
        ("order", order),
        ("0.sh", "head -c 5000 /dev/zero; sleep 1000"),
        ("1.sh", "echo on"),
        ("deadline", ""),
        ("pid", ""),
    ] {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    // The runner keeps a pipe to its follower, and the lock, open.
    let script =
        format!("exec setsid -w sh {directory}/runner </dev/null >/dev/null 2>&1 7>/dev/null 9>{directory}/lock");
    assert!(holds(&script));
    std::fs::read_to_string(folder.path().join("journal")).expect("the journal")
}

#[test]
#[ignore = "needs root"]
fn they_run_after_a_step_that_printed_too_much_and_have_an_output_of_their_own() {
    let steps = "if ik_step 0; then ik_run 0 300 plain ik_mark; fi
        if ik_step 1 always; then ik_run 1 300 plain ik_mark; fi
        # Longer than what watches the output sleeps.
        sleep 3
        if ik_step 2 always; then ik_run 1 300 plain ik_mark; fi
        ik_finish \"$ik_broken\"";
    let journal = journal("IK_BEGUN='' IK_MOST=1000", "none\n", steps);
    assert!(journal.contains("\nE 0 1 4 "), "{journal}");
    assert_eq!(journal.matches("\nE 1 0 0 ").count(), 2, "{journal}");
    assert!(journal.ends_with("\nZ failed\n"), "{journal}");
}

#[test]
#[ignore = "needs root"]
fn a_request_to_stop_before_anything_has_begun_gives_them_no_turn() {
    let steps = "if ik_step 0; then ik_run 0 300 plain ik_mark; fi
        if ik_step 1 always; then ik_run 1 300 plain ik_mark; fi
        ik_finish \"$ik_broken\"";
    let of = |begun: &str| journal(&format!("IK_BEGUN={begun} IK_MOST=1000"), "stop\n", steps);
    assert_eq!(of(""), "Z stopped\n");
    // After a restart of the server, for which the drain is not over.
    let journal = of("yes");
    assert!(
        journal.contains("\nE 1 0 0 ") && journal.ends_with("\nZ stopped\n"),
        "{journal}"
    );
}
