//! A run of the journal.

use crate::consent::Consent;
use crate::runtime::RunRecord;
use crate::store::{Run, StepRecord};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run with everything in the journal except the output of its steps.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunShown {
    #[serde(flatten)]
    pub run: Run,
    /// The parameters of its plan, with the defaults of its recipe.
    pub parameters: BTreeMap<String, Value>,
    /// The consent that started it, or the last one with which it was resumed; null if it needed none.
    pub consent: Option<Consent>,
    pub steps: Vec<StepRecord>,
    /// Messages of the run that belong to no step.
    pub notices: Vec<String>,
    /// Whether it ended early and can be resumed.
    pub resumable: bool,
}

impl From<RunRecord> for RunShown {
    fn from(record: RunRecord) -> Self {
        let RunRecord {
            run,
            parameters,
            consent,
            steps,
            notices,
            resumable,
        } = record;
        Self {
            run,
            parameters,
            consent,
            steps,
            notices,
            resumable,
        }
    }
}
