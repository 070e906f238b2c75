//! What the journal says of runs, while they are executed and afterwards: lists, records, steps, output, groups. (For those
//! who follow a run, `events.rs` has what happens in it.)

use super::open::{Parameters, Runtime};
use crate::consent::Consent;
use crate::error::{Error, Result, StoreError};
use crate::event::{Outcome, Stream};
use crate::plan::{Plan, Reported};
use crate::store::{GroupId, OutputChunk, Run, RunFilter, RunGroup, StepRecord};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of the end of a step's output that a report has, or a little more.
const LONGEST_OUTPUT: usize = 4096;

/// A run with everything in the journal except the output of its steps.
pub struct RunRecord {
    pub run: Run,
    /// Those of its plan.
    pub parameters: Parameters,
    /// The consent that began it, or the last one with which it was resumed. `None` if it needed none.
    pub consent: Option<Consent>,
    /// The plan that it executes. `None` where an older infrakt has made it, in a form that this one can't read.
    pub plan: Option<Plan>,
    pub steps: Vec<StepRecord>,
    /// The values of its report, as far as they are known; null for the others.
    pub report: BTreeMap<String, Value>,
    pub notices: Vec<String>,
    pub resumable: bool,
}

impl Runtime {
    /// The newest runs that match the filter first, at most `limit`.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn runs(&self, filter: RunFilter<'_>, limit: usize) -> Result<Vec<Run>> {
        self.store.runs_matching(filter, limit)
    }

    /// A run as it is now. One whose process has died is recorded as interrupted.
    ///
    /// # Errors
    /// If there is no such run, or the database can't be read.
    pub fn run(&self, id: i64) -> Result<Run> {
        self.store.run(id)
    }

    /// # Errors
    /// If there is no such run, or the database can't be read.
    pub fn run_record(&self, id: i64) -> Result<RunRecord> {
        // The plan of an older infrakt may have another form; the rest can be shown without it.
        let plan = self.store.plan_of(id).ok();
        let report = match &plan {
            Some(plan) => self.reported_by(plan, id)?,
            None => BTreeMap::new(),
        };
        Ok(RunRecord {
            report,
            run: self.store.run(id)?,
            parameters: plan.as_ref().map(|plan| plan.parameters.clone()).unwrap_or_default(),
            consent: self.store.consent_of(id)?,
            plan,
            steps: self.store.steps_of(id)?,
            notices: self.store.notices_of(id)?,
            resumable: self.is_resumable(id)?,
        })
    }

    /// The values of a run's report, as far as they are known; null for the others.
    ///
    /// # Errors
    /// If there is no such run, or the database can't be read.
    pub fn report_of(&self, run_id: i64) -> Result<BTreeMap<String, Value>> {
        self.reported_by(&self.store.plan_of(run_id)?, run_id)
    }

    fn reported_by(&self, plan: &Plan, run_id: i64) -> Result<BTreeMap<String, Value>> {
        let steps = self.store.steps_of(run_id)?;
        let has_printed = |index: usize| {
            let outcome = steps
                .iter()
                .find(|step| step.step == index)
                .and_then(|step| step.outcome);
            matches!(outcome, Some(Outcome::Changed | Outcome::NoChange))
        };
        let mut values = BTreeMap::new();
        for (name, value) in &plan.report {
            let printed_by = value
                .output()
                .and_then(|number| number.checked_sub(1))
                .filter(|index| has_printed(*index));
            let value = match (value, printed_by) {
                (Reported::Known(value), _) => value.clone(),
                (Reported::Output { .. }, None) => Value::Null,
                (Reported::Output { .. }, Some(step)) => {
                    let stdout = Stream::Stdout;
                    let printed = self
                        .store
                        .printed_until(run_id, step, stdout, i64::MAX, LONGEST_OUTPUT)?;
                    Value::from(String::from_utf8_lossy(&printed).trim_end().to_owned())
                }
            };
            values.insert(name.clone(), value);
        }
        Ok(values)
    }

    /// Whether a run has ended early, so that it can be resumed.
    ///
    /// # Errors
    /// If there is no such run, or the database can't be read.
    fn is_resumable(&self, run_id: i64) -> Result<bool> {
        match self.store.check_resumable(run_id) {
            Err(Error::Refused(_) | Error::Store(StoreError::RunIsDone { .. } | StoreError::RunIsTooOld { .. })) => {
                Ok(false)
            }
            Err(error) => Err(error),
            Ok(()) => {
                let server_id = self.store.run(run_id)?.server_id;
                Ok(server_id.is_some())
            }
        }
    }

    /// The steps of a run, in their order.
    ///
    /// # Errors
    /// If there is no such run, or the database can't be read.
    pub fn steps_of(&self, run_id: i64) -> Result<Vec<StepRecord>> {
        self.store.steps_of(run_id)
    }

    /// Hands each piece of what a run printed, or one step of it, to `visit`, in the order in which it came. Holds one
    /// piece at a time in memory.
    ///
    /// # Errors
    /// If there is no such run, the database can't be read, or `visit` fails.
    pub fn output_of(
        &self,
        run_id: i64,
        step: Option<usize>,
        visit: impl FnMut(OutputChunk) -> Result<()>,
    ) -> Result<()> {
        self.store.output_of(run_id, step, visit)
    }

    /// # Errors
    /// If there is no such group, or the database can't be read.
    pub fn group(&self, id: GroupId) -> Result<RunGroup> {
        self.store.run_group(id)
    }

    /// The group that a run belongs to. `None` if it executed a saved plan.
    ///
    /// # Errors
    /// If there is no such run, or the database can't be read.
    pub fn group_of_run(&self, run_id: i64) -> Result<Option<GroupId>> {
        self.store.group_of_run(run_id)
    }
}
