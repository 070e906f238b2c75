//! A run of the journal.

use crate::consent::Consent;
use crate::runtime::RunRecord;
use crate::store::{Run, StepRecord};
use schemars::JsonSchema;
use serde::Serialize;

/// A run with all that the journal says of it, but for what its steps printed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunShown {
    #[serde(flatten)]
    pub run: Run,
    /// The one that began it, or the last with which it was resumed; null if it needed none.
    pub consent: Option<Consent>,
    pub steps: Vec<StepRecord>,
    /// What was said during the run that belongs to no step.
    pub notices: Vec<String>,
    /// Whether it has ended early and can be gone on with.
    pub resumable: bool,
}

impl From<RunRecord> for RunShown {
    fn from(record: RunRecord) -> Self {
        let RunRecord {
            run,
            consent,
            steps,
            notices,
            resumable,
        } = record;
        Self {
            run,
            consent,
            steps,
            notices,
            resumable,
        }
    }
}
