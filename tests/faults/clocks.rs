//! Clocks that jump, as they do when a computer without a battery finds its time server. The clocks do
//! not decide how long a step took, when it times out, or which records are old enough to be removed.

use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::server::{Options, Server};
use infrakt::event::Outcome;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A clock that a test sets, for processes that are started with its environment. See faketime(1).
struct Clock {
    file: PathBuf,
    library: String,
}

impl Clock {
    fn right(directory: &Path) -> Self {
        let places = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
        let library = places
            .map(|place| format!("/usr/lib/{place}/faketime/libfaketime.so.1"))
            .into_iter()
            .find(|library| Path::new(library).exists())
            .expect("this test needs libfaketime (apt-get install libfaketime)");
        let clock = Self {
            file: directory.join("clock"),
            library,
        };
        clock.jumps("+0");
        clock
    }

    /// How much it differs from now on: `+10d`.
    fn jumps(&self, by: &str) {
        // A process that reads it at this moment sees the old or the new one.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{by}\n")).expect("a clock");
        std::fs::rename(&new, &self.file).expect("a clock");
    }

    fn environment(&self) -> [(&'static str, &str); 4] {
        [
            ("LD_PRELOAD", &self.library),
            ("FAKETIME_TIMESTAMP_FILE", self.file.to_str().expect("UTF-8")),
            ("FAKETIME_NO_CACHE", "1"),
            // The kernel's monotonic clock does not jump, whatever the other one does.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]
    }

    /// A folder with programs that read this clock in place of the computer's. A server's steps and records are looked
    /// after by such programs; variables of its logins do not reach them.
    fn programs(&self, directory: &Path) -> PathBuf {
        let folder = directory.join("programs");
        std::fs::create_dir(&folder).expect("a folder");
        let variables = self.environment().map(|(name, value)| format!("{name}={value}"));
        for program in ["date", "find", "stat", "sleep", "timeout", "touch"] {
            let path = folder.join(program);
            let script = format!(
                "#!/bin/sh\nexec env {} /usr/bin/{program} \"$@\"\n",
                variables.join(" ")
            );
            std::fs::write(&path, script).expect("a program");
            std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("a program");
        }
        folder
    }
}

/// A step that waits for `go`, and one that takes longer than it may.
fn waiting(traces: &str) -> String {
    format!(
        "ssh::run(\"Wait\", \"date +%Y >>{traces}/log; until [ -e {traces}/go ]; do sleep 0.05; done; date +%Y >>{traces}/log\")\
         .timeout(\"1h\");\n\
         ssh::run(\"Too long\", \"rm {traces}/go; sleep 1000\").timeout(\"2s\");\n"
    )
}

/// What the journal says of how long a step took, in seconds.
fn seconds(infrakt: &Infrakt, run: i64, step: usize) -> u64 {
    let steps = infrakt.store().steps_of(run).expect("the steps");
    steps[step].duration_ms.expect("a duration") / 1000
}

fn has_the_right_times(infrakt: &Infrakt) {
    let run = infrakt.newest_run().expect("a run");
    assert_eq!(
        infrakt.told_of(run).outcomes,
        [Some(Outcome::Changed), Some(Outcome::Failed)]
    );
    assert!(seconds(infrakt, run, 0) < 600, "{} s", seconds(infrakt, run, 0));
    assert!(
        (2..600).contains(&seconds(infrakt, run, 1)),
        "{} s",
        seconds(infrakt, run, 1)
    );
    infrakt
        .run(&["runs", "show", &run.to_string()])
        .exits(0)
        .says("timed out after");
}

#[test]
#[ignore = "needs root and sshd"]
fn when_the_servers_clock_jumps_steps_neither_end_early_nor_late() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = Clock::right(directory.path());
    let programs = clock.programs(directory.path());
    let options = Options {
        programs: Some(&programs),
        ..Options::default()
    };
    let server = Server::start_with(&options);
    let (infrakt, stranger) = (Infrakt::new(), Infrakt::new());
    infrakt.knows("prod-2", &server, server.port);
    stranger.knows("prod-2", &server, server.port);
    let traces = directory.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe("waiting.rhai", &waiting(traces));
    let log = || std::fs::read_to_string(directory.path().join("log")).expect("a log");

    for (jump, years) in [("+3650d", 10), ("-3650d", -10)] {
        clock.jumps("+0");
        let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
        server.awaits(&format!("test -s {traces}/log"));
        clock.jumps(jump);
        // Another infrakt comes by. It must not take anything for old enough to be removed.
        let other = stranger.recipe("other.rhai", "ssh::run(\"Other\", \"true\");");
        stranger
            .run(&["run", &other, "--server", "prod-2"])
            .exits(3)
            .says("another run is in progress");
        std::fs::write(directory.path().join("go"), "").expect("a file");
        Ended::of(run).exits(1);
        let seen: Vec<i32> = log().lines().map(|year| year.parse().expect("a year")).collect();
        assert!(
            (seen[1] - seen[0] - years).abs() <= 1,
            "the clock did not jump: {seen:?}"
        );
        has_the_right_times(&infrakt);
        std::fs::remove_file(directory.path().join("log")).expect("the log");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn when_this_computers_clock_jumps_the_run_continues_and_is_recorded_right() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = Clock::right(directory.path());
    let server = Server::start();
    let infrakt = clock
        .environment()
        .into_iter()
        .fold(Infrakt::new(), |infrakt, (name, value)| infrakt.with(name, value));
    infrakt.knows("prod-2", &server, server.port);
    let traces = directory.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe("waiting.rhai", &waiting(traces));
    for jump in ["+3650d", "-3650d"] {
        clock.jumps("+0");
        let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
        server.awaits(&format!("test -s {traces}/log"));
        clock.jumps(jump);
        std::fs::write(directory.path().join("go"), "").expect("a file");
        Ended::of(run).exits(1);
        has_the_right_times(&infrakt);
        let shown = infrakt.run(&["runs", "list"]).exits(0);
        assert!(
            !shown.stdout.contains(" -"),
            "a run that took less than no time: {shown}"
        );
        std::fs::remove_file(directory.path().join("log")).expect("the log");
    }
}
