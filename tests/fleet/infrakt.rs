//! The program that was built, with an inventory of servers.

use crate::servers::Servers;
use crate::support::ended::Ended;
pub use crate::support::infrakt::Infrakt;
use infrakt::event::RunState;
use infrakt::store::NewServer;
use serde_json::Value;
use std::process::{Child, Stdio};

impl Infrakt {
    /// One whose inventory has servers of these names, all with the tag `web`.
    pub fn that_knows(servers: &Servers, names: &[&str]) -> Self {
        let infrakt = Self::new();
        let store = infrakt.store();
        for (number, name) in names.iter().enumerate() {
            let mut server = NewServer::new(*name, format!("127.0.{}.{}", number / 250 + 1, number % 250 + 1));
            server.port = Some(servers.port);
            server.ssh_key_path = Some(servers.key().to_str().expect("UTF-8").to_owned());
            server.host_key = Some(servers.host_key());
            server.tags = vec!["web".to_owned()];
            store.add_server(&server).expect("a server");
        }
        infrakt
    }

    /// From now on no server answers at that server's address.
    pub fn takes_down(&self, name: &str) {
        self.run(&["server", "update", name, "--port", "9"]).exits(0);
    }

    pub fn brings_up(&self, name: &str, servers: &Servers) {
        let port = servers.port.to_string();
        self.run(&["server", "update", name, "--port", &port]).exits(0);
    }

    /// Writes a recipe; gives the path that it is run by. `$SHARED` in it becomes the directory that all servers see.
    pub fn recipe_for(&self, servers: &Servers, name: &str, text: &str) -> String {
        let shared = servers.shared();
        let text = text.replace("$SHARED", shared.to_str().expect("UTF-8"));
        self.recipe(name, &format!("//! For a test.\n\n{text}\n"))
    }

    /// As [`Infrakt::start`], but the test does not read the output while it runs.
    pub fn start_quietly(&self, words: &[&str]) -> Child {
        let path = self.folder().join("output");
        let output = std::fs::File::create(path).expect("a file");
        self.command(words)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .spawn()
            .expect("infrakt starts")
    }

    /// How many runs have ended well.
    pub fn runs_done(&self) -> usize {
        let runs = self.store().runs(usize::MAX, None).expect("the journal");
        runs.iter().filter(|run| run.state == RunState::Done).count()
    }

    /// The servers of all runs with how they stand, oldest first: `a done`.
    pub fn runs(&self) -> Vec<String> {
        let runs = self.json(&["runs", "list"]);
        let word = |run: &Value, key: &str| run[key].as_str().expect("a word").to_owned();
        let runs = runs.as_array().expect("a list").iter().rev();
        runs.map(|run| format!("{} {}", word(run, "server"), word(run, "state")))
            .collect()
    }
}

/// The table at the end, without what differs from run to run: how long each took.
pub fn table_of(ended: &Ended) -> String {
    let lines = ended.stdout.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let seconds = words.iter().position(|word| *word == "s");
        match seconds.and_then(|at| at.checked_sub(1)).and_then(|at| words.get(at)) {
            Some(number) if number.parse::<f64>().is_ok() => line.replacen(number, &"0".repeat(number.len()), 1),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
