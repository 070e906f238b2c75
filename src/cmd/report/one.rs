//! Reports one server: its run in lines, and an error of it as the error of the command.

use super::super::{Context, output};
use super::{Progress, Report, Row, StageHead, values};
use crate::error::{Error, Exit, Result};
use crate::event::{Ended, RunEvent};
use crate::plan::Plan;
use crate::prompt;
use crate::reporter::{Account, Reporter};
use crate::runtime::Told;
use crate::store::GroupId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(in crate::cmd) struct One<'a> {
    context: &'a Context,
}

impl<'a> One<'a> {
    pub(in crate::cmd) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Shows what the recipe reports.
    pub(in crate::cmd) fn show_values(&self, rows: &[Row]) -> Result<()> {
        let mut with_run = rows.iter().filter_map(|row| Some((row, row.run?)));
        with_run.try_for_each(|(row, run)| values::show(&row.report, run, &row.server, self.context))
    }
}

impl Report for One<'_> {
    fn remark(&self, _server: &str, line: &str) -> String {
        line.to_owned()
    }

    fn left_out(&self, _row: &Row, error: Error) -> Result<()> {
        Err(error)
    }

    fn begun(&self, _group: GroupId, _recipe: &str, _rows: &[Row]) -> Result<()> {
        // The first line of the run names it.
        Ok(())
    }

    fn stage(&self, _stage: &StageHead<'_>) -> Result<()> {
        // A play is reported as several servers are.
        Ok(())
    }

    fn progress(&self, _servers: &[&str], _left_out: usize) -> Box<dyn Progress> {
        Box::new(Lines::new(self.context))
    }

    fn skipped(&self, row: &Row, reason: &str) {
        let error = Error::Run {
            message: format!("nothing was run on '{}': {reason}", row.server),
            exit: Exit::Interrupted,
            hint: row.run.map(|run| format!("infrakt runs resume {run}")),
        };
        output::error(&error, self.context);
    }

    fn broke(&self, _row: &Row, error: &Error) {
        output::error(error, self.context);
    }

    fn end(&self, _group: GroupId, rows: &[Row]) -> Result<()> {
        // The run's own last lines have said the rest.
        self.show_values(rows)
    }
}

/// The lines of one run, with its summary at the end. What broke it is said by the caller.
pub(in crate::cmd) struct Lines {
    context: Context,
    reporter: Mutex<Option<Reporter>>,
}

impl Lines {
    pub(in crate::cmd) fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            reporter: Mutex::new(None),
        }
    }

    /// The run begins, or continues after [`Lines::pause`].
    pub(in crate::cmd) fn begin(&self, run: i64, plan: &Plan) {
        let mut reporter = self.reporter();
        if reporter.is_none() {
            let begun = Reporter::begin(plan, run, self.context.json, self.context.verbose > 0);
            prompt::tell_of_interrupts(begun.tell_of_interrupts());
            *reporter = Some(begun);
        }
    }

    pub(in crate::cmd) fn event(&self, event: &RunEvent) {
        if let Some(reporter) = self.reporter().as_mut() {
            reporter.event(event);
        }
    }

    /// Leaves the last line of the terminal to a question.
    pub(in crate::cmd) fn pause(&self) {
        prompt::tell_of_interrupts(None);
        if let Some(reporter) = self.reporter().take() {
            reporter.abandon();
        }
    }

    pub(in crate::cmd) fn end(&self, ended: &Result<Ended>) {
        let Ok(ended) = ended else {
            return self.pause();
        };
        prompt::tell_of_interrupts(None);
        if let Some(reporter) = self.reporter().take()
            && let Err(error) = reporter.end(ended)
        {
            output::error(&error, &self.context);
        }
    }

    fn reporter(&self) -> MutexGuard<'_, Option<Reporter>> {
        self.reporter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Lines {
    fn told(&self, _number: usize, told: Told<'_>) {
        match told {
            Told::Begins { run, plan } => self.begin(run, plan),
            Told::Event(event) => self.event(event),
            Told::Ended(ended) => self.end(ended),
        }
    }

    fn close(self: Box<Self>) -> BTreeMap<usize, Account> {
        BTreeMap::new()
    }
}
