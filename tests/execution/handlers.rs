//! Steps that run only if earlier ones changed something: once, at their place, and never lost.

use crate::local::{Memory, executed, holds};
use infrakt::event::{Outcome, RunState, Stream};
use std::path::Path;

/// Two files, and what is restarted when one of them changes. `between` may fail.
fn recipe(folder: &Path, contents: [&str; 2], between: &str) -> String {
    let folder = folder.display();
    let [one, two] = contents;
    format!(
        r#"let one = ssh::upload("One", "{folder}/one", "{one}\n");
           let two = ssh::upload("Two", "{folder}/two", "{two}\n");
           ssh::check("Between", "{between}");
           ssh::run("Restart", "echo restarted").when_changed([one, two]);"#
    )
}

fn restarts(memory: &Memory) -> usize {
    memory.output(Stream::Stdout).matches("restarted").count()
}

#[test]
#[ignore = "needs root"]
fn a_handler_runs_once_after_several_changes_and_not_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    use Outcome::{Changed, NoChange};
    let (ended, memory) = executed(&recipe(folder.path(), ["a", "b"], "true"));
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.outcomes(), [Changed, Changed, NoChange, Changed]);
    assert_eq!(restarts(&memory), 1);
    let (_, memory) = executed(&recipe(folder.path(), ["a", "b"], "true"));
    assert_eq!(memory.outcomes(), [NoChange; 4]);
    let (_, memory) = executed(&recipe(folder.path(), ["a", "c"], "true"));
    assert_eq!(memory.outcomes(), [NoChange, Changed, NoChange, Changed]);
}

#[test]
#[ignore = "needs root"]
fn a_handler_is_not_lost_when_a_run_fails_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ended, memory) = executed(&recipe(folder.path(), ["a", "b"], "false"));
    assert_eq!((ended.state, restarts(&memory)), (RunState::Failed, 0));
    // Nothing changes any more, and yet the service does not know the new files.
    let (ended, memory) = executed(&recipe(folder.path(), ["a", "b"], "true"));
    assert_eq!((ended.state, restarts(&memory)), (RunState::Done, 1));
    let (_, memory) = executed(&recipe(folder.path(), ["a", "b"], "true"));
    assert_eq!(restarts(&memory), 0);
    assert!(
        holds("test -z \"$(ls /var/lib/infrakt/pending)\""),
        "no file of it stays"
    );
}

#[test]
#[ignore = "needs root"]
fn a_handler_that_failed_runs_again_after_its_command_was_corrected() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = recipe(folder.path(), ["a", "b"], "true");
    let (ended, _) = executed(&good.replace("echo restarted", "false"));
    assert_eq!(ended.state, RunState::Failed);
    let (ended, memory) = executed(&good);
    assert_eq!((ended.state, restarts(&memory)), (RunState::Done, 1));
}

#[test]
#[ignore = "needs root"]
fn a_handler_whose_guard_says_that_nothing_is_to_do_has_done_its_part() {
    let text = |change: &str, guard: &str| {
        format!(
            r#"let change = ssh::run("Change", "true").unless("{change}");
               ssh::run("Restart", "echo restarted").when_changed(change).only_if("{guard}");"#
        )
    };
    let (_, memory) = executed(&text("false", "false"));
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::NoChange]);
    let (_, memory) = executed(&text("true", "true"));
    assert_eq!(memory.outcomes(), [Outcome::NoChange; 2]);
}

#[test]
#[ignore = "needs root"]
fn a_run_that_can_not_note_a_handler_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    // As on a full disk: no file can be made, and those of the run are there.
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Close it", "mount -t tmpfs -o ro tmpfs /var/lib/infrakt/pending");
           let change = ssh::upload("Change", "{path}/file", "x\n");
           ssh::run("Restart", "echo restarted").when_changed(change);"#
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::Failed, Outcome::Skipped]);
    assert!(
        memory.output(Stream::Stderr).contains("'Restart' has to run"),
        "{}",
        memory.output(Stream::Stderr)
    );
    assert!(!folder.path().join("file").exists());
}

#[test]
#[ignore = "needs root"]
fn neither_does_one_whose_output_a_later_step_uses() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Close it", "mount -t tmpfs -o ro tmpfs /var/lib/infrakt/pending");
           let change = ssh::run("Change", "echo x >{path}/file; echo y");
           ssh::run("Restart", "echo restarted").when_changed(change);
           ssh::run("Use", "echo \"$MADE\"").env("MADE", change.output());"#
    ));
    assert_eq!(ended.state, RunState::Failed);
    use Outcome::{Changed, Failed, Skipped};
    assert_eq!(memory.outcomes(), [Changed, Failed, Skipped, Skipped]);
    assert!(!folder.path().join("file").exists());
}
