//! How a call of the program ended, and what it printed.

use serde_json::Value;
use std::process::{Child, Output};

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

    #[track_caller]
    pub fn keeps_silent_about(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "it says {text:?}:\n{self}"
        );
        self
    }

    /// What it printed with `--json`, line by line.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let object = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(object).collect()
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
