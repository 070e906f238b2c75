//! Reports several servers: what is left out at once, a line for each run in progress, and a table at the end. With
//! `--json` the events of all of them, and a summary as the last line.

use super::super::{Context, output};
use super::summary::Summary;
use super::{Progress, Report, Row, StageHead};
use crate::document::error::ErrorShown;
use crate::document::several::GroupEvent;
use crate::error::{Error, Result};
use crate::plan::printable::one_line;
use crate::prompt;
use crate::reporter::{Account, Fleet};
use crate::runtime::Told;
use crate::store::GroupId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(in crate::cmd) struct Several<'a> {
    context: &'a Context,
}

impl<'a> Several<'a> {
    pub(in crate::cmd) fn new(context: &'a Context) -> Self {
        Self { context }
    }
}

impl Report for Several<'_> {
    fn remark(&self, server: &str, line: &str) -> String {
        format!("{server}: {line}")
    }

    fn left_out(&self, row: &Row, error: Error) -> Result<()> {
        if self.context.json {
            // A reader that closed the pipe must not end the runs.
            let _ = output::json_line(&GroupEvent::ServerLeftOut {
                server: row.server.clone(),
                run: None,
                outcome: row.outcome,
                error: ErrorShown::of(&error),
            });
            return Ok(());
        }
        if !error.names_server() {
            output::note(&format!("{}:", row.server));
        }
        output::error(&error, self.context);
        Ok(())
    }

    fn begun(&self, group: GroupId, recipe: &str, rows: &[Row]) -> Result<()> {
        if !self.context.json {
            return Ok(());
        }
        output::json_line(&GroupEvent::GroupStarted {
            group,
            recipe: recipe.to_owned(),
            servers: rows.iter().map(Row::member).collect(),
        })
    }

    fn stage(&self, stage: &StageHead<'_>) -> Result<()> {
        if self.context.json {
            return output::json_line(&GroupEvent::StageStarted {
                stage: stage.name.to_owned(),
                recipe: stage.recipe.to_owned(),
                servers: stage.servers.iter().map(|server| (*server).to_owned()).collect(),
            });
        }
        output::styled_note(&output::stage_heading(stage.number, stage.of, stage.name, stage.recipe));
        Ok(())
    }

    fn progress(&self, servers: &[&str], left_out: usize) -> Box<dyn Progress> {
        Box::new(FleetProgress {
            fleet: Fleet::new(servers, left_out, self.context.json, self.context.verbose > 0),
            interrupts_told: AtomicUsize::new(0),
        })
    }

    fn skipped(&self, row: &Row, reason: &str) {
        if self.context.json {
            // A reader that closed the pipe must not end the runs.
            let _ = output::json_line(&GroupEvent::RunSkipped {
                server: row.server.clone(),
                run: row.run,
                reason: reason.to_owned(),
            });
        }
    }

    fn broke(&self, row: &Row, error: &Error) {
        if let (Some(hint), false) = (error.hint(), self.context.json) {
            output::note(&format!("{}: {}", one_line(&row.server), hint));
        }
    }

    fn end(&self, group: GroupId, rows: &[Row]) -> Result<()> {
        Summary { group, rows }.show(self.context)
    }
}

struct FleetProgress {
    fleet: Fleet,
    interrupts_told: AtomicUsize,
}

impl Progress for FleetProgress {
    fn told(&self, number: usize, told: Told<'_>) {
        match told {
            Told::Begins { run, plan } => self.fleet.begin(number, run, plan),
            Told::Event(event) => self.fleet.event(number, event),
            Told::Ended(Ok(ended)) => self.fleet.end(number, Ok(ended)),
            Told::Ended(Err(error)) => self.fleet.end(number, Err(&error.to_string())),
        }
    }

    fn beat(&self) {
        let interrupts = prompt::interrupts();
        if interrupts > self.interrupts_told.swap(interrupts, Ordering::SeqCst) {
            self.fleet.interrupted(interrupts);
        }
        self.fleet.tick();
    }

    fn close(self: Box<Self>) -> BTreeMap<usize, Account> {
        self.fleet.close()
    }
}
