//! The program that was built, as tests on machines use it.

use crate::machine::{Machine, key};
use crate::support::ended::Ended;
pub use crate::support::infrakt::Infrakt;
use crate::support::wait::until;
use crate::terminal::Terminal;
use serde_json::Value;
use std::path::Path;

impl Infrakt {
    /// One that knows the machine as 'prod-2'.
    pub fn with_prod_2(machine: &Machine) -> Self {
        let infrakt = Self::new();
        infrakt.add("prod-2", machine);
        infrakt
    }

    pub fn add(&self, name: &str, machine: &Machine) -> Ended {
        self.add_with(name, machine, &[])
    }

    #[track_caller]
    pub fn add_with(&self, name: &str, machine: &Machine, options: &[&str]) -> Ended {
        let port = machine.port.to_string();
        let words = ["server", "add", name, "--host", &machine.ip, "--port", &port, "--key"];
        self.run(&[&words, [key().as_str()].as_slice(), options].concat())
            .exits(0)
    }

    /// A server whose apps, deployments and env files must outlive whatever happens to another one: the app `blog`, and
    /// for 'prod-2' the apps `shop` and `worker`.
    pub fn fill_inventory(&self) {
        self.run(&["server", "add", "prod-1", "--host", "127.0.0.1", "--port", "1"])
            .exits(0);
        let store = self.store();
        for (app, server) in [("shop", "prod-2"), ("worker", "prod-2"), ("blog", "prod-1")] {
            self.run(&["app", "add", app, "--server", server, "--image", "shop/web:1.5"])
                .exits(0);
            self.run(&["env", "set", app, "DATABASE_URL=postgres://db/shop"])
                .exits(0);
            store
                .add_deployment(app, "shop/web:1.5", "running")
                .expect("a deployment");
        }
        store.add_dependency("shop", "worker").expect("a dependency");
    }

    /// The names of all apps of the inventory.
    pub fn apps(&self) -> Vec<String> {
        let apps = self.json(&["app", "list"]);
        let name = |app: &Value| app["name"].as_str().expect("a name").to_owned();
        apps.as_array().expect("a list").iter().map(name).collect()
    }

    /// How many env files lie in the home.
    pub fn env_files(&self) -> usize {
        std::fs::read_dir(self.home().join("envs")).expect("envs/").count()
    }

    /// The path of a file outside of the home.
    pub fn path(&self, name: &str) -> String {
        self.folder().join(name).to_str().expect("UTF-8").to_owned()
    }

    pub fn on_terminal(&self, words: &[&str]) -> Terminal {
        Terminal::start(self.command(words))
    }

    /// Waits until the journal knows how a step has ended.
    #[track_caller]
    pub fn awaits_outcome(&self, run: &str, step: usize, outcome: &str) {
        until(&format!("step {step} becomes {outcome}"), || {
            self.outcomes(run)[step] == outcome
        });
    }

    /// The outcome of each step of a run.
    #[track_caller]
    pub fn outcomes(&self, run: &str) -> Vec<String> {
        let shown = self.json(&["runs", "show", run]);
        let outcome = |step: &Value| step["outcome"].as_str().unwrap_or("none").to_owned();
        shown["steps"].as_array().expect("steps").iter().map(outcome).collect()
    }
}

/// A plan in a file, as JSON.
pub fn edit(path: &str, change: impl FnOnce(&mut Value)) {
    let text = std::fs::read_to_string(path).expect("a plan");
    let mut plan = serde_json::from_str(&text).expect("JSON");
    change(&mut plan);
    std::fs::write(Path::new(path), plan.to_string()).expect("a plan");
}
