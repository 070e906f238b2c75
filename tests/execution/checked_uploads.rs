//! Uploads that are checked before or after they take their place, and the old file if they are refused.

use crate::local::{LockedOutBy, Memory, executed, holds, run_over};
use infrakt::event::{Outcome, RunState, Stream};
use infrakt::plan::secret::Secrets;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    (folder, path)
}

fn content(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file")
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the file").permissions().mode() & 0o7777
}

/// Nothing but the file is in its folder, and no old file is kept.
#[track_caller]
fn is_tidy(path: &Path) {
    let others: Vec<_> = std::fs::read_dir(path.parent().expect("a folder"))
        .expect("the folder")
        .filter_map(|entry| entry.ok().filter(|entry| entry.path() != path))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(
        holds("test -z \"$(ls /var/lib/infrakt/kept 2>/dev/null)\""),
        "no old file is kept"
    );
}

#[test]
#[ignore = "needs root"]
fn a_file_takes_its_place_only_if_its_check_accepts_it() {
    let (_folder, path) = folder();
    let upload = |content: &str| {
        executed(&format!(
            r#"ssh::upload("Write", {path:?}, "{content}\n").mode("0640").validate("stat -c '%a %U' \"$FILE\"; pwd; grep -q good \"$FILE\"");"#
        ))
    };
    let (ended, memory) = upload("good 1");
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    assert_eq!(memory.output(Stream::Stdout), "640 root\n/\n");
    let (ended, memory) = upload("bad");
    assert_eq!(ended.state, RunState::Failed);
    assert!(memory.output(Stream::Stderr).contains("stays as it was"));
    assert_eq!(content(&path), "good 1\n");
    is_tidy(&path);
}

#[test]
#[ignore = "needs root"]
fn the_old_file_is_put_back_as_it_was_if_a_later_check_fails() {
    let (_folder, path) = folder();
    std::fs::write(&path, "old\n").expect("a file");
    std::os::unix::fs::chown(&path, Some(1), Some(2)).expect("its owner");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o4711)).expect("its mode");
    let upload = |content: &str| {
        executed(&format!(
            r#"ssh::upload("Write", {path:?}, "{content}\n").restore_unless("echo checked >&2; grep -q good {}");"#,
            path.display()
        ))
    };
    let (ended, memory) = upload("bad");
    assert_eq!(ended.state, RunState::Failed);
    let said = memory.output(Stream::Stderr);
    assert!(
        said.contains("checked") && said.contains("is as it was before"),
        "{said}"
    );
    assert_eq!((content(&path), mode(&path)), ("old\n".to_owned(), 0o4711));
    assert!(holds(&format!(
        "test \"$(stat -c '%u %g' {})\" = '1 2'",
        path.display()
    )));
    is_tidy(&path);
    let (_, memory) = upload("good");
    assert_eq!(memory.outcomes(), [Outcome::Changed]);
    assert_eq!(content(&path), "good\n");
    is_tidy(&path);
}

#[test]
#[ignore = "needs root"]
fn a_file_that_was_not_there_is_removed_if_a_later_check_fails_or_hangs() {
    let (_folder, path) = folder();
    for (check, limit) in [("false", "10m"), ("sleep 1000", "1s")] {
        let (ended, _) = executed(&format!(
            r#"ssh::upload("Write", {path:?}, "new\n").restore_unless("{check}").timeout("{limit}");"#
        ));
        assert_eq!(ended.state, RunState::Failed);
        assert!(!path.exists(), "{check}");
        is_tidy(&path);
    }
}

#[test]
#[ignore = "needs root"]
fn after_a_power_cut_before_its_check_a_file_is_checked_by_the_next_run_and_the_old_one_is_not_lost() {
    let (_folder, path) = folder();
    std::fs::write(&path, "new\n").expect("a file");
    keeps_old(&path, "new");
    let (ended, _) = executed(&format!(
        r#"ssh::upload("Write", {path:?}, "new\n").restore_unless("false");"#
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(content(&path), "old\n");
    is_tidy(&path);
}

/// As a step does that was interrupted after it has put this content into its place.
fn keeps_old(path: &Path, content: &str) {
    assert!(holds(&format!(
        "kept=/var/lib/infrakt/kept/$(printf %s {} | sha256sum | cut -c 1-32)
         mkdir -p \"$kept\" && echo old >\"$kept/file\" && echo {content} | sha256sum >\"$kept/whole\"",
        path.display()
    )));
}

#[test]
#[ignore = "needs root"]
fn a_file_that_was_changed_since_the_interruption_is_the_one_to_put_back() {
    let (_folder, path) = folder();
    let upload = |check: &str| {
        let (ended, _) = executed(&format!(r#"ssh::upload("Write", {path:?}, "new\n"){check};"#));
        ended.state
    };
    std::fs::write(&path, "changed\n").expect("a file");
    keeps_old(&path, "another");
    assert_eq!(upload(r#".restore_unless("false")"#), RunState::Failed);
    assert_eq!(content(&path), "changed\n");
    is_tidy(&path);
    // An upload without a check wants the file as it is now.
    keeps_old(&path, "changed");
    assert_eq!(upload(""), RunState::Done);
    is_tidy(&path);
}

#[test]
#[ignore = "needs root"]
fn the_old_file_is_put_back_if_its_check_can_only_be_killed() {
    let (_folder, path) = folder();
    std::fs::write(&path, "old\n").expect("a file");
    let (ended, memory) = executed(&format!(
        r#"ssh::upload("Write", {path:?}, "new\n").restore_unless("trap '' TERM; sleep 1000").timeout("1s");"#
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(content(&path), "old\n");
    let said = memory.output(Stream::Stderr);
    assert!(said.contains("is as it was before"), "{said}");
    assert_eq!(memory.end_of(0).0, Some(124));
    assert!(holds("test -z \"$(ls /var/lib/infrakt/kept)\""), "no old file is kept");
}

#[test]
#[ignore = "needs root"]
fn the_old_file_is_put_back_if_no_new_login_works() {
    let (folder, path) = folder();
    std::fs::write(&path, "old\n").expect("a file");
    let door = folder.path().join("locked");
    let text = |undo: &str| {
        format!(
            r#"ssh::upload("Lock the door", {path:?}, "new\n").undo_if_locked_out("cp {0} {1}.seen; rm {1}", "{undo}");"#,
            path.display(),
            door.display()
        )
    };
    std::fs::write(&door, "").expect("a door");
    let mut memory = Memory::default();
    let ended = run_over(
        &mut LockedOutBy(door.clone()),
        &text("1s"),
        &Secrets::new(),
        &mut memory,
    )
    .expect("a run");
    assert_eq!(ended.state, RunState::Failed);
    assert!(
        memory.end_of(0).1.contains("the server undid it"),
        "{:?}",
        memory.end_of(0)
    );
    assert_eq!(content(&path), "old\n");
    assert_eq!(
        content(&door.with_extension("seen")),
        "old\n",
        "it was put back before the command"
    );
    std::fs::remove_file(door.with_extension("seen")).expect("it can be removed");
    is_tidy(&path);
    let (ended, _) = executed(&text("1m"));
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(content(&path), "new\n");
    is_tidy(&path);
}
