//! What is asked on a terminal, with a real one (a pseudo-terminal).

use crate::support::infrakt::Infrakt;
use rexpect::session::{PtySession, spawn_command};

fn on_terminal(infrakt: &Infrakt, words: &[&str]) -> PtySession {
    spawn_command(infrakt.command(words), Some(120_000)).expect("a terminal")
}

fn exit(mut session: PtySession) -> i32 {
    session.exp_eof().expect("it ends");
    match session.process().wait().expect("it can be waited for") {
        rexpect::process::WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_typed_name_lifts_protection_and_nothing_else_does() {
    let infrakt = Infrakt::new();
    infrakt.ok(&[
        "server",
        "add",
        "prod-1",
        "--host",
        "127.0.2.6",
        "--port",
        "1",
        "--infrakt-host",
    ]);
    for (answer, code) in [("y", 3), ("", 3), ("prod-2", 3), ("prod-1", 0)] {
        let mut session = on_terminal(&infrakt, &["server", "update", "prod-1", "--no-infrakt-host"]);
        session.exp_string("Type the server name to confirm: ").unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(exit(session), code, "{answer:?}");
        let marked = infrakt.json(&["server", "show", "prod-1"])["is_infrakt_host"].clone();
        assert_eq!(marked, code != 0, "{answer:?}");
    }
}

#[test]
fn removing_an_app_asks_and_takes_only_yes() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    infrakt.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx"]);
    for (answer, code) in [("", 3), ("n", 3), ("web", 3), ("y", 0)] {
        let mut session = on_terminal(&infrakt, &["app", "remove", "web"]);
        session
            .exp_string("Remove app 'web' of 'prod-2', with 0 deployments and 0 variables? [y/N] ")
            .unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(exit(session), code, "{answer:?}");
    }
    assert_eq!(infrakt.json(&["app", "list"]), serde_json::json!([]));
}
