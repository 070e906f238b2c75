//! Events as JSON for programs, one per line on stdout. The field `event` says what kind it is; see docs/cli.md.

use crate::document::event::{EventShown, Happening, RunStarted};
use crate::event::RunEvent;
use crate::plan::{Plan, printable};
use serde::Serialize;
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
        write(&RunStarted::of(plan, run));
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
        write(&shown);
    }
}

fn write(document: &impl Serialize) {
    // Words and numbers alone: there is no way for this to fail.
    if let Ok(value) = serde_json::to_value(document) {
        // A reader that has gone away must not end a run that is under way.
        let _ = writeln!(std::io::stdout(), "{}", printable::json(&value.to_string()));
    }
}
