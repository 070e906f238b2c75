//! A run of the journal.

use crate::consent::Consent;
use crate::event::{Outcome, Stream};
use crate::plan::{Action, Effect, Invocation, Origin, Plan, Step, Undo};
use crate::runtime::RunRecord;
use crate::store::{OutputChunk, Run, StepRecord};
use jiff::Timestamp;
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
    pub steps: Vec<StepShown>,
    /// The values that its recipe reports; null for those that are not known.
    pub report: BTreeMap<String, Value>,
    /// Messages of the run that belong to no step.
    pub notices: Vec<String>,
    /// Whether it ended early and can be resumed.
    pub resumable: bool,
}

// Its fields are not those of `StepRecord` by flattening it, as `RunShown` does with `Run`: steps count from 1 here, and a field
// of the journal's row becomes one of the API only when it is written here. `of` names all of them, so that the compiler asks.
/// One step of a run: how it ended, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StepShown {
    /// Its number in the plan, counted from 1.
    pub step: usize,
    pub section: Option<String>,
    pub title: String,
    pub effect: Effect,
    /// `None` if neither an end nor an interruption of the step was seen: it has not begun, or is running.
    pub outcome: Option<Outcome>,
    pub exit_status: Option<i32>,
    pub duration_ms: Option<u64>,
    pub reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What it does, as the plan says; with what follows, `None` for a run of an older infrakt whose plan can't be read.
    pub action: Option<Action>,
    /// Read-only commands: if one of them succeeds, there is nothing to do.
    pub unless: Vec<String>,
    /// Read-only commands: if one of them fails, there is nothing to do.
    pub only_if: Vec<String>,
    /// Numbers of earlier steps: there is something to do only if one of them has changed something.
    pub when_changed: Vec<usize>,
    /// Environment variables with what earlier steps have printed: their names, and the numbers of the steps.
    pub outputs: BTreeMap<String, usize>,
    /// Whether it also has its turn if an earlier step has failed, or the run is stopped.
    pub always: bool,
    /// Of an upload: the read-only command that must accept the new content, in the file `$FILE`.
    pub validate: Option<String>,
    /// Of an upload: the read-only command that must succeed afterwards, or the old file is put back.
    pub restore_unless: Option<String>,
    pub undo: Option<Undo>,
    /// How the command and the guards are invoked.
    pub invocation: Option<Invocation>,
    /// The line of the recipe that made it.
    pub origin: Option<Origin>,
    /// All of it, for people.
    #[serde(skip)]
    #[schemars(skip)]
    pub planned: Option<Step>,
}

/// A piece of what a step of a run printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutputShown {
    /// The step's number in the plan, counted from 1.
    pub step: usize,
    pub stream: Stream,
    /// Bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl From<OutputChunk> for OutputShown {
    fn from(chunk: OutputChunk) -> Self {
        Self {
            step: chunk.step + 1,
            stream: chunk.stream,
            text: String::from_utf8_lossy(&chunk.bytes).into_owned(),
        }
    }
}

impl StepShown {
    fn of(record: StepRecord, plan: Option<&Plan>) -> Self {
        let StepRecord {
            step,
            section,
            title,
            effect,
            outcome,
            exit_status,
            duration_ms,
            reason,
            started_at,
            ended_at,
        } = record;
        let planned = plan.and_then(|plan| plan.steps.get(step)).cloned();
        Self {
            step: step + 1,
            section,
            title,
            effect,
            outcome,
            exit_status,
            duration_ms,
            reason,
            started_at,
            ended_at,
            action: planned.as_ref().map(|step| step.action.clone()),
            unless: planned.as_ref().map_or_else(Vec::new, |step| step.unless.clone()),
            only_if: planned.as_ref().map_or_else(Vec::new, |step| step.only_if.clone()),
            when_changed: planned.as_ref().map_or_else(Vec::new, |step| step.when_changed.clone()),
            outputs: planned.as_ref().map_or_else(BTreeMap::new, |step| step.outputs.clone()),
            always: planned.as_ref().is_some_and(|step| step.always),
            validate: planned.as_ref().and_then(|step| step.validate.clone()),
            restore_unless: planned.as_ref().and_then(|step| step.restore_unless.clone()),
            undo: planned.as_ref().and_then(|step| step.undo.clone()),
            invocation: planned.as_ref().map(|step| step.invocation.clone()),
            origin: planned.as_ref().map(|step| step.origin.clone()),
            planned,
        }
    }
}

impl From<RunRecord> for RunShown {
    fn from(record: RunRecord) -> Self {
        let RunRecord {
            run,
            parameters,
            consent,
            plan,
            steps,
            report,
            notices,
            resumable,
        } = record;
        let steps = steps.into_iter().map(|step| StepShown::of(step, plan.as_ref()));
        Self {
            run,
            parameters,
            consent,
            steps: steps.collect(),
            report,
            notices,
            resumable,
        }
    }
}
