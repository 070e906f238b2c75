//! What steps print for later ones: each in a file, in a folder of the run that outlives its stretches. A run that is resumed
//! finds it there.
//!
//! It gives shell text, and must not know who runs it.

use crate::plan::{Plan, Step};
use std::fmt::Write as _;

/// Bytes of an output that a later step may get.
pub(super) const LONGEST: usize = 64 << 10;

/// The folder for the outputs of a run, from the folder of one of its stretches. It is removed with the other records that
/// are not fetched, if nothing else removes it.
pub(super) fn folder(stretch: &str) -> String {
    let run = stretch.rsplit_once('-').map_or(stretch, |(run, _)| run);
    format!("{run}.outputs")
}

/// Whether a later step uses what this one prints.
pub(super) fn is_used(plan: &Plan, index: usize) -> bool {
    let mut used = plan.steps.iter().flat_map(|step| step.outputs.values());
    used.any(|number| *number == index + 1)
}

/// Whether any step of the plan uses what another one prints.
pub(super) fn has_any(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| !step.outputs.is_empty())
}

/// Sets the variables of a step to what earlier ones have printed. If that is missing or too long, its scripts end with
/// `otherwise`; without that, they do without it.
pub(super) fn exports(step: &Step, stretch: &str, otherwise: Option<u8>) -> String {
    let mut exports = String::new();
    let folder = folder(stretch);
    for (name, number) in &step.outputs {
        // Writing to a String does not fail.
        let _ = match otherwise {
            Some(status) => writeln!(
                exports,
                "if [ ! -e {folder}/{number} ]; then\n\
                 echo 'the server no longer has the output of step {number}; run the recipe again' >&2\nexit {status}\nfi\n\
                 if [ \"$(stat -c %s {folder}/{number})\" -gt {LONGEST} ]; then\n\
                 echo 'step {number} has printed more than {} KiB' >&2\nexit {status}\nfi\n\
                 {name}=$(cat {folder}/{number})\nexport {name}",
                LONGEST >> 10
            ),
            None => writeln!(
                exports,
                "if {name}=$(cat {folder}/{number} 2>/dev/null); then export {name}; fi"
            ),
        };
    }
    exports
}
