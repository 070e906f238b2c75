//! The way in: users who are not root, servers that can't be reached, and host keys that are not what they were.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, PASSWORD, key};
use crate::terminal::QUESTION;
use std::net::TcpListener;

/// A recipe that only root can carry out.
const OWN: &str = "ssh::run(\"Leave a mark\", \"id -un >/root/mark\");\n";

fn with_deploy(machine: &Machine, infrakt: Infrakt) -> (Infrakt, String) {
    infrakt.add_with("prod-2", machine, &["--user", "deploy"]);
    let recipe = infrakt.recipe("mark.rhai", OWN);
    (infrakt, recipe)
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_user_whom_sudo_asks_for_nothing_is_asked_nothing() {
    let machine = Machine::up(&["--user", "deploy"]);
    let (infrakt, recipe) = with_deploy(&machine, Infrakt::new());
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    assert_eq!(machine.root("cat /root/mark"), "root");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_sudo_password_is_typed_or_comes_from_the_environment_and_is_never_shown() {
    let machine = Machine::up(&["--user", "deploy", "--sudo", "password"]);
    let (infrakt, recipe) = with_deploy(&machine, Infrakt::new());
    let run = ["run", &recipe, "--server", "prod-2"];
    infrakt.run(&run).exits(4).says("INFRAKT_SUDO_PASSWORD");
    assert!(!machine.holds("test -e /root/mark"));

    let mut terminal = infrakt.on_terminal(&run);
    terminal.sees("[sudo] password for deploy on 'prod-2': ");
    terminal.types(PASSWORD);
    terminal.ends().exits(0).keeps_silent_about(PASSWORD);
    assert_eq!(machine.root("cat /root/mark; rm /root/mark"), "root");

    // Asked for first, since only root can say what there is to lose.
    machine.root("mkdir -p /opt/infrakt/apps");
    let mut terminal = infrakt.on_terminal(&["run", "wipe.rhai", "--server", "prod-2"]);
    terminal.sees("[sudo] password for deploy on 'prod-2': ");
    terminal.types(PASSWORD);
    terminal.sees("/opt/infrakt");
    terminal.sees(QUESTION);
    terminal.types("prod-2");
    terminal.ends().exits(0);
    assert!(!machine.holds("test -e /opt/infrakt"));

    let mut terminal = infrakt.on_terminal(&run);
    terminal.sees("[sudo] password for deploy on 'prod-2': ");
    terminal.presses_ctrl_c();
    terminal.ends().exits(5);
    assert!(!machine.holds("test -e /root/mark"));

    // A server that is added is saved first, and Ctrl-C says so.
    let (port, key) = (machine.port.to_string(), key());
    let login = ["--port", &port, "--user", "deploy", "--key", &key];
    let add = ["server", "add", "prod-3", "--host", &machine.ip];
    let mut terminal = infrakt.on_terminal(&[&add[..], &login].concat());
    terminal.sees("[sudo] password for deploy on 'prod-3': ");
    terminal.presses_ctrl_c();
    terminal
        .ends()
        .exits(5)
        .says("interrupted; server 'prod-3' was saved; to log in to it later: infrakt server status prod-3");
    assert_eq!(infrakt.json(&["server", "show", "prod-3"])["user"], "deploy");

    let (infrakt, recipe) = with_deploy(&machine, Infrakt::new().with("INFRAKT_SUDO_PASSWORD", PASSWORD));
    let run = ["run", &recipe, "--server", "prod-2"];
    infrakt.run(&run).exits(0).keeps_silent_about(PASSWORD);
    assert_eq!(machine.root("cat /root/mark"), "root");
    assert!(!machine.holds(&format!("grep -rqs {PASSWORD} /var/lib/infrakt /run/infrakt")));
    let (infrakt, recipe) = with_deploy(&machine, Infrakt::new().with("INFRAKT_SUDO_PASSWORD", "wrong"));
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(4)
        .says("INFRAKT_SUDO_PASSWORD");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_user_without_sudo_gets_an_error_that_says_so() {
    let machine = Machine::up(&["--user", "deploy", "--sudo", "none"]);
    let (infrakt, recipe) = with_deploy(&machine, Infrakt::new().with("INFRAKT_SUDO_PASSWORD", PASSWORD));
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(4)
        .says("sudo")
        .says("deploy");
    infrakt
        .run(&["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"])
        .exits(4);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_changed_host_key_is_explained_and_nothing_is_run() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("mark.rhai", OWN);
    let now = machine.reset_host_key();
    let before = machine.state();
    for words in [
        &["run", &recipe, "--server", "prod-2"][..],
        &["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"],
        &["plan", "wipe", "--server", "prod-2"],
    ] {
        infrakt
            .run(words)
            .exits(4)
            .says("the host key of 'prod-2' has changed")
            .says(&now);
    }
    assert_eq!(machine.state(), before);
    assert!(!machine.holds("test -e /root/mark"));
    assert_eq!(infrakt.json(&["runs", "list"]), serde_json::json!([]));
    // Once a person has looked, and said that the new one is right:
    infrakt
        .run(&["server", "update", "prod-2", "--host-key", &now])
        .exits(0);
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    assert!(machine.holds("test -e /root/mark"));
}

#[test]
fn a_server_that_cannot_be_reached_is_saved_and_nothing_else_works_on_it() {
    // A port without a listener.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let infrakt = Infrakt::new();
    infrakt
        .run(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", &port])
        .exits(0)
        .says("could not be reached");
    assert_eq!(infrakt.json(&["server", "list"])[0]["name"], "prod-2");
    let recipe = infrakt.recipe("mark.rhai", OWN);
    for words in [
        &["run", &recipe, "--server", "prod-2"][..],
        &["run", "provision.rhai", "--server", "prod-2", "--confirm", "prod-2"],
        &["facts", "prod-2"],
    ] {
        infrakt.run(words).exits(4).says(&format!("127.0.0.1:{port}"));
    }
}
