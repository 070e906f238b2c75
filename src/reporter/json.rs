//! Events as JSON, one a line on stdout, for programs. The field `event` says what kind it is; see docs/cli.md.

use crate::event::{Outcome, RunEvent, RunState, Stream};
use crate::plan::{Plan, printable};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::Write;

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

/// Something that happened in a run. Steps are named by their index in the plan.
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
                step,
                title: title(step),
            },
            RunEvent::Output { step, stream, bytes } => Self::Output {
                step,
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
                step,
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

pub struct Json<'a> {
    plan: &'a Plan,
    run: i64,
}

impl<'a> Json<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, run: 0 }
    }

    /// For the further events of a run that has begun.
    pub fn of_run(plan: &'a Plan, run: i64) -> Self {
        Self { plan, run }
    }

    pub fn begin(&mut self, id: i64) {
        self.run = id;
        let plan = self.plan;
        self.write(&json!({
            "event": "run_started", "recipe": plan.recipe.name, "digest": plan.digest, "steps": plan.steps.len(),
            "run": id, "server": plan.server.name,
        }));
    }

    pub fn event(&mut self, event: &RunEvent) {
        let title = |step: usize| self.plan.steps.get(step).map(|step| step.title.clone());
        let shown = EventShown {
            event: Happening::of(event, title),
            run: self.run,
            server: self.plan.server.name.clone(),
        };
        // Words and numbers alone: there is no way for this to fail.
        if let Ok(value) = serde_json::to_value(&shown) {
            self.write(&value);
        }
    }

    fn write(&self, value: &Value) {
        // A reader that has gone away must not end a run that is under way.
        let _ = writeln!(std::io::stdout(), "{}", printable::json(&value.to_string()));
    }
}
