//! Events as JSON, one a line on stdout, for programs. The field `event` says what kind it is; see docs/cli.md.

use crate::event::RunEvent;
use crate::plan::{Plan, printable};
use serde_json::{Value, json};
use std::io::Write;

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
        self.write(json!({
            "event": "run_started", "recipe": plan.recipe.name, "digest": plan.digest, "steps": plan.steps.len(),
        }));
    }

    pub fn event(&mut self, event: &RunEvent) {
        let value = describe(self.plan, event);
        self.write(value);
    }

    fn write(&self, mut value: Value) {
        value["run"] = self.run.into();
        value["server"] = self.plan.server.name.clone().into();
        // A reader that has gone away must not end a run that is under way.
        let _ = writeln!(std::io::stdout(), "{}", printable::json(&value.to_string()));
    }
}

/// An event as a JSON object.
pub fn describe(plan: &Plan, event: &RunEvent) -> Value {
    let title = |step: usize| plan.steps.get(step).map(|step| step.title.as_str());
    match event {
        RunEvent::StepStarted { step } => json!({ "event": "step_started", "step": step, "title": title(*step) }),
        RunEvent::Output { step, stream, bytes } => json!({
            "event": "output", "step": step, "stream": stream, "text": String::from_utf8_lossy(bytes),
        }),
        RunEvent::StepEnded {
            step,
            outcome,
            exit_status,
            duration_ms,
            reason,
        } => json!({
            "event": "step_ended", "step": step, "title": title(*step), "outcome": outcome,
            "exit_status": exit_status, "duration_ms": duration_ms, "reason": reason,
        }),
        RunEvent::Notice { message } => json!({ "event": "notice", "message": message }),
        RunEvent::RunEnded { state, reason } => json!({ "event": "run_ended", "state": state, "reason": reason }),
    }
}
