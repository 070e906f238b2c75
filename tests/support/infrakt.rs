//! The program that was built, in a home of its own, and what it leaves behind.

use super::server::Server;
use infrakt::event::{Outcome, RunState, Stream};
use infrakt::store::{Home, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub struct Infrakt {
    pub directory: tempfile::TempDir,
    home: PathBuf,
    environment: Vec<(String, String)>,
}

/// What the journal says of a run, as far as it has to be the same however often the connection was lost.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    pub state: RunState,
    pub outcomes: Vec<Option<Outcome>>,
    pub statuses: Vec<Option<i32>>,
    /// By step, what it printed on its standard output and its standard error.
    pub output: BTreeMap<usize, (Vec<u8>, Vec<u8>)>,
}

impl Infrakt {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let home = directory.path().join("home");
        Self {
            directory,
            home,
            environment: Vec::new(),
        }
    }

    /// One with its home in this place.
    pub fn at_home(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            ..Self::new()
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes it know a server as `name`, at this port of this computer.
    #[track_caller]
    pub fn knows(&self, name: &str, server: &Server, port: u16) {
        let (port, key) = (port.to_string(), server.key());
        let key = key.to_str().expect("UTF-8");
        let fingerprint = server.fingerprint();
        let words = ["server", "add", name, "--host", "127.0.0.1", "--port", &port];
        self.run(&[&words[..], &["--key", key, "--host-key", &fingerprint]].concat())
            .exits(0);
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Writes a recipe; gives the path that it is run by.
    pub fn recipe(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("a recipe");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infrakt"));
        command.args(words);
        self.furnish(&mut command);
        command
    }

    /// The same call under a program that starts it: `strace -o log infrakt …`.
    pub fn command_under(&self, starter: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(starter[0]);
        command
            .args(&starter[1..])
            .arg(env!("CARGO_BIN_EXE_infrakt"))
            .args(words);
        self.furnish(&mut command);
        command
    }

    fn furnish(&self, command: &mut Command) {
        command.env("INFRAKT_HOME", &self.home).stdin(Stdio::null());
        // Neither the keys nor the known hosts of whoever runs the tests.
        command.env("HOME", self.directory.path()).env_remove("SSH_AUTH_SOCK");
        for name in [
            "INFRAKT_SUDO_PASSWORD",
            "INFRAKT_SSH_PASSWORD",
            "INFRAKT_SSH_PASSPHRASE",
        ] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Runs it without a terminal. One that has not ended after five minutes never would: it is killed.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ended {
        self.run_under(&[], words)
    }

    /// As [`Infrakt::run`], with half a gigabyte of address space: whoever lets others fill its memory does not survive it.
    #[track_caller]
    pub fn run_in_little_memory(&self, words: &[&str]) -> Ended {
        self.run_under(&["prlimit", "--as=500000000"], words)
    }

    #[track_caller]
    fn run_under(&self, starter: &[&str], words: &[&str]) -> Ended {
        let starter = [&["timeout", "300"], starter].concat();
        let ended = Ended::from(self.command_under(&starter, words).output().expect("infrakt starts"));
        assert_ne!(ended.exit, 124, "it does not end: {ended}");
        ended
    }

    /// Starts it without a terminal, and does not wait for its end.
    pub fn start(&self, words: &[&str]) -> Child {
        start(&mut self.command(words))
    }

    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        let ended = self.run(&[words, &["--json"]].concat()).exits(0);
        serde_json::from_str(&ended.stdout).expect("one JSON document")
    }

    pub fn store(&self) -> Store {
        let home = Home::open(Some(self.home.clone())).expect("a home");
        Store::open(&home).expect("a database")
    }

    /// The newest run, if there is any.
    pub fn newest_run(&self) -> Option<i64> {
        let runs = self.store().runs(1, None).expect("the runs");
        runs.first().map(|run| run.id)
    }

    /// What the journal says of a run.
    pub fn told_of(&self, run: i64) -> Told {
        let store = self.store();
        let mut output: BTreeMap<usize, (Vec<u8>, Vec<u8>)> = BTreeMap::new();
        store
            .output_of(run, None, |chunk| {
                let both = output.entry(chunk.step).or_default();
                match chunk.stream {
                    Stream::Stdout => both.0.extend(chunk.bytes),
                    Stream::Stderr => both.1.extend(chunk.bytes),
                }
                Ok(())
            })
            .expect("the output");
        let steps = store.steps_of(run).expect("the steps");
        Told {
            state: store.run(run).expect("the run").state,
            outcomes: steps.iter().map(|step| step.outcome).collect(),
            statuses: steps.iter().map(|step| step.exit_status).collect(),
            output,
        }
    }
}

/// As short as it can be: what it printed may be long.
impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:?}", self.state)?;
        for (step, (outcome, status)) in self.outcomes.iter().zip(&self.statuses).enumerate() {
            let (stdout, stderr) = self.output.get(&step).cloned().unwrap_or_default();
            let head = String::from_utf8_lossy(&stdout[..stdout.len().min(40)]).into_owned();
            let (outcome, status) = (outcome.map_or("open", Outcome::as_str), status.unwrap_or(-1));
            writeln!(
                f,
                "{step} {outcome} {status}: {} and {} bytes, {head:?}",
                stdout.len(),
                stderr.len()
            )?;
        }
        Ok(())
    }
}

impl Told {
    pub fn nothing() -> Self {
        Self {
            state: RunState::Running,
            outcomes: Vec::new(),
            statuses: Vec::new(),
            output: BTreeMap::new(),
        }
    }

    /// What a step printed on its standard output.
    pub fn printed(&self, step: usize) -> &[u8] {
        self.output.get(&step).map_or(b"", |(stdout, _)| stdout)
    }
}

pub fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("infrakt starts")
}

/// What a call left behind.
pub struct Ended {
    /// -1 if it was killed.
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(child: Child) -> Self {
        Self::from(child.wait_with_output().expect("infrakt ends"))
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "{self}");
        self
    }

    /// On either stream.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "it does not say {text:?}:\n{self}"
        );
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { exit, stdout, stderr } = self;
        write!(f, "exit {exit}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
