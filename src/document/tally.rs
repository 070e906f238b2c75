//! How many steps of a run ended how.

use crate::event::Outcome;
use crate::plan::Effect;
use schemars::JsonSchema;
use serde::Serialize;

/// The steps that have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    pub changed: usize,
    /// There was nothing to do.
    pub no_change: usize,
    pub failed: usize,
    pub stopped: usize,
    pub skipped: usize,
    pub unknown: usize,
    /// Steps that only look, and passed.
    pub checks: usize,
}

impl Tally {
    pub fn count(&mut self, effect: Effect, outcome: Outcome) {
        *match (outcome, effect) {
            (Outcome::NoChange, Effect::Check) => &mut self.checks,
            (Outcome::Changed, _) => &mut self.changed,
            (Outcome::NoChange, _) => &mut self.no_change,
            (Outcome::Failed, _) => &mut self.failed,
            (Outcome::Stopped, _) => &mut self.stopped,
            (Outcome::Skipped, _) => &mut self.skipped,
            (Outcome::Unknown, _) => &mut self.unknown,
        } += 1;
    }

    /// `3 changed, 17 no change, 1 check`.
    pub fn words(&self) -> String {
        let checks = if self.checks == 1 { "check" } else { "checks" };
        let words: Vec<String> = [
            (self.changed, "changed"),
            (self.no_change, "no change"),
            (self.failed, "failed"),
            (self.stopped, "stopped"),
            (self.skipped, "skipped"),
            (self.unknown, "unknown"),
            (self.checks, checks),
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
