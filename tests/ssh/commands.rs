//! Routes as a user meets them: the real program with an SSH configuration.

use crate::configured_client::ConfiguredClient;
use crate::server::Server;
use crate::support::line::{Fault, Line, Way};
use crate::support::server::Server as World;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

impl ConfiguredClient {
    /// infrakt with its own home.
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

    /// Writes a recipe and returns its path.
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

/// A server behind a jump host. Both host keys are known.
fn behind_a_jump_host() -> (ConfiguredClient, Server, Server) {
    let (bastion, target) = (Server::start(&["ed25519"]), Server::start(&["ed25519"]));
    let client = ConfiguredClient::new();
    client.knows(&[&bastion]);
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    (client, bastion, target)
}

#[test]
#[ignore = "needs root and sshd"]
fn a_host_of_the_ssh_configuration_can_be_added_by_its_name() {
    let (client, bastion, target) = behind_a_jump_host();
    let added = client.infrakt(&["server", "add", "prod-2", "--host", "web1"]);
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

    let shown = client.json(&["server", "show", "prod-2"]);
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
    let shown = client.ok(&["server", "show", "prod-2"]);
    assert!(
        shown.contains(&format!("bastion (root@127.0.0.1:{})", bastion.port)),
        "{shown}"
    );

    let status = client.json(&["server", "status", "prod-2"]);
    assert_eq!(&status["route"], route);
    let facts = client.ok(&["facts", "prod-2"]);
    assert!(facts.contains("machine_id"), "{facts}");
}

#[test]
#[ignore = "needs root and sshd"]
fn settings_missing_in_the_row_are_looked_up_at_each_login() {
    let (client, _bastion, target) = behind_a_jump_host();
    client.ok(&["server", "add", "prod-2", "--host", "web1"]);
    client.configure(&[("web1", &target, "")]);
    client.ok(&["server", "status", "prod-2"]);

    client.ok(&["server", "update", "prod-2", "--port", "1"]);
    let refused = client.infrakt(&["server", "status", "prod-2"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4));
    assert!(said.contains("cannot reach 'prod-2' at 127.0.0.1:1:"), "{said}");
    client.ok(&["server", "update", "prod-2", "--port", "", "--user", ""]);
    client.ok(&["server", "status", "prod-2"]);
    let refused = client.infrakt(&["server", "update", "prod-2", "--port", "70000"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_becomes_stale_when_the_ssh_configuration_leads_to_another_machine() {
    let world = World::start();
    let other = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    let configure = |port: u16| client.write(&client.host_of("web1", world.directory.path(), port, ""));
    configure(world.port);
    client.ok(&["server", "add", "prod-2", "--host", "web1"]);
    let recipe = client.recipe("//! Says hello.\nssh::run(\"Say hello\", `echo ${server.user} ${server.port}`);\n");
    let plan = client.directory.path().join("plan");
    let plan = plan.to_str().unwrap();
    let shown = client.ok(&["plan", &recipe, "--server", "prod-2", "--out", plan]);
    assert!(shown.contains(&format!("root@127.0.0.1:{}", world.port)), "{shown}");
    client.ok(&["apply", plan]);

    // The name now leads to another machine than the one that the plan was made for.
    client.configure(&[("web1", &other, "")]);
    let refused = client.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("the host key of 'prod-2' has changed"), "{said}");
    // The same machine, by a route that the plan did not show.
    let line = Line::to(world.port);
    configure(line.port);
    let refused = client.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("its address or user has changed since"), "{said}");
}

/// A server with its own processes and mounts behind a jump host, and the connection to the jump host.
fn world_behind_a_line(client: &ConfiguredClient) -> (World, Server, Line) {
    let (world, bastion) = (World::start(), Server::start(&["ed25519"]));
    let line = Line::to(bastion.port);
    client.knows(&[]);
    client.add_known(line.port, &bastion);
    client.write(&format!(
        "{}{}",
        client.host_at("bastion", &bastion, line.port, ""),
        client.host_of("web1", world.directory.path(), world.port, "ProxyJump bastion"),
    ));
    client.ok(&["server", "add", "prod-2", "--host", "web1"]);
    (world, bastion, line)
}

const TWO_STEPS: &str = r#"//! Leaves a trace of each step.
ssh::run("One", "echo one >> /run/trace; while ! test -e /run/go; do sleep 0.05; done");
ssh::run("Two", "echo two >> /run/trace");
"#;

#[test]
#[ignore = "needs root and sshd"]
fn a_run_continues_after_its_jump_host_was_lost_and_runs_each_step_once() {
    let client = ConfiguredClient::new();
    let (world, _bastion, line) = world_behind_a_line(&client);
    let recipe = client.recipe(TWO_STEPS);
    let mut command = client.command(&["run", &recipe, "--server", "prod-2", "--json"]);
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
fn a_silent_jump_host_ends_in_a_timeout() {
    let client = ConfiguredClient::new();
    let (_world, _bastion, line) = world_behind_a_line(&client);
    // After the key exchange with the jump host nothing arrives any more, and no error either.
    line.starts_afresh();
    line.will(&[&[Fault::Stall(Way::Down, 2_000)]]);
    let refused = client.infrakt(&["server", "status", "prod-2"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("'bastion'"), "{said}");
    // The next connection works.
    client.ok(&["server", "status", "prod-2"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn server_ssh_uses_the_same_route_and_trusts_only_the_recorded_key() {
    let (client, _bastion, mut target) = behind_a_jump_host();
    client.ok(&["server", "add", "prod-2", "--host", "web1"]);
    assert_eq!(
        client.ok(&["server", "ssh", "prod-2", "--", "echo", "hello"]),
        "hello\n"
    );
    target.reinstall();
    let refused = client.infrakt(&["server", "ssh", "prod-2", "--", "true"]);
    assert_eq!(refused.status.code(), Some(255));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_protected_server_that_was_never_reached_is_recognised_by_its_address_under_another_name() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.knows(&[&server]);
    client.write(&format!(
        "Host host-of-infrakt\n HostName 127.0.0.1\n Port 1\n{}",
        client.host("web1", &server, "")
    ));
    client.ok(&["server", "add", "host", "--host", "host-of-infrakt", "--infrakt-host"]);
    client.ok(&["server", "add", "prod-2", "--host", "web1"]);
    let status = client.json(&["server", "status", "prod-2"]);
    let protected = status["protected"].to_string();
    assert!(
        protected.contains("it has the address of the protected server 'host', which was never reached"),
        "{protected}"
    );
}
