//! What happens during a run, as it happens. The journal, the terminal and the JSON output are all made from these, so
//! they can't disagree. It knows only the plan's words.

use serde::{Deserialize, Serialize};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Changed,
    /// A guard held: there was nothing to do.
    Unchanged,
    Failed,
    /// Never started, because the run ended before it.
    Skipped,
    /// Started, and its end was never seen.
    Unknown,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// How a run ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Running,
    Done,
    Failed,
    /// Ended by Ctrl-C, a lost connection or a crash; can be resumed.
    Interrupted,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// One thing that happened in a run. Steps are named by their index in the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    StepStarted {
        step: usize,
    },
    /// A piece of what a step printed, secrets already taken out. Pieces are at most 64 KiB, in the order of each
    /// stream; bytes, since programs print what they like.
    Output {
        step: usize,
        stream: Stream,
        bytes: Vec<u8>,
    },
    StepEnded {
        step: usize,
        outcome: Outcome,
        /// The command's own exit status; `None` where there was no command or its end was not seen.
        exit_status: Option<i32>,
        duration_ms: u64,
        /// Why it ended so, where the exit status does not say it: `timed out after 300 s`.
        reason: Option<String>,
    },
    /// Something that the reader should know and that belongs to no step: `connection lost, trying again`.
    Notice {
        message: String,
    },
    RunEnded {
        state: RunState,
        reason: Option<String>,
    },
}

/// How a run ended, and why if not well: what [`RunEvent::RunEnded`] says, for whoever sums it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub state: RunState,
    pub reason: Option<String>,
}

impl Ended {
    pub fn done() -> Self {
        Self {
            state: RunState::Done,
            reason: None,
        }
    }

    pub fn failed(reason: impl Into<String>) -> Self {
        Self {
            state: RunState::Failed,
            reason: Some(reason.into()),
        }
    }

    pub fn interrupted(reason: impl Into<String>) -> Self {
        Self {
            state: RunState::Interrupted,
            reason: Some(reason.into()),
        }
    }
}
