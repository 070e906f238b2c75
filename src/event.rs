//! The events of a run, as they happen. The journal, the terminal and the JSON output are all made from these events,
//! so they can't disagree. This file knows only the types of the plan.

use crate::plan::Effect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Changed,
    /// A guard held, so there was nothing to do; or the step is a check, and it passed.
    NoChange,
    Failed,
    /// Ended by the user before its own end: with a second Ctrl-C, for example.
    Stopped,
    /// Not started, because the run ended before it.
    Skipped,
    /// Started, and infrakt did not see it end.
    Unknown,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::NoChange => "no_change",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }

    /// What it is called for people. A check that passed is a check, and nothing else: it could change nothing.
    pub fn word(self, effect: Effect) -> &'static str {
        match (self, effect) {
            (Self::NoChange, Effect::Check) => "check",
            (Self::NoChange, Effect::Change | Effect::Destroy) => "no change",
            (Self::Changed | Self::Failed | Self::Stopped | Self::Skipped | Self::Unknown, _) => self.as_str(),
        }
    }
}

/// Why a step did not end well: with its exit status, where it has one.
pub fn why(reason: Option<&str>, status: Option<i32>) -> String {
    match (reason, status) {
        (Some(reason), Some(status)) => format!("{reason} (exit status {status})"),
        (Some(reason), None) => reason.to_owned(),
        (None, Some(status)) => format!("exit status {status}"),
        (None, None) => "no exit status".to_owned(),
    }
}

/// How a run ended, or that it is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
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

/// How far the server's own records of a run have been taken note of. From here on they can be read again, by another
/// process too, and nothing is missed or repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StretchPosition {
    /// Which of the run's stretches: parts that the server executes by itself, counted from 1.
    pub stretch: u32,
    /// The index of the step that it begins with.
    pub first_step: usize,
    /// Bytes of the runner's journal, of the steps' standard output and of their standard error for which everything was
    /// noted.
    pub journal: u64,
    pub out: u64,
    pub err: u64,
    /// Nothing more can come: the runner has ended, or will never begin, and all that it wrote was noted.
    pub ended: bool,
}

impl StretchPosition {
    /// The beginning of a stretch.
    pub fn start(stretch: u32, first_step: usize) -> Self {
        Self {
            stretch,
            first_step,
            journal: 0,
            out: 0,
            err: 0,
            ended: false,
        }
    }
}

/// How a run ended, with the reason if it did not succeed: the content of [`RunEvent::RunEnded`], for summaries.
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
