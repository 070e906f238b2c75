//! Several infrakts on one server: one is at work; the others are refused, learn who is, and disturb nothing.

use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::server::Server;
use infrakt::event::{Outcome, RunState};

#[test]
#[ignore = "needs root and sshd"]
fn the_second_run_is_refused_and_told_who_is_at_work() {
    let server = Server::start();
    let first = Infrakt::new().with("SUDO_USER", "alice");
    first.knows("prod-2", &server, server.port);
    // The same server under another name, in the same home and in another one.
    first.knows("the-same", &server, server.port);
    let stranger = Infrakt::new().with("SUDO_USER", "bob");
    stranger.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    let waiting = first.recipe(
        "waiting.rhai",
        &format!(
            "ssh::run(\"Wait\", \"echo began >>{path}/log; until [ -e {path}/go ]; do sleep 0.05; done; echo ended >>{path}/log\");\n"
        ),
    );
    let other = first.recipe(
        "other.rhai",
        &format!("ssh::run(\"Other\", \"echo other >>{path}/log\");\n"),
    );

    let run = first.start(&["run", &waiting, "--server", "prod-2"]);
    server.awaits(&format!("test -e {path}/log"));
    for (infrakt, name) in [(&first, "prod-2"), (&first, "the-same"), (&stranger, "prod-2")] {
        infrakt
            .run(&["run", &other, "--server", name])
            .exits(3)
            .says(&format!(
                "another run is in progress on '{name}': run 1 of waiting.rhai"
            ))
            .says("by alice@");
    }
    std::fs::write(traces.path().join("go"), "").expect("a file");
    Ended::of(run).exits(0);
    let log = || std::fs::read_to_string(traces.path().join("log")).expect("a log");
    assert_eq!(log(), "began\nended\n");
    let told = first.told_of(1);
    assert_eq!(
        (told.state, told.outcomes),
        (RunState::Done, vec![Some(Outcome::Changed)])
    );

    stranger.run(&["run", &other, "--server", "prod-2"]).exits(0);
    assert_eq!(log(), "began\nended\nother\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn of_many_that_begin_at_once_never_two_are_at_work() {
    let server = Server::start();
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    // A run that finds the directory already there is not alone.
    let recipe = format!(
        "ssh::run(\"Alone\", \"mkdir {path}/at-work; echo once >>{path}/log; sleep 0.3; rmdir {path}/at-work\");\n"
    );
    let all: Vec<Infrakt> = (0..5).map(|_| Infrakt::new()).collect();
    for infrakt in &all {
        infrakt.knows("prod-2", &server, server.port);
    }
    let runs: Vec<_> = all
        .iter()
        .map(|infrakt| infrakt.start(&["run", &infrakt.recipe("alone.rhai", &recipe), "--server", "prod-2"]))
        .collect();
    let ended: Vec<Ended> = runs.into_iter().map(Ended::of).collect();
    for ended in &ended {
        assert!(matches!(ended.exit, 0 | 3), "{ended}");
    }
    let done = ended.iter().filter(|ended| ended.exit == 0).count();
    let log = std::fs::read_to_string(traces.path().join("log")).expect("a log");
    assert!(done > 0);
    assert_eq!(log, "once\n".repeat(done));
}
