//! A step of the draft, as a recipe holds it, and how a modifier alters it.

use crate::plan::{Action, Step};
use crate::recipe::api::call::{RhaiResult, origin};
use crate::recipe::draft::{Problem, SharedDraft, bytes_of};
use rhai::NativeCallContext;
use std::borrow::Cow;

/// A step of the draft, as a recipe sees it.
#[derive(Debug, Clone)]
pub struct StepHandle {
    index: usize,
}

impl StepHandle {
    pub fn new(index: usize) -> Self {
        Self { index }
    }

    /// Its place in the plan, counted from 1.
    pub(super) fn number(&self) -> usize {
        self.index + 1
    }

    /// Its place in the plan, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Gives it a guard of infrakt's own.
    pub fn set_unless(&self, context: &NativeCallContext, guard: String) -> RhaiResult<Self> {
        alter(context, self, |step| {
            step.unless.push(guard);
            Ok(())
        })
    }

    pub fn set_idempotent(&self, context: &NativeCallContext) -> RhaiResult<Self> {
        alter(context, self, |step| {
            step.idempotent = true;
            Ok(())
        })
    }

    /// Notes that the step destroys without saying so; at the end of the recipe that is an error, unless what follows, such
    /// as a guard, excuses it.
    pub fn destroys_unless_excused(&self, context: &NativeCallContext, problem: Problem) -> RhaiResult<()> {
        let source = context.call_source().unwrap_or_default().to_owned();
        let shared = SharedDraft::of(context)?;
        shared
            .lock()
            .pending
            .push((self.index, problem, source, context.call_position()));
        Ok(())
    }

    /// The same for an upload that is a script.
    pub fn check_script(&self, context: &NativeCallContext) -> RhaiResult<()> {
        let shared = SharedDraft::of(context)?;
        let problem = {
            let draft = shared.lock();
            let step = draft.steps.get(self.index);
            let content = step.and_then(|step| match &step.action {
                Action::Upload { content, .. } => Some(content),
                _ => None,
            });
            content.zip(draft.destroys_unsaid(self.index)).map(|(content, found)| {
                let text = draft.scripts.get(&self.index).map(Cow::from);
                let script = content.file().map_or("the uploaded script", |file| &file.file);
                Problem::of_script(&found, script, &text.unwrap_or_else(|| content.outline()))
            })
        };
        problem.map_or(Ok(()), |problem| self.destroys_unless_excused(context, problem))
    }
}

/// Parses a duration.
pub(super) fn seconds(context: &NativeCallContext, what: &str, duration: &str, longest: u64) -> RhaiResult<u64> {
    duration
        .parse::<jiff::SignedDuration>()
        .ok()
        .map(|duration| duration.as_secs())
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| (1..=longest).contains(seconds))
        .ok_or_else(|| {
            Problem::new(format!("{duration:?} is not a valid {what}"))
                .label(format!("a {what} is from 1s to {}h", longest / 3600))
                .help("write it as \"90s\", \"5m\" or \"1h 30m\"")
                .at(context)
        })
}

/// Alters the step, and gives it back for the next modifier.
pub(super) fn alter(
    context: &NativeCallContext,
    handle: &StepHandle,
    change: impl FnOnce(&mut Step) -> Result<(), Problem>,
) -> RhaiResult<StepHandle> {
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let here = origin(context, &draft);
    let Some(step) = draft.steps.get_mut(handle.index) else {
        return Err(Problem::new("this step belongs to another plan").at(context));
    };
    let before = bytes_of(step);
    change(step).map_err(|problem| problem.at(context))?;
    if step.origin.is_shipped() && !here.is_shipped() {
        step.origin.altered_by = Some(here.file);
    }
    let after = bytes_of(step);
    draft
        .charge(after.saturating_sub(before))
        .map_err(|problem| problem.at(context))?;
    Ok(handle.clone())
}
