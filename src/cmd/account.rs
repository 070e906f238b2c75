//! The state of each server that a command works on, and who reports it.

use super::report::{Report, Row};
use crate::error::{Error, Exit, Result};
use crate::prompt;
use crate::runtime::{AtOnce, Fate, Runtime, WaitingRun};
use std::ops::Range;

pub(super) struct RunningAccount<'a> {
    /// One for each server, in the order of the stages.
    pub rows: Vec<Row>,
    pub report: &'a dyn Report,
}

impl RunningAccount<'_> {
    /// Leaves a server without a run, and reports it at once.
    pub fn leave_out(&mut self, place: usize, error: Error) -> Result<()> {
        let Some(row) = self.rows.get_mut(place) else {
            return Ok(());
        };
        row.fail(&error);
        self.report.left_out(row, error)
    }

    pub fn has_run(&mut self, place: usize, waiting: &WaitingRun) {
        if let Some(row) = self.rows.get_mut(place) {
            row.run = Some(waiting.run_id());
        }
    }

    /// The first server at these places that is left out.
    pub fn first_left_out(&self, places: &Range<usize>) -> Option<&Row> {
        self.at(places).iter().find(|row| row.is_left_out())
    }

    /// The first server that is not done, before a place.
    pub fn first_not_done(&self, before: usize) -> Option<&Row> {
        self.at(&(0..before)).iter().find(|row| !row.is_done())
    }

    /// The servers that will have no run, each with the reason, as long as no run was begun.
    pub fn left_out(&self) -> Vec<(String, String)> {
        let reason = |row: &Row| Some((row.server.clone(), row.reason.clone()?));
        self.rows.iter().filter_map(reason).collect()
    }

    /// Leaves the servers from this place on without a run. Those that are left out already keep their reason.
    pub fn skip_from(&mut self, first: usize, reason: &str) {
        for place in first..self.rows.len() {
            if self.rows.get(place).is_some_and(|row| row.reason.is_none()) {
                self.skip(place, reason, Exit::Done);
            }
        }
    }

    /// The servers at these places.
    pub fn at(&self, places: &Range<usize>) -> &[Row] {
        self.rows.get(places.clone()).unwrap_or_default()
    }

    /// Executes the runs of the servers at these places, each for the server at its own.
    pub fn execute(
        &mut self,
        runtime: &Runtime,
        at_once: AtOnce<'_>,
        places: &Range<usize>,
        begun: Vec<(usize, WaitingRun)>,
    ) -> Result<()> {
        if let Some(fail_fast) = at_once.fail_fast
            && let Some(refused) = self.first_left_out(places)
        {
            // Another run began first, or a consent was too old. This is the last check that can refuse a server.
            let reason = format!("not started, because '{}' failed ({fail_fast})", refused.server);
            return self.skip_all(runtime, begun, &reason);
        }
        let (own_places, waiting): (Vec<usize>, Vec<WaitingRun>) = begun.into_iter().unzip();
        let servers: Vec<&str> = waiting.iter().map(|run| run.plan().server.name.as_str()).collect();
        let progress = self.report.progress(&servers, places.len() - servers.len());
        let fates = runtime.execute_all(
            waiting,
            at_once,
            &prompt::interrupts,
            &|number, told| progress.told(number, told),
            &mut || progress.beat(),
        );
        let mut counted = progress.close();
        for (number, (place, fate)) in own_places.into_iter().zip(fates?).enumerate() {
            match fate {
                Fate::Skipped { reason, by_user } => {
                    let exit = if by_user { Exit::Interrupted } else { Exit::Done };
                    self.skip(place, &reason, exit);
                }
                Fate::Ended(ended) => {
                    let Some(row) = self.rows.get_mut(place) else { continue };
                    row.account = counted.remove(&number);
                    row.end(&ended);
                    if let Some(run) = row.run {
                        row.report = runtime.report_of(run)?;
                    }
                    if let Err(error) = &ended {
                        self.report.broke(row, error);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends runs that will not be executed.
    pub fn skip_all(&mut self, runtime: &Runtime, begun: Vec<(usize, WaitingRun)>, reason: &str) -> Result<()> {
        let (places, waiting): (Vec<usize>, Vec<WaitingRun>) = begun.into_iter().unzip();
        runtime.skip(waiting, reason)?;
        for place in places {
            self.skip(place, reason, Exit::Done);
        }
        Ok(())
    }

    fn skip(&mut self, place: usize, reason: &str, exit: Exit) {
        if let Some(row) = self.rows.get_mut(place) {
            row.skip(reason, exit);
            self.report.skipped(row, reason);
        }
    }
}
