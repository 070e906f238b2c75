//! How steps run: in order, once, with their own output and their true exit status.

use crate::local::{
    HoldsBack, Loss, LostOnce, Memory, be_slow_after_each_fork, executed, executed_with, holds, on_the_server, run_over,
};
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use infrakt::executor::script::SPOOL;
use infrakt::plan::StateChange;
use infrakt::plan::secret::Secret;
use infrakt::plan::secret::Secrets;

#[test]
#[ignore = "needs root"]
fn steps_run_in_order_and_say_what_they_did() {
    let (ended, memory) = executed(
        r#"ssh::run("One", "echo one; echo to-stderr >&2");
           ssh::run("Two", "echo two").unless("true");
           ssh::run("Three", "echo three").only_if("false");
           ssh::check("Four", "echo four");
           db::set_status(server, "fine");"#,
    );
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "one\nfour\n");
    assert_eq!(memory.output(Stream::Stderr), "to-stderr\n");
    use Outcome::{Changed, NoChange};
    assert_eq!(memory.outcomes(), [Changed, NoChange, NoChange, NoChange, Changed]);
    assert_eq!(memory.changes, [StateChange::SetStatus("fine".to_owned())]);
}

#[test]
#[ignore = "needs root"]
fn what_a_step_makes_can_be_read_by_the_services_of_the_server() {
    let (_, memory) = executed(
        r#"ssh::check("Make a directory", "d=$(mktemp -d) && mkdir $d/made && stat -c %a $d/made && rmdir $d/made $d");"#,
    );
    assert_eq!(memory.output(Stream::Stdout), "755\n");
}

#[test]
#[ignore = "needs root"]
fn a_failing_step_ends_the_run_with_its_own_exit_status() {
    let (ended, memory) = executed(
        r#"ssh::run("Fine", "true"); ssh::run("Broken", "false; echo never"); ssh::run("After", "echo never");
           db::set_status(server, "never");"#,
    );
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(ended.reason.as_deref(), Some("step 2 failed: Broken: exit status 1"));
    assert_eq!(memory.output(Stream::Stdout), "");
    assert_eq!(
        memory.outcomes(),
        [Outcome::Changed, Outcome::Failed, Outcome::Skipped, Outcome::Skipped]
    );
    assert!(memory.changes.is_empty());
    assert_eq!(memory.end_of(1).0, Some(1));
}

#[test]
#[ignore = "needs root"]
fn a_step_that_hangs_is_ended_with_its_children() {
    let (ended, memory) =
        executed(r#"ssh::run("Hang", "sleep 1000 & sleep 1000").timeout("1s"); ssh::run("After", "true");"#);
    assert_eq!(ended.state, RunState::Failed);
    assert!(memory.end_of(0).1.starts_with("timed out after"));
}

#[test]
#[ignore = "needs root"]
fn a_step_that_could_fill_the_disk_with_what_it_prints_is_ended() {
    // As long as what is printed, and no room taken.
    let flood =
        r#"ssh::run("Flood", "truncate -s 1100M /proc/self/fd/1; echo over; sleep 1000"); ssh::run("After", "true");"#;
    let (ended, memory) = executed(flood);
    assert_eq!(ended.state, RunState::Failed);
    assert!(
        memory.end_of(0).1.contains("printed more than 1 GiB"),
        "{}",
        memory.end_of(0).1
    );
    let kept = memory.output(Stream::Stdout);
    assert!(kept.len() < 2 << 20 && kept.ends_with("over\n"), "{}", kept.len());
    assert_eq!(memory.outcomes().last(), Some(&Outcome::Skipped));
}

/// A signal that comes before the runner waits does not end its wait.
#[test]
#[ignore = "needs root"]
fn a_step_is_ended_also_if_the_order_comes_before_the_runner_waits_for_it() {
    be_slow_after_each_fork();
    let (ended, memory) = executed(r#"ssh::run("Flood", "truncate -s 1100M /proc/self/fd/1; echo over; sleep 30");"#);
    assert_eq!(ended.state, RunState::Failed);
    let reason = memory.end_of(0).1;
    assert!(reason.contains("printed more than 1 GiB"), "{reason}");
}

#[test]
#[ignore = "needs root"]
fn a_file_is_uploaded_once_and_left_alone_when_it_is_as_it_should_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it's a \"file\".txt");
    let recipe = format!(
        "ssh::upload(\"Write\", {:?}, \"no newline at the end \\u00e9 $HOME `x`\").mode(\"0640\");",
        path.to_str().expect("UTF-8")
    );
    let (_, memory) = executed(&recipe);
    assert_eq!(
        memory.outcomes(),
        [Outcome::Changed],
        "{}",
        memory.output(Stream::Stderr)
    );
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "no newline at the end é $HOME `x`"
    );
    let (_, memory) = executed(&recipe);
    assert_eq!(memory.outcomes(), [Outcome::NoChange]);
    std::fs::write(&path, "altered").expect("the file is altered");
    let (_, memory) = executed(&recipe);
    assert_eq!(memory.outcomes(), [Outcome::Changed]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
#[ignore = "needs root"]
fn an_upload_into_a_directory_that_is_not_there_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("srv/app/app.conf");
    let (ended, memory) = executed(&format!("ssh::upload(\"Write it\", {path:?}, \"x\");"));
    assert_eq!(ended.state, RunState::Failed);
    let said = memory.output(Stream::Stderr);
    let missing = format!("there is no directory {}", folder.path().join("srv").display());
    assert!(said.contains(&missing), "{said}");
}

#[test]
#[ignore = "needs root"]
fn a_secret_reaches_its_step_and_never_the_output() {
    let secrets = Secrets::from([("TOKEN".to_owned(), Secret::new("s3cr3t 'quoted'"))]);
    let text = r#"ssh::run("Use it", "printf '%s' \"$T\" | wc -c; echo \"it is $T\"").env("T", secret("TOKEN"));"#;
    let (ended, memory) = executed_with(text, &secrets, Memory::default());
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "15\nit is ***\n");
}

#[test]
#[ignore = "needs root"]
fn output_that_imitates_the_records_is_only_output() {
    let (ended, memory) = executed(
        r#"ssh::run("Imitate", "printf 'z\\nx locked you\\nE 0 0 0 0 0 0\\nZ done\\no 0 5\\n\\000\\377'; cat; exit 7");
           ssh::run("After", "true");"#,
    );
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Failed, Outcome::Skipped]);
    assert!(memory.output(Stream::Stdout).starts_with("z\nx locked you\n"));
}

#[test]
#[ignore = "needs root"]
fn a_few_bytes_arrive_as_they_are_be_they_text_or_not() {
    for (printed, bytes) in [
        ("text\\n", &b"text\n"[..]),
        ("  spaces \\\\ and\\ttabs \\n\\n", b"  spaces \\ and\ttabs \n\n"),
        ("no end", b"no end"),
        ("a\\000b\\n", b"a\0b\n"),
        ("\\377\\376 \u{fc}\\n", b"\xff\xfe \xc3\xbc\n"),
    ] {
        let (_, memory) = executed(&format!(
            "ssh::run(\"Print\", {:?}); ssh::run(\"After\", \"true\");",
            format!("printf '{printed}'")
        ));
        let output = memory.events.iter().filter_map(|event| match event {
            RunEvent::Output { step: 0, bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        });
        assert_eq!(output.collect::<Vec<_>>().concat(), bytes, "{printed}");
    }
}

#[test]
#[ignore = "needs root"]
fn of_much_output_every_byte_is_kept_or_counted() {
    let (ended, memory) = executed(
        r#"ssh::run("Much", "head -c 20000000 /dev/zero | tr '\\0' a; head -c 3000000 /dev/zero | tr '\\0' b >&2");"#,
    );
    assert_eq!(ended.state, RunState::Done);
    for (stream, letter, count) in [(Stream::Stdout, 'a', 20_000_000), (Stream::Stderr, 'b', 3_000_000)] {
        let output = memory.output(stream);
        let (_, after) = output.split_once("[infrakt left out ").expect("a note");
        let (left_out, end) = after.split_once(" bytes here]\n").expect("a note");
        let (beginning, _) = output.split_once('\n').expect("a note");
        assert_eq!(beginning.len(), 768 * 1024);
        assert!(beginning.chars().chain(end.chars()).all(|printed| printed == letter));
        assert_eq!(
            beginning.len() + left_out.parse::<usize>().expect("a number") + end.len(),
            count
        );
    }
}

#[test]
#[ignore = "needs root"]
fn ctrl_c_stops_after_the_current_step() {
    let memory = Memory {
        stop_at: Some("now"),
        ..Memory::default()
    };
    let (ended, memory) = executed_with(
        // It ends when the server knows that the run is to stop.
        r#"ssh::run("First", "echo now; until grep -q stop /var/lib/infrakt/spool/*/order; do sleep 0.05; done; echo whole");
           ssh::run("Second", "echo never");"#,
        &Secrets::new(),
        memory,
    );
    assert_eq!(ended.state, RunState::Interrupted);
    assert_eq!(memory.output(Stream::Stdout), "now\nwhole\n");
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::Skipped]);
}

#[test]
#[ignore = "needs root"]
fn ctrl_c_twice_ends_the_current_step_and_its_children() {
    let memory = Memory {
        stop_at: Some("now"),
        stops: 2,
        ..Memory::default()
    };
    let (ended, memory) = executed_with(
        r#"ssh::run("First", "echo now; sleep 1000 & sleep 1000; echo never"); ssh::run("Second", "echo never");"#,
        &Secrets::new(),
        memory,
    );
    assert_eq!(memory.output(Stream::Stdout), "now\n");
    assert_eq!(memory.outcomes(), [Outcome::Stopped, Outcome::Skipped]);
    assert_eq!(ended.state, RunState::Interrupted);
}

#[test]
#[ignore = "needs root"]
fn a_change_of_the_database_takes_its_turn_between_commands() {
    let (ended, memory) = executed(
        r#"ssh::run("One", "echo one"); db::set_status(server, "half"); ssh::run("Two", "echo two");
           db::set_status(server, "whole").only_if("true"); db::set_status(server, "never").unless("true");"#,
    );
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "one\ntwo\n");
    let noted = ["half", "whole"].map(|status| StateChange::SetStatus(status.to_owned()));
    assert_eq!(memory.changes, noted);
    assert_eq!(memory.outcomes().len(), 5);
}

#[test]
#[ignore = "needs root"]
fn a_word_that_is_lost_with_its_connection_is_said_again() {
    let recipe = r#"ssh::run("One", "echo one"); db::set_status(server, "half"); ssh::run("Two", "echo two");"#;

    let mut memory = Memory::default();
    let ended = run_over(
        &mut LostOnce::on(Loss::Word("go.")),
        recipe,
        &Secrets::new(),
        &mut memory,
    )
    .expect("the run");
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "one\ntwo\n");
    assert_eq!(memory.changes, [StateChange::SetStatus("half".to_owned())], "once");

    // And so is the word that nothing more may happen, after the client's own step has failed.
    let mut memory = Memory {
        refuses_changes: true,
        ..Memory::default()
    };
    let ended = run_over(
        &mut LostOnce::on(Loss::Word("stop")),
        recipe,
        &Secrets::new(),
        &mut memory,
    )
    .expect("the run");
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.output(Stream::Stdout), "one\n");
    use Outcome::{Changed, Failed, Skipped};
    assert_eq!(memory.outcomes(), [Changed, Failed, Skipped]);
}

#[test]
#[ignore = "needs root"]
fn a_connection_that_is_lost_before_anything_came_back_is_no_reason_to_begin_again() {
    let recipe = r#"ssh::run("One", "echo one"); db::set_status(server, "half"); ssh::run("Two", "echo two");"#;
    let mut memory = Memory::default();
    let ended = run_over(
        &mut LostOnce::on(Loss::Answer("\nS 0")),
        recipe,
        &Secrets::new(),
        &mut memory,
    );
    assert_eq!(ended.expect("the run").state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "one\ntwo\n");
    let losses = memory
        .events
        .iter()
        .filter(|event| matches!(event, RunEvent::Notice { .. }))
        .count();
    assert_eq!(losses, 2, "lost once, and once connected again: {:?}", memory.events);
}

/// A network that holds back data and delivers it long after it was sent.
#[test]
#[ignore = "needs root"]
fn a_launch_that_arrives_after_all_is_done_does_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let recipe = format!("ssh::run(\"Once\", \"echo once >>{}\");", log.display());
    let mut connection = HoldsBack::default();
    let mut memory = Memory::default();
    let ended = run_over(&mut connection, &recipe, &Secrets::new(), &mut memory).expect("the run");
    assert_eq!(ended.state, RunState::Done);
    let steps = || std::fs::read_to_string(&log).expect("a log");
    assert_eq!(steps(), "once\n");

    let late = connection.held.expect("a launch");
    let script = String::from_utf8_lossy(&late);
    let said = on_the_server("sh").args(["-c", &script]).output().expect("sh");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let refused = said.lines().find_map(|line| line.strip_prefix("x folder "));
    let folder = refused.and_then(|reason| reason.strip_suffix(" already exists"));
    assert_eq!(steps(), "once\n", "{said}");
    // What keeps it from beginning is no record of what was done.
    let folder = folder.unwrap_or_else(|| panic!("it was not refused: {said}"));
    assert!(holds(&format!("rmdir {folder}")), "an empty folder");
}

#[test]
#[ignore = "needs root"]
fn a_new_login_takes_its_turn_between_commands() {
    let (ended, memory) = executed(
        r#"ssh::run("One", "echo one"); ssh::reconnect("Again"); ssh::run("Two", "echo two");
           ssh::reconnect("Not needed").unless("true"); ssh::run("Three", "echo three");"#,
    );
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.output(Stream::Stdout), "one\ntwo\nthree\n");
}

#[test]
#[ignore = "needs root"]
fn a_guard_that_does_not_end_is_no_answer() {
    let (ended, memory) = executed(r#"ssh::run("One", "echo never").only_if("exit 137");"#);
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Failed]);
}

#[test]
#[ignore = "needs root"]
fn nothing_is_left_on_the_server() {
    executed(r#"ssh::run("One", "true");"#);
    assert!(holds(&format!("test -d {SPOOL} && test -z \"$(ls -A {SPOOL})\"")));
}

#[test]
#[ignore = "needs root"]
fn output_through_its_path_belongs_to_its_step() {
    let (_, memory) = executed(
        r#"ssh::run("One", "echo one >/dev/stderr"); ssh::run("Two", "echo two >&2; echo 2 >/dev/stdout");
           ssh::run("Three", "echo three; exit 3");"#,
    );
    let printed: Vec<(usize, String)> = memory
        .events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Output { step, bytes, .. } => Some((*step, String::from_utf8_lossy(bytes).into_owned())),
            _ => None,
        })
        .collect();
    let one = |step, text: &str| (step, text.to_owned());
    for expected in [one(0, "one\n"), one(1, "two\n"), one(1, "2\n"), one(2, "three\n")] {
        assert!(printed.contains(&expected), "{printed:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_long_step_is_heard_while_it_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let heard = folder.path().join("heard");
    // The step ends only if what it has printed so far is noted meanwhile, which this one's world answers with a stop.
    let memory = Memory {
        stop_at: Some("are you there?"),
        stops: 2,
        ..Memory::default()
    };
    let (ended, memory) = executed_with(
        &format!(
            "ssh::run(\"Ask\", \"echo 'are you there?'; until [ -e {} ]; do sleep 0.1; done\");",
            heard.display()
        ),
        &Secrets::new(),
        memory,
    );
    assert_eq!(ended.state, RunState::Interrupted);
    assert_eq!(memory.output(Stream::Stdout), "are you there?\n");
}

#[test]
#[ignore = "needs root"]
fn a_guard_that_can_not_be_run_fails_the_step_with_the_shells_message() {
    for (guard, status) in [
        (r#".unless("tesst -e /x")"#, 127),
        (r#".only_if("sytemctl is-active ssh")"#, 127),
        (r#".unless("/etc/os-release")"#, 126),
        (r#".shell("bash").unless("tesst -e /x")"#, 127),
    ] {
        let recipe = format!(
            r#"ssh::run("Before", "true"); ssh::run("Guarded", "echo ran"){guard}; ssh::run("After", "true");"#
        );
        let (ended, memory) = executed(&recipe);
        assert_eq!(ended.state, RunState::Failed, "{guard}");
        use Outcome::{Changed, Failed, Skipped};
        assert_eq!(memory.outcomes(), [Changed, Failed, Skipped], "{guard}");
        assert_eq!(memory.output(Stream::Stdout), "", "{guard}");
        let reason = memory.end_of(1).1;
        assert!(
            reason.contains(&format!("a guard can't be run: exit status {status}")),
            "{guard}: {reason}"
        );
        let said = memory.output(Stream::Stderr);
        assert!(
            said.contains("not found") || said.contains("ermission denied"),
            "{guard}: {said}"
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_step_that_is_still_needed_after_it_ran_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    let made = made.display();
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Never enough", "true").unless("test -e /never");
           ssh::run("Enough", "touch {made}").unless("test -e /never").unless("test -e {made}");
           ssh::run("A condition", "true").only_if("true");
           ssh::run("Done already", "true").unless("true");"#
    ));
    assert_eq!(ended.state, RunState::Done);
    let notices: Vec<&String> = memory
        .events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Notice { message } => Some(message),
            _ => None,
        })
        .collect();
    // Whether a program is there is an answer, though the shell says 127.
    let (_, asked) = executed(
        r#"ssh::run("Stop it", "no-such-program stop").unless("no-such-program is-stopped").only_if("command -v no-such-program");
           ssh::run("Install it", "echo installed").unless("command -v no-such-program");
           ssh::run("Use it", "echo used").only_if("command -v no-such-program && no-such-program");"#,
    );
    assert_eq!(
        asked.outcomes(),
        [Outcome::NoChange, Outcome::Changed, Outcome::NoChange]
    );
    assert!(
        notices.len() == 1 && notices[0].starts_with("step 1 is still needed"),
        "{notices:?}"
    );
}
