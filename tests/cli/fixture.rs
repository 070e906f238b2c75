//! A home of its own and the program in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub struct Infrakt {
    directory: tempfile::TempDir,
}

/// What a call left behind.
pub struct Ended {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Infrakt {
    /// With a server `prod-2` that nothing answers for: TCP port 9 of this computer, where nobody listens.
    pub fn with_server() -> Self {
        let infrakt = Self::new();
        infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
        infrakt
    }

    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
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

    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infrakt"));
        command
            .args(words)
            .current_dir(self.folder())
            .env("INFRAKT_HOME", self.home())
            .env("COLUMNS", "100")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    /// Runs it without a terminal and with nothing on standard input.
    pub fn run(&self, words: &[&str]) -> Ended {
        self.run_with(words, b"")
    }

    pub fn run_with(&self, words: &[&str], stdin: &[u8]) -> Ended {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("infrakt starts");
        // A call that does not read its input may have ended before all of it was written.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        Ended::from(child.wait_with_output().expect("infrakt ends"))
    }

    /// Runs what must succeed, and gives back what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.exit, 0, "{words:?}: {}", ended.stderr);
        ended.stdout
    }

    /// Runs what must be refused with this exit code and nothing on stdout, and gives back what it said.
    pub fn refused(&self, exit: i32, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(
            (ended.exit, ended.stdout.as_str()),
            (exit, ""),
            "{words:?}: {}",
            ended.stderr
        );
        ended.stderr
    }

    pub fn json(&self, words: &[&str]) -> serde_json::Value {
        let words = [words, &["--json"]].concat();
        serde_json::from_str(&self.ok(&words)).expect("one JSON document")
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
