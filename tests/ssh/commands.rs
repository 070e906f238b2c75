//! The same ways as a user meets them: the real program, with an SSH configuration of their own.

use crate::server::Server;
use crate::support::line::{Fault, Line, Way};
use crate::support::server::Server as World;
use crate::traveller::Traveller;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

impl Traveller {
    /// infrakt with a home of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infrakt"));
        command
            .args(arguments)
            .env_remove("SSH_AUTH_SOCK")
            .env("HOME", self.directory.path())
            .env("INFRAKT_HOME", self.directory.path().join("infrakt"))
            .env("INFRAKT_SSH_CONFIG", self.config())
            .stdin(Stdio::null());
        command
    }

    fn infrakt(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Writes a recipe, and gives its path.
    fn recipe(&self, text: &str) -> String {
        let path = self.directory.path().join("recipe.rhai");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.infrakt(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }
}

/// A server behind a jump host, which are known.
fn behind_a_jump_host() -> (Traveller, Server, Server) {
    let (bastion, target) = (Server::start(&["ed25519"]), Server::start(&["ed25519"]));
    let traveller = Traveller::new();
    traveller.knows(&[&bastion]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    (traveller, bastion, target)
}

#[test]
#[ignore = "needs root and sshd"]
fn a_host_of_the_configuration_is_added_shown_and_asked_by_its_name_alone() {
    let (traveller, bastion, target) = behind_a_jump_host();
    let added = traveller.infrakt(&["server", "add", "prod-2", "--host", "web1"]);
    let said = String::from_utf8_lossy(&added.stderr).into_owned();
    assert!(added.status.success(), "{said}");
    let key = target.host_key("ed25519");
    assert!(
        said.contains(&key.fingerprint().to_string()),
        "the server's own key, not the jump host's: {said}"
    );
    assert!(
        !said.contains(&bastion.host_key("ed25519").fingerprint().to_string()),
        "{said}"
    );

    let shown = traveller.json(&["server", "show", "prod-2"]);
    assert_eq!((&shown["port"], &shown["user"]), (&Value::Null, &Value::Null));
    assert_eq!(shown["host_key"], key.to_string());
    let route = &shown["route"];
    assert_eq!(
        (&route["host"], &route["port"], &route["user"]),
        (&json!("127.0.0.1"), &json!(target.port), &json!("root"))
    );
    assert_eq!(
        route["jump_hosts"],
        json!([{"name": "bastion", "host": "127.0.0.1", "port": bastion.port, "user": "root"}])
    );
    assert_eq!(route["ssh_configuration"]["ProxyJump"], "bastion");
    let shown = traveller.ok(&["server", "show", "prod-2"]);
    assert!(
        shown.contains(&format!("bastion (root@127.0.0.1:{})", bastion.port)),
        "{shown}"
    );

    let status = traveller.json(&["server", "status", "prod-2"]);
    assert_eq!(&status["route"], route);
    let facts = traveller.ok(&["facts", "prod-2"]);
    assert!(facts.contains("machine_id"), "{facts}");
}

#[test]
#[ignore = "needs root and sshd"]
fn what_the_row_leaves_open_is_looked_up_at_each_login_and_can_be_said_and_taken_away() {
    let (traveller, _bastion, target) = behind_a_jump_host();
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    traveller.configure(&[("web1", &target, "")]);
    traveller.ok(&["server", "status", "prod-2"]);

    traveller.ok(&["server", "update", "prod-2", "--port", "1"]);
    let refused = traveller.infrakt(&["server", "status", "prod-2"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4));
    assert!(said.contains("cannot reach 'prod-2' at 127.0.0.1:1:"), "{said}");
    traveller.ok(&["server", "update", "prod-2", "--port", "", "--user", ""]);
    traveller.ok(&["server", "status", "prod-2"]);
    let refused = traveller.infrakt(&["server", "update", "prod-2", "--port", "70000"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_is_for_the_machine_that_the_configuration_led_to() {
    let world = World::start();
    let other = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    let configure = |port: u16| traveller.write(&traveller.host_of("web1", world.directory.path(), port, ""));
    configure(world.port);
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    let recipe = traveller.recipe("//! Says hello.\nssh::run(\"Say hello\", `echo ${server.user} ${server.port}`);\n");
    let plan = traveller.directory.path().join("plan");
    let plan = plan.to_str().unwrap();
    let shown = traveller.ok(&["plan", &recipe, "--server", "prod-2", "--out", plan]);
    assert!(shown.contains(&format!("root@127.0.0.1:{}", world.port)), "{shown}");
    traveller.ok(&["apply", plan]);

    // The name now leads to another machine: what the plan was made for does not answer there any more.
    traveller.configure(&[("web1", &other, "")]);
    let refused = traveller.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("the host key of 'prod-2' has changed"), "{said}");
    // The same machine by another way is not what was shown, either.
    let line = Line::to(world.port);
    configure(line.port);
    let refused = traveller.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("its address or user was changed since"), "{said}");
}

/// A server in a world of its own behind a jump host, with the line to the jump host.
fn world_behind_a_line(traveller: &Traveller) -> (World, Server, Line) {
    let (world, bastion) = (World::start(), Server::start(&["ed25519"]));
    let line = Line::to(bastion.port);
    traveller.knows(&[]);
    traveller.add_known(line.port, &bastion);
    traveller.write(&format!(
        "{}{}",
        traveller.host_at("bastion", &bastion, line.port, ""),
        traveller.host_of("web1", world.directory.path(), world.port, "ProxyJump bastion"),
    ));
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    (world, bastion, line)
}

const TWO_STEPS: &str = r#"//! Leaves a trace of each step.
ssh::run("One", "echo one >> /run/trace; while ! test -e /run/go; do sleep 0.05; done");
ssh::run("Two", "echo two >> /run/trace");
"#;

#[test]
#[ignore = "needs root and sshd"]
fn a_run_goes_on_when_the_jump_host_was_lost_in_the_middle_and_each_step_ran_once() {
    let traveller = Traveller::new();
    let (world, _bastion, line) = world_behind_a_line(&traveller);
    let recipe = traveller.recipe(TWO_STEPS);
    let mut command = traveller.command(&["run", &recipe, "--server", "prod-2", "--json"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(run.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(events.any(|event| event.contains("step_started")));
    world.awaits("test -e /run/trace");
    line.goes_down();
    world.root("touch /run/go");
    world.awaits("grep -q two /run/trace");
    line.comes_back();
    let events: Vec<String> = events.collect();
    let ended = run.wait_with_output().unwrap();
    assert!(ended.status.success(), "{events:?} {ended:?}");
    assert!(
        events
            .iter()
            .any(|event| event.contains("connection lost; trying again")),
        "{events:?}"
    );
    assert_eq!(world.root("cat /run/trace"), "one\ntwo");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_host_that_falls_silent_holds_nobody_up_for_ever() {
    let traveller = Traveller::new();
    let (_world, _bastion, line) = world_behind_a_line(&traveller);
    // After the key exchange with the jump host nothing comes any more, and nobody is told.
    line.starts_afresh();
    line.will(&[&[Fault::Stall(Way::Down, 2_000)]]);
    let refused = traveller.infrakt(&["server", "status", "prod-2"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("'bastion'"), "{said}");
    // The next one gets through.
    traveller.ok(&["server", "status", "prod-2"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_shell_is_reached_the_same_way_and_trusts_the_recorded_key_only() {
    let (traveller, _bastion, mut target) = behind_a_jump_host();
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    assert_eq!(
        traveller.ok(&["server", "ssh", "prod-2", "--", "echo", "hello"]),
        "hello\n"
    );
    target.reinstall();
    let refused = traveller.infrakt(&["server", "ssh", "prod-2", "--", "true"]);
    assert_eq!(refused.status.code(), Some(255));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_protected_server_that_was_never_reached_is_recognised_behind_another_name() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.knows(&[&server]);
    traveller.write(&format!(
        "Host host-of-infrakt\n HostName 127.0.0.1\n Port 1\n{}",
        traveller.host("web1", &server, "")
    ));
    traveller.ok(&["server", "add", "host", "--host", "host-of-infrakt", "--infrakt-host"]);
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    let status = traveller.json(&["server", "status", "prod-2"]);
    let protected = status["protected"].to_string();
    assert!(
        protected.contains("it has the address of the protected server 'host', which was never reached"),
        "{protected}"
    );
}
