//! An event of a run. The field `event` says what kind it is; see docs/cli.md.

use crate::event::{Outcome, RunEvent, RunState, Stream};
use crate::plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run begins. Event streams of the API begin later, so only the command line says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "event", rename = "run_started")]
pub struct RunStarted {
    pub recipe: String,
    /// Of its plan.
    pub digest: String,
    /// How many.
    pub steps: usize,
    pub run: i64,
    pub server: String,
}

impl RunStarted {
    pub fn of(plan: &Plan, run: i64) -> Self {
        Self {
            recipe: plan.recipe.name.clone(),
            digest: plan.digest.clone(),
            steps: plan.steps.len(),
            run,
            server: plan.server.name.clone(),
        }
    }
}

/// What a run reports, after its last event. Event streams of the API leave it out, since a run has it in its own document.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename = "report")]
pub struct ReportShown {
    pub values: BTreeMap<String, Value>,
    pub run: i64,
    pub server: String,
}

/// An event for programs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EventShown {
    #[serde(flatten)]
    pub event: Happening,
    /// The run's number.
    pub run: i64,
    /// The server's name.
    pub server: String,
}

// It resembles `RunEvent` and is not the same: that one counts from 0, knows no titles, and has the bytes that a step printed.
// What is added there becomes a part of the API only when it is written here; `of` names all fields, so that the compiler asks.
/// Something that happened in a run. Steps are counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    StepStarted {
        step: usize,
        title: Option<String>,
    },
    /// A piece of what a step printed.
    Output {
        step: usize,
        stream: Stream,
        text: String,
    },
    StepEnded {
        step: usize,
        title: Option<String>,
        outcome: Outcome,
        exit_status: Option<i32>,
        duration_ms: u64,
        reason: Option<String>,
    },
    /// Something that belongs to no step.
    Notice {
        message: String,
    },
    RunEnded {
        state: RunState,
        reason: Option<String>,
    },
}

impl Happening {
    /// `title` gives that of a step.
    pub fn of(event: &RunEvent, title: impl Fn(usize) -> Option<String>) -> Self {
        match event.clone() {
            RunEvent::StepStarted { step } => Self::StepStarted {
                step: step + 1,
                title: title(step),
            },
            RunEvent::Output { step, stream, bytes } => Self::Output {
                step: step + 1,
                stream,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            },
            RunEvent::StepEnded {
                step,
                outcome,
                exit_status,
                duration_ms,
                reason,
            } => Self::StepEnded {
                step: step + 1,
                title: title(step),
                outcome,
                exit_status,
                duration_ms,
                reason,
            },
            RunEvent::Notice { message } => Self::Notice { message },
            RunEvent::RunEnded { state, reason } => Self::RunEnded { state, reason },
        }
    }

    /// The word of the field `event`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StepStarted { .. } => "step_started",
            Self::Output { .. } => "output",
            Self::StepEnded { .. } => "step_ended",
            Self::Notice { .. } => "notice",
            Self::RunEnded { .. } => "run_ended",
        }
    }
}
