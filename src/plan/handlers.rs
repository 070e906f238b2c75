//! Handlers: steps that have something to do only if earlier ones changed something. A server remembers which handlers still
//! have to run, so that none is lost when a run fails before it.

use super::digest::sha256;
use super::{Plan, Step};

impl Plan {
    /// The name by which a server remembers, across runs, that this step still has to run; `None` if it is no handler. It is the
    /// same after its command was corrected, and another one if the step depends on other steps, such as those of another app.
    pub fn handler_name(&self, index: usize) -> Option<String> {
        let is_same = |step: &&Step, title: &str| step.title == title && !step.when_changed.is_empty();
        let step = self.steps.get(index).filter(|step| !step.when_changed.is_empty())?;
        let before = self.steps.iter().take(index);
        let before = before.filter(|other| is_same(other, &step.title)).count();
        let awaited = step.when_changed.iter();
        let awaited = awaited.filter_map(|number| Some(self.steps.get(number.checked_sub(1)?)?.identity()));
        let awaited: Vec<&str> = awaited.collect();
        let identity = format!("{}\0{}\0{before}\0{}", self.recipe.name, step.title, awaited.join("\0"));
        let mut name = sha256(identity.as_bytes());
        name.truncate(32);
        Some(name)
    }

    /// The handlers that have to run if this step changes something.
    pub fn handlers_of(&self, index: usize) -> impl Iterator<Item = (usize, &Step)> {
        let number = index + 1;
        let steps = self.steps.iter().enumerate();
        steps.filter(move |(_, step)| step.when_changed.contains(&number))
    }
}
