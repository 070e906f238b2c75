//! Disks that are full, on either side. It is said which one, nothing that happened is denied and nothing is claimed that
//! did not; and when there is room again, the run is resumed.

use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::server::{Options, Server};
use infrakt::event::Outcome;
use std::path::Path;
use std::process::Command;

/// A file system of its own, as large as it is said.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mounted_on(path: &'a Path, size: &str) -> Self {
        std::fs::create_dir_all(path).expect("a directory");
        let options = format!("size={size},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path);
        assert!(mount.status().expect("mount starts").success());
        Self(path)
    }

    /// Fills it but for this many bytes.
    fn is_filled_but_for(&self, left: usize) {
        let filling = self.0.join("filling");
        let mut command = Command::new("sh");
        command.args(["-c", "cat /dev/zero >\"$1\" 2>&1; truncate -s -\"$2\" \"$1\"", "sh"]);
        assert!(
            command
                .arg(filling)
                .arg(left.to_string())
                .status()
                .expect("sh starts")
                .success()
        );
    }

    fn has_room_again(&self) {
        std::fs::remove_file(self.0.join("filling")).expect("the filling");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // A test that has failed may have left something open; the lazy way it is gone all the same.
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

/// Three steps that leave a line each; the second waits for `go`, prints much, and waits for `end`.
fn recipe(traces: &str) -> String {
    format!(
        "ssh::run(\"One\", \"echo one >>{traces}/log\");\n\
         ssh::run(\"Two\", \"echo two >>{traces}/log; until [ -e {traces}/go ]; do sleep 0.05; done; seq 1 150000; \
         until [ -e {traces}/end ]; do sleep 0.05; done\");\n\
         ssh::run(\"Three\", \"echo three >>{traces}/log\");\n"
    )
}

fn log(traces: &Path) -> String {
    std::fs::read_to_string(traces.join("log")).unwrap_or_default()
}

const FILL: &str = "cat /dev/zero >/var/lib/infrakt/filling 2>/dev/null; test -s /var/lib/infrakt/filling";

#[test]
#[ignore = "needs root and sshd"]
fn a_server_whose_disk_is_full_begins_nothing_and_says_so() {
    let options = Options {
        spool_size: Some("8m"),
        ..Options::default()
    };
    let server = Server::start_with(&options);
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    for name in ["go", "end"] {
        std::fs::write(traces.path().join(name), "").expect("a file");
    }
    let recipe = infrakt.recipe("three.rhai", &recipe(traces.path().to_str().expect("UTF-8")));

    server.root(FILL);
    let ended = infrakt.run(&["run", &recipe, "--server", "prod-2"]);
    assert_ne!(ended.exit, 0, "{ended}");
    ended.says("'prod-2'").says("No space left on device");
    assert_eq!(log(traces.path()), "");
    let run = infrakt.newest_run().expect("a run");
    let outcomes = infrakt.told_of(run).outcomes;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, None | Some(Outcome::Skipped))),
        "{outcomes:?}"
    );

    server.root("rm /var/lib/infrakt/filling");
    infrakt.run(&["runs", "resume", &run.to_string()]).exits(0);
    assert_eq!(log(traces.path()), "one\ntwo\nthree\n");
    assert_eq!(infrakt.told_of(run).outcomes, [Some(Outcome::Changed); 3]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_server_whose_disk_fills_up_during_a_step_is_not_said_to_have_done_more_than_is_known() {
    let options = Options {
        spool_size: Some("8m"),
        ..Options::default()
    };
    let server = Server::start_with(&options);
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe("three.rhai", &recipe(path));

    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    server.awaits(&format!("grep -q two {path}/log"));
    server.root(FILL);
    for name in ["end", "go"] {
        std::fs::write(traces.path().join(name), "").expect("a file");
    }
    let ended = Ended::of(run);
    assert!(matches!(ended.exit, 1 | 5), "{ended}");
    // Its output had nowhere to go, so it is not done; what comes after it has not begun.
    assert_eq!(log(traces.path()), "one\ntwo\n");
    let run = infrakt.newest_run().expect("a run");
    let outcomes = infrakt.told_of(run).outcomes;
    assert_eq!(outcomes[0], Some(Outcome::Changed));
    assert!(
        matches!(outcomes[1], Some(Outcome::Failed | Outcome::Unknown)),
        "{outcomes:?}"
    );

    server.root("rm /var/lib/infrakt/filling");
    infrakt
        .run(&["runs", "resume", &run.to_string(), "--unknown", "again"])
        .exits(0);
    assert_eq!(log(traces.path()), "one\ntwo\ntwo\nthree\n");
    assert_eq!(infrakt.told_of(run).outcomes, [Some(Outcome::Changed); 3]);
}

/// A disk may have room for bytes and none for another file (df -i).
#[test]
#[ignore = "needs root and sshd"]
fn a_server_that_can_make_no_more_files_still_obeys_and_ends_steps_that_take_too_long() {
    let options = Options {
        spool_size: Some("8m,nr_inodes=200"),
        ..Options::default()
    };
    let server = Server::start_with(&options);
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let recipe = infrakt.recipe(
        "files.rhai",
        "ssh::run(\"Take all\", \"n=0; while touch /var/lib/infrakt/taken.$n 2>/dev/null; do n=$((n + 1)); done\");\n\
         db::set_status(server, \"fine\");\n\
         ssh::run(\"Too long\", \"echo too long; sleep 1000\").timeout(\"2s\");\n",
    );
    let ended = infrakt.run(&["run", &recipe, "--server", "prod-2"]);
    ended.exits(1);
    let run = infrakt.newest_run().expect("a run");
    infrakt
        .run(&["runs", "show", &run.to_string()])
        .exits(0)
        .says("timed out after");
    let told = infrakt.told_of(run);
    assert_eq!(
        told.outcomes,
        [Some(Outcome::Changed), Some(Outcome::Changed), Some(Outcome::Failed)]
    );
    assert_eq!(told.printed(2), b"too long\n");
    assert!(
        server.holds("test -e /var/lib/infrakt/taken.20"),
        "it was short of files from the beginning"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_full_disk_of_this_computer_ends_the_run_after_the_step_and_loses_nothing_of_it() {
    let server = Server::start();
    let place = tempfile::tempdir().expect("a directory");
    let home = place.path().join("home");
    let disk = Disk::mounted_on(&home, "16m");
    let infrakt = Infrakt::at_home(&home);
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe("three.rhai", &recipe(path));

    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    server.awaits(&format!("grep -q two {path}/log"));
    disk.is_filled_but_for(100_000);
    std::fs::write(traces.path().join("go"), "").expect("a file");
    // The second step prints more than there is room for, and is let end when that was seen.
    Ended::of(run).exits(2).says("is full").says("df -h");
    // Its last word may still be on the way.
    server.awaits("grep -q end /var/lib/infrakt/spool/*/order");
    std::fs::write(traces.path().join("end"), "").expect("a file");
    server.awaits("test -z \"$(pgrep -f 'infrakt/[s]pool')\"");
    assert_eq!(log(traces.path()), "one\ntwo\n");

    disk.has_room_again();
    let run = infrakt.newest_run().expect("a run");
    infrakt.run(&["runs", "resume", &run.to_string()]).exits(0);
    assert_eq!(log(traces.path()), "one\ntwo\nthree\n");
    let told = infrakt.told_of(run);
    assert_eq!(told.outcomes, [Some(Outcome::Changed); 3]);
    let numbers: String = (1..=150_000).map(|number| format!("{number}\n")).collect();
    assert!(told.printed(1) == numbers.as_bytes(), "{} bytes", told.printed(1).len());
}
