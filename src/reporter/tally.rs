//! How many steps of a run ended how.

use crate::event::Outcome;
use crate::plan::Effect;
use serde::Serialize;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub changed: usize,
    /// There was nothing to do.
    pub unchanged: usize,
    pub failed: usize,
    pub skipped: usize,
    pub unknown: usize,
    /// Steps that only look, and ended well.
    pub checked: usize,
}

impl Tally {
    pub fn count(&mut self, effect: Effect, outcome: Outcome) {
        *match (outcome, effect) {
            (Outcome::Unchanged, Effect::Read) => &mut self.checked,
            (Outcome::Changed, _) => &mut self.changed,
            (Outcome::Unchanged, _) => &mut self.unchanged,
            (Outcome::Failed, _) => &mut self.failed,
            (Outcome::Skipped, _) => &mut self.skipped,
            (Outcome::Unknown, _) => &mut self.unknown,
        } += 1;
    }

    /// `3 changed, 17 unchanged`.
    pub fn words(&self) -> String {
        let words: Vec<String> = [
            (self.changed, "changed"),
            (self.unchanged, "unchanged"),
            (self.failed, "failed"),
            (self.skipped, "skipped"),
            (self.unknown, "unknown"),
            (self.checked, "checked"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        if words.is_empty() {
            return "no steps".to_owned();
        }
        words.join(", ")
    }
}
