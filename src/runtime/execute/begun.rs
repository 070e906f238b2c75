//! A run that was begun, and how far it has got.

use crate::consent::ConsentedPlan;
use crate::error::{Error, Refusal, Result};
use crate::event::{RunEvent, RunState};
use crate::plan::printable::one_line;
use crate::plan::secret::Secrets;
use crate::plan::{Plan, Step};
use crate::runtime::reach::live::Live;
use crate::store::Journal;
use std::collections::BTreeSet;

/// A run that was begun: its plan and consent, the way to its server, and its journal, which holds the lock.
pub struct BegunRun {
    pub(super) consented: ConsentedPlan,
    pub(super) live: Live,
    pub(super) secrets: Secrets,
    pub(super) journal: Journal,
    pub(super) progress: RunProgress,
}

/// What is done of a run when its execution begins.
#[derive(Default)]
pub(super) struct RunProgress {
    /// The first step that is not.
    pub(super) from: usize,
    /// How many stretches of it there have been.
    pub(super) stretches: u32,
    /// The steps whose outcome is known.
    pub(super) settled: BTreeSet<usize>,
    pub(super) resumed: bool,
}

impl BegunRun {
    /// Whether what is still to do takes away what can't be brought back.
    pub(super) fn rest_destroys(&self) -> bool {
        let rest = self.plan().steps.get(self.progress.from..).unwrap_or_default();
        rest.iter().any(Step::destroys)
    }

    pub fn run_id(&self) -> i64 {
        self.journal.run_id()
    }

    pub fn plan(&self) -> &Plan {
        self.consented.plan()
    }

    /// The refusal to continue if the outcome of a step is unknown.
    pub fn unknown_step(&self, index: usize) -> Refusal {
        let plan = self.plan();
        let title = plan.steps.get(index).map_or("", |step| step.title.as_str());
        Refusal::UnknownStep {
            server: plan.server.name.clone(),
            run: self.run_id(),
            step: index + 1,
            title: one_line(title).into_owned(),
        }
    }
}

/// Ends the run in the journal if something went wrong that is no step's doing.
pub(super) fn note_error<T>(begun: &mut BegunRun, report: &mut dyn FnMut(&RunEvent), outcome: Result<T>) -> Result<T> {
    if let Err(error) = &outcome {
        let state = match error {
            // The server continues with the steps that it has received.
            Error::Interrupted | Error::Ssh(_) => RunState::Interrupted,
            Error::Recipe(_)
            | Error::Refused(_)
            | Error::Server(_)
            | Error::Store(_)
            | Error::Usage { .. }
            | Error::File { .. }
            | Error::Malformed { .. }
            | Error::Facts { .. }
            | Error::SecretMissing { .. }
            | Error::Run { .. } => RunState::Failed,
        };
        let end = RunEvent::RunEnded {
            state,
            reason: Some(error.to_string()),
        };
        // The first error is returned already; it says more than a failure to record it.
        if begun.journal.append(std::slice::from_ref(&end), None).is_ok() {
            report(&end);
        }
    }
    outcome
}
