//! A run fails between a drain and its end, and infrakt may be gone by then: the server ends the drain by itself, and a resumed
//! run begins at the step that failed and ends the drain again.

use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::server::Server;
use crate::support::wait::until;
use infrakt::event::{Outcome, RunState};
use std::process::Stdio;

struct Balanced {
    infrakt: Infrakt,
    recipe: String,
    _server: Server,
}

impl Balanced {
    fn new() -> Self {
        let server = Server::start();
        let infrakt = Infrakt::new();
        infrakt.knows("prod-2", &server, server.port);
        let folder = infrakt.directory.path().display().to_string();
        let recipe = infrakt.recipe(
            "patch.rhai",
            &format!(
                r#"ssh::run("Drain", "echo drain >>{folder}/log");
                   ssh::run("Patch", "echo patch >>{folder}/log; until test -e {folder}/gone -o -e {folder}/good; do sleep 0.05; done; test -e {folder}/good");
                   db::set_status(server, "patched");
                   ssh::run("Undrain", "echo undrain >>{folder}/log").always();"#
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

    fn says(&self, name: &str) {
        std::fs::write(self.infrakt.directory.path().join(name), "").expect("a file");
    }

    fn is_resumed(&self, run: i64) {
        self.says("good");
        self.infrakt.ok(&["runs", "resume", &run.to_string()]);
        assert_eq!(self.log(), "drain\npatch\nundrain\npatch\nundrain\n");
        let told = self.infrakt.told_of(run);
        assert_eq!(told.state, RunState::Done);
        assert_eq!(told.outcomes, [Some(Outcome::Changed); 4]);
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_resumed_run_begins_at_the_failed_step_and_runs_again_what_always_runs() {
    let balanced = Balanced::new();
    balanced.says("gone");
    let ended = balanced.infrakt.run(&["run", &balanced.recipe, "--server", "prod-2"]);
    assert_eq!(ended.exit, 1, "{ended}");
    assert_eq!(balanced.log(), "drain\npatch\nundrain\n");
    let run = balanced.infrakt.newest_run().expect("a run");
    let told = balanced.infrakt.told_of(run);
    use Outcome::{Changed, Failed, Skipped};
    assert_eq!(
        told.outcomes,
        [Some(Changed), Some(Failed), Some(Skipped), Some(Changed)]
    );
    balanced.is_resumed(run);
}

#[test]
#[ignore = "needs root and sshd"]
fn what_always_runs_needs_no_infrakt() {
    let balanced = Balanced::new();
    let mut command = balanced
        .infrakt
        .command(&["run", &balanced.recipe, "--server", "prod-2"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("infrakt");
    until("the patch has begun", || balanced.log().contains("patch"));
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
    balanced.says("gone");
    until("the drain is over", || balanced.log().contains("undrain"));
    let run = balanced.infrakt.newest_run().expect("a run");
    let ended: Ended = balanced.infrakt.run(&["runs", "resume", &run.to_string()]);
    assert_eq!(ended.exit, 1, "it learns that the step has failed: {ended}");
    balanced.is_resumed(run);
}
