//! Events as JSON for programs, one per line on stdout. The field `event` says what kind it is; see docs/cli.md.

use crate::document::event::{EventShown, Happening};
use crate::event::RunEvent;
use crate::plan::{Plan, printable};
use serde_json::{Value, json};
use std::io::Write;

pub struct Json {
    run: i64,
    server: String,
    /// Those of the steps.
    titles: Vec<String>,
}

impl Json {
    /// The run has an id and begins.
    pub fn begin(plan: &Plan, run: i64) -> Self {
        write(&json!({
            "event": "run_started", "recipe": plan.recipe.name, "digest": plan.digest, "steps": plan.steps.len(),
            "run": run, "server": plan.server.name,
        }));
        Self {
            run,
            server: plan.server.name.clone(),
            titles: plan.steps.iter().map(|step| step.title.clone()).collect(),
        }
    }

    pub fn event(&self, event: &RunEvent) {
        let title = |step: usize| self.titles.get(step).cloned();
        let shown = EventShown {
            event: Happening::of(event, title),
            run: self.run,
            server: self.server.clone(),
        };
        // Words and numbers alone: there is no way for this to fail.
        if let Ok(value) = serde_json::to_value(&shown) {
            write(&value);
        }
    }
}

fn write(value: &Value) {
    // A reader that has gone away must not end a run that is under way.
    let _ = writeln!(std::io::stdout(), "{}", printable::json(&value.to_string()));
}
