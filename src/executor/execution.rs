//! The inputs of one execution of one plan, and how it reports what happens.

use super::connection::Connection;
use crate::consent::ConsentedPlan;
use crate::error::{Error, Result};
use crate::event::{Ended, Outcome, RunEvent, StretchPosition, why};
use crate::plan::secret::Secrets;
use crate::plan::{Effect, LocalFile, Plan, StateChange};
use std::collections::BTreeSet;
use std::io::Read;
use std::time::Instant;

/// Those that an execution reports to, and that do what is not done on the server.
pub trait World {
    /// Takes note of what happened, and of how far the server's records have been read with it: both or neither. It is
    /// called before anything of it is acted upon, so that a journal is complete.
    ///
    /// # Errors
    /// If it can't be noted down; the run then stops after the current step.
    fn note(&mut self, events: &[RunEvent], position: Option<&StretchPosition>) -> Result<()>;

    /// Opens a file beside the recipe, to send its content to the server.
    ///
    /// # Errors
    /// If it can't be read, or can be changed by other users.
    fn open(&self, file: &LocalFile) -> Result<Box<dyn Read>>;

    /// Carries out a change of the local database. Gives whether anything changed.
    ///
    /// # Errors
    /// If it could not be done; the step has then failed.
    fn change(&mut self, change: &StateChange) -> Result<bool>;

    /// How many times the user has asked to stop: once, after the current step; twice, at once.
    fn interrupts(&self) -> usize;

    /// Why, for the journal and for people.
    fn why_interrupted(&self) -> String {
        "stopped by Ctrl-C".to_owned()
    }
}

/// One execution of one plan.
pub struct Execution<'a> {
    pub consented: &'a ConsentedPlan,
    /// The first step to execute; the ones before it are done.
    pub from: usize,
    /// How many stretches of the run there have been; a resumed run has had some.
    pub stretches: u32,
    /// An earlier process has begun the run.
    pub resumed: bool,
    /// Bytes of output that are kept of the run.
    pub kept: u64,
    /// The steps whose outcome is noted already.
    pub settled: BTreeSet<usize>,
    /// The run has failed or was stopped, and only the steps that always run are left. Initially false.
    pub winding_up: bool,
    /// A value for each of the plan's secrets.
    pub secrets: &'a Secrets,
    /// Names the run on the server; letters, digits and `-`.
    pub run: &'a str,
    pub holder: &'a str,
    pub thread_name: &'a str,
    pub connection: &'a mut dyn Connection,
    pub world: &'a mut dyn World,
}

impl Execution<'_> {
    /// How many requests to stop change nothing: the first one does not apply to the steps that always run.
    pub(super) fn interrupts_tolerated(&self) -> usize {
        usize::from(self.winding_up)
    }
}

/// Reports what happened. A step that only looks has changed nothing, however well it ended.
pub(super) fn note(
    world: &mut dyn World,
    plan: &Plan,
    mut events: Vec<RunEvent>,
    position: Option<&StretchPosition>,
) -> Result<()> {
    for event in &mut events {
        if let RunEvent::StepEnded { step, outcome, .. } = event
            && *outcome == Outcome::Changed
            && plan.steps.get(*step).is_some_and(|step| step.effect == Effect::Check)
        {
            *outcome = Outcome::NoChange;
        }
    }
    world.note(&events, position)
}

/// Carries out the change of the database that a step asks for.
pub(super) fn change(world: &mut dyn World, plan: &Plan, index: usize, change: &StateChange) -> Result<Option<Ended>> {
    let started = Instant::now();
    let done = world.change(change);
    close(world, plan, index, started, &done)
}

/// Reports how a step of the client's own ended. `Some`: it went wrong, and the run is over.
pub(super) fn close(
    world: &mut dyn World,
    plan: &Plan,
    step: usize,
    started: Instant,
    done: &Result<bool>,
) -> Result<Option<Ended>> {
    let (outcome, reason, over) = match done {
        Ok(true) => (Outcome::Changed, None, None),
        Ok(false) => (Outcome::NoChange, None, None),
        Err(Error::Interrupted) => {
            let why = world.why_interrupted();
            (Outcome::Stopped, Some(why.clone()), Some(Ended::interrupted(why)))
        }
        Err(error) => {
            let reason = error.to_string();
            let over = failed(plan, step, Some(&reason), None);
            (Outcome::Failed, Some(reason), Some(over))
        }
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ended = RunEvent::StepEnded {
        step,
        outcome,
        exit_status: None,
        duration_ms,
        reason,
    };
    note(world, plan, vec![ended], None)?;
    Ok(over)
}

/// The end of a run in which this step failed: which one, and why.
pub(super) fn failed(plan: &Plan, step: usize, reason: Option<&str>, status: Option<i32>) -> Ended {
    let title = plan.steps.get(step).map_or("", |step| step.title.as_str());
    Ended::failed(format!("step {} failed: {title}: {}", step + 1, why(reason, status)))
}

pub(super) fn skipped(step: usize) -> RunEvent {
    RunEvent::StepEnded {
        step,
        outcome: Outcome::Skipped,
        exit_status: None,
        duration_ms: 0,
        reason: None,
    }
}
