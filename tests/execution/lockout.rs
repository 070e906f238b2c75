//! Steps that may lock all users out: proven with a new login, or undone by the server itself.

use crate::local::{LockedOutBy, Memory, executed, run_over};
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use infrakt::plan::secret::Secrets;

#[test]
#[ignore = "needs root"]
fn a_step_that_locks_all_users_out_is_undone_by_the_server_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let closed = folder.path().join("closed");
    let recipe = format!(
        r#"ssh::run("Close", "touch {0}; echo closed").undo_if_locked_out("rm {0}; echo opened again", "1s");
           ssh::run("After", "echo never");"#,
        closed.display()
    );
    let mut memory = Memory::default();
    let mut connection = LockedOutBy(closed.clone());
    let ended = run_over(&mut connection, &recipe, &Secrets::new(), &mut memory).expect("the run");
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Failed, Outcome::Skipped]);
    assert_eq!(memory.output(Stream::Stdout), "closed\nopened again\n");
    assert!(!closed.exists());
    let reason = memory.events.iter().find_map(|event| match event {
        RunEvent::StepEnded { step: 0, reason, .. } => reason.clone(),
        _ => None,
    });
    assert_eq!(
        reason.as_deref(),
        Some("no new login worked in time, so the server undid it")
    );
}

#[test]
#[ignore = "needs root"]
fn a_step_that_locks_all_users_out_and_then_fails_is_undone_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let closed = folder.path().join("closed");
    let recipe = format!(
        r#"ssh::run("Close", "touch {0}; false").undo_if_locked_out("rm {0}", "1s");"#,
        closed.display()
    );
    let mut memory = Memory::default();
    let mut connection = LockedOutBy(closed.clone());
    let ended = run_over(&mut connection, &recipe, &Secrets::new(), &mut memory).expect("the run");
    assert_eq!(ended.state, RunState::Failed);
    assert!(!closed.exists(), "no one can log in to mend it");
    let (ended, memory) = executed(r#"ssh::run("Fail", "exit 7").undo_if_locked_out("echo undone");"#);
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(
        memory.output(Stream::Stdout),
        "",
        "a new login works, so it stays as it is"
    );
    assert_eq!(memory.end_of(0).0, Some(7));
}

#[test]
#[ignore = "needs root"]
fn a_step_that_locks_no_user_out_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Change", "touch {0}").undo_if_locked_out("rm {0}");
           ssh::run("Nothing to do", "false").unless("true").undo_if_locked_out("false");
           ssh::check("After", "echo after");"#,
        made.display()
    ));
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(
        memory.outcomes(),
        [Outcome::Changed, Outcome::NoChange, Outcome::NoChange]
    );
    assert!(made.exists());
    assert_eq!(memory.output(Stream::Stdout), "after\n");
}
