//! Events as JSON for programs, one per line on stdout. The field `event` says what kind it is; see docs/cli.md.

use crate::document::event::{EventShown, Happening};
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
