//! The same ways as a user meets them: the real program, with an SSH configuration of their own.

use crate::server::Server;
use crate::traveller::Traveller;
use serde_json::{Value, json};
use std::process::{Command, Output};

impl Traveller {
    /// Runs infrakt in a home of its own.
    fn infrakt(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_infrakt"))
            .args(arguments)
            .env_remove("SSH_AUTH_SOCK")
            .env("HOME", self.directory.path())
            .env("INFRAKT_HOME", self.directory.path().join("infrakt"))
            .env("INFRAKT_SSH_CONFIG", self.config())
            .output()
            .unwrap()
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
fn behind_a_jump_host() -> Option<(Traveller, Server, Server)> {
    let (bastion, target) = (Server::start(&["ed25519"])?, Server::start(&["ed25519"])?);
    let traveller = Traveller::new();
    traveller.knows(&[&bastion]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    Some((traveller, bastion, target))
}

#[test]
fn a_host_of_the_configuration_is_added_shown_and_asked_by_its_name_alone() {
    let Some((traveller, bastion, target)) = behind_a_jump_host() else {
        return;
    };
    let added = traveller.infrakt(&["server", "add", "prod-2", "--host", "web1"]);
    let said = String::from_utf8_lossy(&added.stderr).into_owned();
    assert!(added.status.success(), "{said}");
    let key = target.host_key("ed25519");
    assert!(
        said.contains(&key.fingerprint()),
        "the server's own key, not the jump host's: {said}"
    );
    assert!(!said.contains(&bastion.host_key("ed25519").fingerprint()), "{said}");

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
fn what_the_row_leaves_open_is_looked_up_at_each_login_and_can_be_said_and_taken_away() {
    let Some((traveller, _bastion, target)) = behind_a_jump_host() else {
        return;
    };
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
fn a_plan_is_for_the_machine_that_the_configuration_led_to() {
    let Some((traveller, _bastion, target)) = behind_a_jump_host() else {
        return;
    };
    traveller.ok(&["server", "add", "prod-2", "--host", "web1"]);
    let recipe = traveller.directory.path().join("hello.rhai");
    std::fs::write(
        &recipe,
        "//! Says hello.\nssh::run(\"Say hello\", `echo ${server.user} ${server.port}`);\n",
    )
    .unwrap();
    let (recipe, plan) = (recipe.to_str().unwrap(), traveller.directory.path().join("plan"));
    let plan = plan.to_str().unwrap();
    let shown = traveller.ok(&["plan", recipe, "--server", "prod-2", "--out", plan]);
    assert!(shown.contains(&format!("root@127.0.0.1:{}", target.port)), "{shown}");
    traveller.ok(&["apply", plan]);

    // The name now leads to another machine: what the plan was made for does not answer there any more.
    let Some(other) = Server::start(&["ed25519"]) else {
        return;
    };
    traveller.configure(&[("web1", &other, "")]);
    let refused = traveller.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("the host key of 'prod-2' has changed"), "{said}");
    // The same machine by another way is told from the machine that was planned for, too.
    let line = crate::server::Line::to(target.port);
    traveller.write(&traveller.host_at("web1", &target, line.port, ""));
    let refused = traveller.infrakt(&["apply", plan]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("its address or user was changed since"), "{said}");
}

#[test]
fn a_shell_is_reached_the_same_way_and_trusts_the_recorded_key_only() {
    let Some((traveller, _bastion, mut target)) = behind_a_jump_host() else {
        return;
    };
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
fn a_protected_server_that_was_never_reached_is_recognised_behind_another_name() {
    let Some(server) = Server::start(&["ed25519"]) else {
        return;
    };
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
