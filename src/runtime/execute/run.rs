//! One run on one server: begun and executed.

use super::begun::{BegunRun, RunProgress, note_error};
use super::world::JournalledWorld;
use crate::consent::{ConsentedPlan, check_age};
use crate::error::Result;
use crate::event::{Ended, RunEvent};
use crate::executor::Execution;
use crate::executor::script::Secrets;
use crate::runtime::open::{Runtime, operator};
use crate::runtime::reach::live::Live;
use crate::runtime::reach::self_detection;
use crate::runtime::stop::Stop;
use jiff::Timestamp;

impl Runtime {
    /// Begins a run of a plan that was saved: takes the lock on the server, uses up the consent, and opens the journal.
    /// Nothing is done yet. (What comes from a recipe begins with [`Runtime::begin_group`], also on a single server.)
    ///
    /// # Errors
    /// A refusal (locked, or a consent that has expired), or a problem with the journal.
    pub fn begin(&self, consented: ConsentedPlan, live: Live, secrets: Secrets) -> Result<BegunRun> {
        // A question may have been open for days.
        check_age(consented.plan(), Timestamp::now())?;
        let journal = self
            .store
            .begin_run(consented.plan(), consented.consent(), &operator())?;
        Ok(BegunRun {
            consented,
            live,
            secrets,
            journal,
            progress: RunProgress::default(),
        })
    }

    /// Executes a run that was begun: looks once more at the machine if anything is to be destroyed, and runs the steps.
    /// Every event is in the journal before `report` sees it.
    ///
    /// # Errors
    /// A refusal (protected, stale, or locked by another computer), or a problem with the journal. How the steps went is
    /// in [`Ended`].
    pub fn execute(&self, begun: &mut BegunRun, stop: &dyn Stop, report: &mut dyn FnMut(&RunEvent)) -> Result<Ended> {
        // What is executed now is to be done, whatever became of it before.
        begun.progress.settled.clear();
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
            server_id: plan.server.id,
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
            secrets,
            run: &run,
            holder: &holder,
            thread_name: &self_detection::thread_name()?,
            connection: &mut *session,
            world: &mut world,
        })
    }
}
