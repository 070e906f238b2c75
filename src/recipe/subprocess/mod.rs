//! Evaluates a recipe in a separate process, so that it can't use up this one's memory or time.

mod child;
mod parent;
mod protocol;

pub use child::{is_asked_for, serve};
pub use parent::{evaluate_anyway_in_subprocess, start_ahead};
