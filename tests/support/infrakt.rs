//! The program that was built, in a home of its own, and what it leaves behind.

use super::ended::Ended;
use super::server::Server;
use infrakt::event::{Outcome, RunState, Stream};
use infrakt::store::{Home, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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

    /// With a server `prod-2` that nothing answers for: TCP port 9 of this computer is closed.
    pub fn with_server() -> Self {
        let infrakt = Self::new();
        infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
        infrakt
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

    /// A folder for the user's own files, which is also where the program is started.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into that folder, and gives back its name.
    pub fn file<'n>(&self, name: &'n str, text: impl AsRef<[u8]>) -> &'n str {
        std::fs::write(self.folder().join(name), text).expect("the file is written");
        name
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
        command.env("INFRAKT_HOME", &self.home);
        command.current_dir(self.folder()).env("COLUMNS", "100");
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        // Neither the keys nor the known hosts of the user who runs the tests.
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

    /// Runs it without a terminal. After 20 minutes it is killed: it would never end.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ended {
        self.run_under(&[], words)
    }

    /// As [`Infrakt::run`], with something on standard input.
    #[track_caller]
    pub fn run_with(&self, words: &[&str], stdin: impl AsRef<[u8]>) -> Ended {
        let mut child = start(self.command(words).stdin(Stdio::piped()));
        // A call that does not read its input may have ended before all of it was written.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_ref());
        Ended::of(child)
    }

    /// Runs what must succeed, and gives back what it printed.
    #[track_caller]
    pub fn ok(&self, words: &[&str]) -> String {
        self.run(words).exits(0).stdout
    }

    /// Runs what must be refused with this exit code and nothing on stdout, and gives back what it said.
    #[track_caller]
    pub fn refused(&self, exit: i32, words: &[&str]) -> String {
        let ended = self.run(words).exits(exit);
        assert_eq!(ended.stdout, "", "{words:?}");
        ended.stderr
    }

    /// As [`Infrakt::run`], with half a gigabyte of address space: the process fails if others can fill its memory.
    #[track_caller]
    pub fn run_in_little_memory(&self, words: &[&str]) -> Ended {
        self.run_in_memory(500_000_000, words)
    }

    /// As [`Infrakt::run`], with a limit on the address space in bytes.
    #[track_caller]
    pub fn run_in_memory(&self, bytes: u64, words: &[&str]) -> Ended {
        self.run_under(&["prlimit", &format!("--as={bytes}")], words)
    }

    #[track_caller]
    fn run_under(&self, starter: &[&str], words: &[&str]) -> Ended {
        let starter = [&["timeout", "1200"], starter].concat();
        let ended = Ended::from(self.command_under(&starter, words).output().expect("infrakt starts"));
        assert_ne!(ended.exit, 124, "it does not end: {ended}");
        ended
    }

    /// Starts it without a terminal, and does not wait for its end.
    pub fn start(&self, words: &[&str]) -> Child {
        start(self.command(words).stdin(Stdio::null()))
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
