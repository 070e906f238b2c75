//! Executes runs that were begun: one, or several at the same time. Events of a run are identified by its position in the
//! list.
//!
//! It must not know how anything is shown.

use super::group::WaitingRun;
use crate::error::Result;
use crate::event::{Ended, RunEvent, RunState};
use crate::plan::Plan;
use crate::runtime::open::Runtime;
use crate::runtime::stop::Stop;
use std::fmt::{self, Display};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Following steps took 76 KiB at most when it was measured, unoptimised. The rest is for what logging in again may need:
/// resolvers are plugged into the C library, and some are deep.
pub(super) const EXECUTING_STACK: usize = 512 * 1024;

/// How many runs are executed at the same time.
#[derive(Debug, Clone, Copy)]
pub struct AtOnce<'a> {
    /// How many at the same time.
    pub parallel: NonZeroUsize,
    /// What makes the others stop as soon as one goes wrong; `None` if they continue.
    pub fail_fast: Option<FailFast<'a>>,
}

impl AtOnce<'static> {
    /// One run has no others beside it.
    pub const ONE: Self = Self {
        parallel: NonZeroUsize::MIN,
        fail_fast: None,
    };
}

/// Where the user has set that the others stop after a failure.
#[derive(Debug, Clone, Copy)]
pub enum FailFast<'a> {
    Option,
    /// In the stage of this name.
    Stage(&'a str),
}

impl Display for FailFast<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => write!(f, "--fail-fast"),
            Self::Stage(name) => write!(f, "fail_fast of the stage '{name}'"),
        }
    }
}

/// The reports of the runs, from several threads at once.
pub enum Told<'a> {
    Begins { run: i64, plan: &'a Plan },
    Event(&'a RunEvent),
    Ended(&'a Result<Ended>),
}

/// How one of the runs ended.
pub enum Fate {
    Ended(Result<Ended>),
    /// It never had its turn.
    Skipped {
        reason: String,
        /// Whether it was the user who wanted all of them to stop.
        by_user: bool,
    },
}

impl Runtime {
    /// Executes runs that were begun, at most `parallel` at the same time. `interrupts` as in [`Runtime::execute`], for all of them;
    /// `tell` is called from several threads; `beat` on this one, about ten times a second.
    ///
    /// # Errors
    /// If no thread can be started (nothing was executed then), or the end of runs that had no turn can't be recorded.
    pub fn execute_all(
        &self,
        waiting: Vec<WaitingRun>,
        at_once: AtOnce<'_>,
        interrupts: &(dyn Fn() -> usize + Sync),
        tell: &(dyn Fn(usize, Told<'_>) + Sync),
        beat: &mut dyn FnMut(),
    ) -> Result<Vec<Fate>> {
        let halt = Halt {
            interrupts,
            failed: Mutex::new(None),
        };
        let executed = self.each(
            waiting,
            at_once.parallel,
            EXECUTING_STACK,
            &|runtime, index, waiting| {
                if halt.asked() > 0 {
                    // Its connection is closed here, beside those of the others.
                    return Err(waiting.queued);
                }
                let server = waiting.plan().server.name.clone();
                let (run, plan) = (waiting.run_id(), waiting.plan());
                tell(index, Told::Begins { run, plan });
                let ended = waiting.begin().and_then(|mut begun| {
                    runtime.execute(&mut begun, &halt, &mut |event| tell(index, Told::Event(event)))
                });
                if let Some(fail_fast) = at_once.fail_fast
                    && !matches!(&ended, Ok(ended) if ended.state == RunState::Done)
                {
                    halt.because_of(format!("'{server}' failed ({fail_fast})"));
                }
                tell(index, Told::Ended(&ended));
                Ok(ended)
            },
            &mut |_| beat(),
        )?;
        let reason = format!("not started: {}", halt.why());
        let mut skipped = Vec::new();
        let fates = executed
            .into_iter()
            .map(|result| match result {
                Ok(ended) => Fate::Ended(ended),
                Err(queued) => {
                    skipped.push(queued);
                    Fate::Skipped {
                        reason: reason.clone(),
                        by_user: halt.failed().is_none(),
                    }
                }
            })
            .collect();
        self.store.end_queued(skipped, &reason)?;
        Ok(fates)
    }
}

/// What makes the runs stop.
struct Halt<'a> {
    interrupts: &'a (dyn Fn() -> usize + Sync),
    /// The failure, if the others must stop because of it.
    failed: Mutex<Option<String>>,
}

impl Halt<'_> {
    fn because_of(&self, failure: String) {
        if (self.interrupts)() > 0 {
            // It went no further because nothing was to.
            return;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(failure);
    }

    fn failed(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stop for Halt<'_> {
    fn asked(&self) -> usize {
        (self.interrupts)().max(usize::from(self.failed().is_some()))
    }

    fn why(&self) -> String {
        match self.failed() {
            Some(failure) => format!("stopped because {failure}"),
            None => "stopped by Ctrl-C".to_owned(),
        }
    }
}
