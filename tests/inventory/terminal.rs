//! What is asked on a terminal, with a real one (a pseudo-terminal).

use crate::support::infrakt::Infrakt;
use crate::support::terminal::{ended, on_a_terminal};
use rexpect::session::PtySession;

#[test]
fn only_the_typed_name_removes_protection() {
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
        let mut session = on_a_terminal(infrakt.command(&["server", "update", "prod-1", "--no-infrakt-host"]));
        session.exp_string("Type the server name to confirm: ").unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(ended(session).exit, code, "{answer:?}");
        let marked = infrakt.json(&["server", "show", "prod-1"])["is_infrakt_host"].clone();
        assert_eq!(marked, code != 0, "{answer:?}");
    }
}

#[test]
fn a_host_key_is_only_removed_after_the_name_was_typed() {
    let infrakt = Infrakt::new();
    let key = "SHA256:1NRdIBgTg/VDbf3mLc0kwzGlrmpV7SIwDQD96yoNLm4";
    let row = ["--host", "127.0.2.6", "--port", "1", "--host-key", key];
    infrakt.ok(&[&["server", "add", "prod-2"], &row[..]].concat());
    let update = ["server", "update", "prod-2", "--host-key", ""];
    let said = infrakt.refused(3, &update);
    assert!(said.contains("infrakt trusts whichever machine answers next"), "{said}");
    assert!(said.contains("--confirm prod-2"), "{said}");
    for (answer, code) in [("y", 3), ("prod-2", 0)] {
        let mut session = on_a_terminal(infrakt.command(&update));
        session.exp_string("Type the server name to confirm: ").unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(ended(session).exit, code, "{answer:?}");
        let kept = !infrakt.json(&["server", "show", "prod-2"])["host_key"].is_null();
        assert_eq!(kept, code != 0, "{answer:?}");
    }
}

#[test]
fn removing_an_app_asks_and_takes_only_yes() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    infrakt.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx"]);
    for (answer, code) in [("", 3), ("n", 3), ("web", 3), ("y", 0)] {
        let mut session = on_a_terminal(infrakt.command(&["app", "remove", "web"]));
        session
            .exp_string("Remove app 'web' of 'prod-2', with 0 deployments and 0 variables? [y/N] ")
            .unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(ended(session).exit, code, "{answer:?}");
    }
    assert_eq!(infrakt.json(&["app", "list"]), serde_json::json!([]));
}

/// A command that starts once a line was read from the terminal: what is typed after that line is there before the command.
fn on_terminal_after_a_line(infrakt: &Infrakt, words: &[&str]) -> PtySession {
    let command = infrakt.command_under(&["sh", "-c", "read go; exec \"$0\" \"$@\""], words);
    on_a_terminal(command)
}

#[test]
fn input_before_a_question_is_ignored() {
    let infrakt = Infrakt::new();
    let protected = ["--host", "127.0.2.6", "--port", "1", "--infrakt-host"];
    infrakt.ok(&[&["server", "add", "prod-1"], &protected[..]].concat());
    infrakt.ok(&["app", "add", "web", "--server", "prod-1", "--image", "nginx"]);
    for (words, question, ahead) in [
        (
            &["server", "update", "prod-1", "--no-infrakt-host"][..],
            "to confirm: ",
            "prod-1",
        ),
        (
            &["server", "update", "prod-1", "--host", "127.0.2.7"],
            "to confirm: ",
            "prod-1",
        ),
        (&["server", "remove", "prod-1"], "to confirm: ", "prod-1"),
        (&["app", "remove", "web"], "[y/N] ", "y"),
    ] {
        let before = infrakt.json(&["server", "show", "prod-1"]);
        let mut session = on_terminal_after_a_line(&infrakt, words);
        session.send_line(&format!("go\n{ahead}\n{ahead}")).unwrap();
        session.exp_string(question).unwrap();
        session.send_line("no").unwrap();
        assert_eq!(ended(session).exit, 3, "{words:?}");
        assert_eq!(infrakt.json(&["server", "show", "prod-1"]), before, "{words:?}");
    }
    assert_eq!(infrakt.json(&["app", "list"]).as_array().map(Vec::len), Some(1));
}
