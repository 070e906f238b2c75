//! Executes one run that was begun, on its server. The command line executes several at a time with it
//! (`side_by_side.rs`), the service in the background (`background.rs`).

use super::begun::{BegunRun, note_error};
use super::world::JournalledWorld;
use crate::error::Result;
use crate::event::{Ended, RunEvent};
use crate::executor::Execution;
use crate::runtime::open::{Runtime, operator};
use crate::runtime::reach::self_detection;
use crate::runtime::stop::Stop;

impl Runtime {
    /// Executes a run that was begun: looks once more at the machine if anything is to be destroyed, and runs the steps.
    /// Every event is in the journal before `report` sees it.
    ///
    /// # Errors
    /// A refusal (protected, stale, or locked by another computer), or a problem with the journal. How the steps went is
    /// in [`Ended`].
    pub fn execute(&self, begun: &mut BegunRun, stop: &dyn Stop, report: &mut dyn FnMut(&RunEvent)) -> Result<Ended> {
        // These steps are executed now, even if an earlier attempt settled some of them.
        begun.progress.settled.clear();
        if begun.progress.resumed {
            begun.journal.open_from(begun.progress.from)?;
        }
        let looked = match begun.rest_destroys() {
            true => begun
                .live
                .look_again(&self.store, begun.plan(), begun.progress.resumed, stop),
            false => Ok(()),
        };
        let outcome = looked.and_then(|()| self.with_execution(begun, stop, report, |execution| execution.execute()));
        note_error(begun, report, outcome)
    }

    /// Makes the execution of a run that was begun, and hands it to `act`.
    pub(super) fn with_execution<T>(
        &self,
        begun: &mut BegunRun,
        stop: &dyn Stop,
        report: &mut dyn FnMut(&RunEvent),
        act: impl FnOnce(Execution<'_>) -> Result<T>,
    ) -> Result<T> {
        let BegunRun {
            consented,
            live,
            secrets,
            journal,
            progress,
        } = begun;
        let plan = consented.plan();
        let run = journal.spool().to_owned();
        let kept = match progress.resumed {
            true => self.store.kept_of(journal.run_id())?,
            false => 0,
        };
        let holder = format!("run {} of {} by {}", journal.run_id(), plan.recipe.name, operator());
        let mut world = JournalledWorld {
            journal,
            store: &self.store,
            plan,
            stop,
            report,
        };
        let mut session = live.connection();
        act(Execution {
            consented,
            from: progress.from,
            stretches: progress.stretches,
            resumed: progress.resumed,
            kept,
            settled: progress.settled.clone(),
            winding_up: false,
            secrets,
            run: &run,
            holder: &holder,
            thread_name: &self_detection::thread_name()?,
            connection: &mut *session,
            world: &mut world,
        })
    }
}
