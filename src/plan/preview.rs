//! What the server said when a plan was made for it: what each step would do now, and how that was asked.

use super::file_change::FileChange;
use schemars::JsonSchema;
use serde::Serialize;

/// What the server said of a plan's steps when it was asked; see `infrakt plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// One for each step.
    pub marks: Vec<Mark>,
    /// Why steps would fail.
    pub findings: Vec<Finding>,
    /// How files would change, in the order of the steps.
    pub changes: Vec<FileChange>,
}

/// Why a step would fail, in the words of its check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The step, counted from 1.
    pub step: usize,
    pub message: String,
}

/// The result of a step's guards during planning; see `infrakt plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    WouldChange,
    /// A guard holds, so there is nothing to do.
    NoChange,
    /// The step is a check: it never changes anything.
    Check,
    /// A check that would fail now.
    WouldFail,
}

/// Whether the queries and guards that ran for the plan could have changed files on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asked {
    /// The server's file systems were read-only for them.
    pub read_only: bool,
    /// Why they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Preview {
    /// How a step would change a file. The step is counted from 0.
    pub fn change_of(&self, index: usize) -> Option<&FileChange> {
        self.changes.iter().find(|change| change.step == index + 1)
    }
}

impl Asked {
    pub fn read_only() -> Self {
        Self {
            read_only: true,
            reason: None,
        }
    }

    pub fn unguarded(reason: &str) -> Self {
        Self {
            read_only: false,
            reason: Some(reason.to_owned()),
        }
    }
}
