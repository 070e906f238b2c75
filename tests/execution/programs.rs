//! Steps that are one program and its words. Whatever it does to the processes around it, the run continues or ends as it says.

use crate::local::{Memory, executed, executed_with, holds};
use crate::support::executable;
use crate::support::wait::until;
use infrakt::event::{Outcome, RunState, Stream};
use infrakt::plan::secret::Secrets;
use std::fs;
use std::path::Path;

/// An executable shell script; its path.
fn program(folder: &Path, name: &str, script: &str) -> String {
    let path = folder.join(name);
    executable::write(&path, format!("#!/bin/sh\n{script}\n").as_bytes());
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
#[ignore = "needs root"]
fn one_that_hangs_is_ended_with_its_children_and_nothing_of_an_earlier_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = program(folder.path(), "leave", "sleep 1000 & echo $! >\"${0%/*}/pid\"");
    let stubborn = program(
        folder.path(),
        "stubborn",
        "trap '' TERM; sleep 7.75 & echo on; while :; do sleep 7.75; done",
    );
    let (ended, memory) = executed(&format!(
        "ssh::run(\"Leave\", \"{left}\"); ssh::run(\"Hang\", \"{stubborn}\").timeout(\"3s\"); ssh::run(\"After\", \"id\");"
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::Failed, Outcome::Skipped]);
    assert_eq!(memory.output(Stream::Stdout), "on\n");
    let (_, reason) = memory.end_of(1);
    assert!(reason.starts_with("timed out after"), "{reason}");
    let pid = fs::read_to_string(folder.path().join("pid")).expect("the pid");
    assert!(
        holds(&format!("kill {pid}")),
        "the process of an earlier step is still there"
    );
    // The brackets keep the pattern from finding itself. The signal does not wait until the process has ended.
    until("none is left of the one that hung", || {
        !holds("pgrep -f '/[s]tubborn' || pgrep -fx 'sleep 7.75'")
    });
}

#[test]
#[ignore = "needs root"]
fn ctrl_c_twice_ends_it_in_the_middle() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = program(folder.path(), "long", "echo now; sleep 1000 & sleep 1000; echo never");
    // Only what is heard while it runs makes the user stop it.
    let memory = Memory {
        stop_at: Some("now"),
        stops: 2,
        ..Memory::default()
    };
    let recipe = format!("ssh::run(\"First\", \"{long}\"); ssh::run(\"Second\", \"id\");");
    let (ended, memory) = executed_with(&recipe, &Secrets::new(), memory);
    assert_eq!(ended.state, RunState::Interrupted);
    assert_eq!(memory.output(Stream::Stdout), "now\n");
    assert_eq!(memory.outcomes(), [Outcome::Stopped, Outcome::Skipped]);
    assert_eq!(memory.end_of(0).0, Some(143));
}

#[test]
#[ignore = "needs root"]
fn one_that_ends_its_process_group_ends_neither_the_run_nor_the_watch_over_the_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = program(
        folder.path(),
        "hostile",
        "trap '' TERM HUP INT; kill 0; kill -s HUP 0; kill -s INT 0",
    );
    let (ended, memory) = executed(&format!(
        "ssh::run(\"End all\", \"trap '' TERM HUP INT; {hostile}\"); ssh::run(\"Hang\", \"sleep 1000\").timeout(\"1s\");"
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::Failed]);
    let (_, reason) = memory.end_of(1);
    assert!(reason.starts_with("timed out after"), "{reason}");
}

#[test]
#[ignore = "needs root"]
fn it_has_neither_the_lock_nor_the_journal() {
    let (ended, memory) = executed("ssh::run(\"Look\", \"ls -l /proc/self/fd\");");
    assert_eq!(ended.state, RunState::Done);
    let seen = memory.output(Stream::Stdout);
    assert!(seen.contains("/dev/null"), "{seen}");
    for held in ["lock", "journal", "turn"] {
        assert!(!seen.contains(held), "{held}: {seen}");
    }
}

#[test]
#[ignore = "needs root"]
fn one_that_ends_what_has_called_it_has_failed_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    for (signal, status) in [("TERM", 143), ("USR1", 138), ("USR2", 140), ("KILL", 137)] {
        let caller = program(folder.path(), signal, &format!("kill -s {signal} $PPID; sleep 0.2"));
        let (ended, memory) = executed(&format!(
            "ssh::run(\"End the caller\", \"{caller}\"); ssh::run(\"After\", \"id\");"
        ));
        assert_eq!(ended.state, RunState::Failed, "{signal}");
        assert_eq!(memory.outcomes(), [Outcome::Failed, Outcome::Skipped], "{signal}");
        assert_eq!(memory.end_of(0).0, Some(status), "{signal}");
    }
}
