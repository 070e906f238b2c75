//! Ctrl-C on a terminal, at every moment of a run: once is enough wherever nothing is known to be at work, and three times
//! always.

use crate::support::infrakt::Infrakt;
use crate::support::line::{Fault, Line, Way};
use crate::support::server::Server;
use crate::support::terminal::{ended, on_a_terminal_within};
use crate::support::wait::until;
use rexpect::session::PtySession;

/// The longest that anything may keep a person waiting, in milliseconds: less than any patience with a server.
const PATIENCE: u64 = 20_000;

fn on_a_terminal(infrakt: &Infrakt, words: &[&str]) -> PtySession {
    on_a_terminal_within(PATIENCE, infrakt.command(words))
}

#[track_caller]
fn ends(session: PtySession) {
    ended(session).exits(5);
}

/// Has a program of the server stop and wait, and note that it does, from now on.
fn hangs(server: &Server, program: &str) {
    server.root(&format!(
        "printf '#!/bin/sh\\ntouch /run/hangs\\nexec sleep 1000\\n' >/run/hanging; chmod 755 /run/hanging; rm -f /run/hangs; \
         mount --bind /run/hanging /usr/bin/{program}"
    ));
}

fn hangs_no_more(server: &Server, program: &str) {
    server.root(&format!("umount /usr/bin/{program}"));
}

#[test]
#[ignore = "needs root and sshd"]
fn ctrl_c_ends_a_run_whatever_it_waits_for() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let log = traces.path().join("log");
    let logged = || std::fs::read_to_string(&log).unwrap_or_default();
    let recipe = infrakt.recipe(
        "one.rhai",
        &format!("ssh::run(\"One\", \"echo one >>{}\");\n", log.display()),
    );
    let run = ["run", &recipe, "--server", "prod-2"];

    // Before the server's first word: once, and twice.
    for presses in [1, 2] {
        hangs(&server, "flock");
        let mut session = on_a_terminal(&infrakt, &run);
        session.exp_string("run ").expect("the first line");
        server.awaits("test -e /run/hangs");
        for _ in 0..presses {
            session.send_control('c').expect("Ctrl-C");
        }
        ends(session);
        hangs_no_more(&server, "flock");
        assert_eq!(logged(), "", "{presses}");
        let id = infrakt.newest_run().expect("a run").to_string();
        infrakt.run(&["runs", "show", &id]).exits(0).says("stopped by Ctrl-C");
        // Resuming finds out how it ended, and completes it; it has run once.
        // It may not have come to its sleep yet.
        server.awaits("pkill -f '[s]leep 1000|/usr/bin/[f]lock'; ! pgrep -f '[s]leep 1000|/usr/bin/[f]lock'");
        infrakt.run(&["runs", "resume", &id]).exits(0);
        assert_eq!(logged(), "one\n", "{presses}");
        std::fs::remove_file(&log).expect("the log");
    }

    // While the server is looked at once more, after consent.
    let destroying = infrakt.recipe(
        "destroying.rhai",
        &format!("ssh::destroy(\"One\", \"echo one >>{}\");\n", log.display()),
    );
    let mut session = on_a_terminal(&infrakt, &["run", &destroying, "--server", "prod-2"]);
    session.exp_string("to confirm: ").expect("a question");
    hangs(&server, "uname");
    session.send_line("prod-2").expect("an answer");
    server.awaits("test -e /run/hangs");
    session.send_control('c').expect("Ctrl-C");
    ends(session);
    hangs_no_more(&server, "uname");
    assert_eq!(logged(), "");

    // While a new login is tried again and again.
    let reconnecting = infrakt.recipe(
        "reconnecting.rhai",
        &format!(
            "ssh::run(\"Refuse all keys\", \"mv {keys} {keys}.away\");\nssh::reconnect(\"Log in again\").timeout(\"10m\");\n\
             ssh::run(\"After\", \"echo after >>{}\");\n",
            log.display(),
            keys = server.directory.path().join("authorized_keys").display(),
        ),
    );
    let mut session = on_a_terminal(&infrakt, &["run", &reconnecting, "--server", "prod-2"]);
    server.awaits("grep -q '^P 1$' /var/lib/infrakt/spool/*/journal");
    session.send_control('c').expect("Ctrl-C");
    ends(session);
    let keys = server.directory.path().join("authorized_keys");
    std::fs::rename(keys.with_extension("away"), &keys).expect("the keys");
    assert_eq!(logged(), "");
}

/// What answers at the address accepts the connection and says nothing: this is given up at once, too.
#[test]
#[ignore = "needs root and sshd"]
fn ctrl_c_gives_up_a_login_that_gets_no_answer() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    let line = Line::to(server.port);
    infrakt.knows("prod-2", &server, line.port);
    let again = infrakt.recipe(
        "again.rhai",
        "ssh::run(\"Before\", \"true\");\nssh::reconnect(\"Log in again\").timeout(\"10m\");\n",
    );
    let cut = infrakt.recipe("cut.rhai", "ssh::run(\"Wait\", \"touch /run/waits; sleep 1000\");\n");
    for (recipe, is_cut) in [(&again, false), (&cut, true)] {
        line.starts_afresh();
        line.will(&[&[], &[Fault::Stall(Way::Down, 0)]]);
        let mut session = on_a_terminal(&infrakt, &["run", recipe, "--server", "prod-2"]);
        if is_cut {
            server.awaits("test -e /run/waits");
            line.cut();
        }
        until("it logs in again", || line.connections() == 2);
        session.send_control('c').expect("Ctrl-C");
        ends(session);
    }
}

/// A server that still answers, with a step that can't be ended.
#[test]
#[ignore = "needs root and sshd"]
fn ctrl_c_three_times_ends_infrakt_at_once_and_the_run_can_be_resumed() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe(
        "stubborn.rhai",
        &format!(
            "ssh::run(\"Stubborn\", \"trap '' TERM; touch {path}/began; until [ -e {path}/go ]; do sleep 0.05; done; \
             echo once >>{path}/log\");\n"
        ),
    );
    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--server", "prod-2"]);
    server.awaits(&format!("test -e {path}/began"));
    // One lets the step end and one ends it, if it listens.
    for order in ["stop", "kill"] {
        session.send_control('c').expect("Ctrl-C");
        server.awaits(&format!("grep -qx {order} /var/lib/infrakt/spool/*/order"));
    }
    session.send_control('c').expect("Ctrl-C");
    ends(session);
    std::fs::write(traces.path().join("go"), "").expect("a file");
    let id = infrakt.newest_run().expect("a run").to_string();
    infrakt.run(&["runs", "resume", &id, "--unknown", "again"]);
    assert_eq!(infrakt.json(&["runs", "show", &id])["state"], "done");
}
