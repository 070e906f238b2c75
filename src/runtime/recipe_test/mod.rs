//! Tests of a recipe without a server: the author's own cases, which are in a file beside the recipe, or else every
//! supported system.
//!
//! It must not know how the results are printed.

mod case;
mod diff;
mod snapshots;
mod verdict;

pub use case::{Case, TestFile};
pub use snapshots::Snapshots;
pub use verdict::{CaseVerdict, verdict};
