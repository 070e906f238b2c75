//! A run ends between a change and its handler: the plan says that the handler is still to come, and whatever comes next runs
//! it, once.

use crate::support::infrakt::Infrakt;
use crate::support::server::Server;

struct Shop {
    infrakt: Infrakt,
    recipe: String,
    _server: Server,
}

impl Shop {
    /// A recipe with a change, a step that `gate` lets through, and a handler; each leaves a trace.
    fn new() -> Self {
        let server = Server::start();
        let infrakt = Infrakt::new();
        infrakt.knows("prod-2", &server, server.port);
        let folder = infrakt.directory.path().display().to_string();
        let recipe = infrakt.recipe(
            "shop.rhai",
            &format!(
                r#"let change = ssh::upload("Change", "{folder}/file", "new\n");
                   ssh::run("Pass the gate", "echo gate >>{folder}/log; test -e {folder}/gate");
                   ssh::run("Restart", "echo restart >>{folder}/log").when_changed(change);"#
            ),
        );
        Self {
            infrakt,
            recipe,
            _server: server,
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.infrakt.directory.path().join("log")).unwrap_or_default()
    }

    fn open_the_gate(&self) {
        std::fs::write(self.infrakt.directory.path().join("gate"), "").expect("a file");
    }

    /// What the plan says of the steps.
    fn marks(&self) -> String {
        let plan = self.infrakt.json(&["plan", &self.recipe, "--server", "prod-2"]);
        plan["marks"].to_string()
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn the_plan_foresees_a_handler_and_a_new_run_makes_up_for_one_that_was_missed() {
    let shop = Shop::new();
    assert_eq!(shop.marks(), r#"["would_change","would_change","would_change_if"]"#);
    let shown = shop.infrakt.ok(&["plan", &shop.recipe, "--server", "prod-2"]);
    assert!(shown.contains("Restart, if 1 does"), "{shown}");
    let run = ["run", shop.recipe.as_str(), "--server", "prod-2"];
    assert_eq!(shop.infrakt.run(&run).exit, 1);
    assert_eq!(shop.marks(), r#"["no_change","would_change","would_change"]"#);
    shop.open_the_gate();
    shop.infrakt.ok(&run);
    assert_eq!(shop.log(), "gate\ngate\nrestart\n");
    assert_eq!(shop.marks(), r#"["no_change","would_change","no_change"]"#);
    shop.infrakt.ok(&run);
    assert_eq!(shop.log(), "gate\ngate\nrestart\ngate\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_resumed_run_makes_up_for_a_handler_too() {
    let shop = Shop::new();
    assert_eq!(shop.infrakt.run(&["run", &shop.recipe, "--server", "prod-2"]).exit, 1);
    shop.open_the_gate();
    let run = shop.infrakt.newest_run().expect("a run").to_string();
    shop.infrakt.ok(&["runs", "resume", &run]);
    assert_eq!(shop.log(), "gate\ngate\nrestart\n");
}

/// A step after a restart, or in a resumed run, still has what an earlier one printed.
#[test]
#[ignore = "needs root and sshd"]
fn a_resumed_run_uses_what_a_step_has_printed_before() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let folder = infrakt.directory.path().display().to_string();
    let recipe = infrakt.recipe(
        "token.rhai",
        &format!(
            r#"let token = ssh::run("Make a token", "echo made >>{folder}/log; echo token-1");
               ssh::run("Pass the gate", "test -e {folder}/gate");
               ssh::run("Use it", "echo \"used $TOKEN\" >>{folder}/log").env("TOKEN", token.output());
               report(#{{ token: token.output() }});"#
        ),
    );
    assert_eq!(infrakt.run(&["run", &recipe, "--server", "prod-2"]).exit, 1);
    std::fs::write(infrakt.directory.path().join("gate"), "").expect("a file");
    let run = infrakt.newest_run().expect("a run").to_string();
    let shown = infrakt.ok(&["runs", "resume", &run]);
    assert!(shown.contains("token  token-1"), "{shown}");
    let log = std::fs::read_to_string(infrakt.directory.path().join("log")).expect("a log");
    assert_eq!(log, "made\nused token-1\n");
}
