//! How the file of an upload would change, as far as people may see it: the lines that differ, its mode and its owner. Of a
//! file that holds secrets, or that not every user of the server may read, only lines are shown that the plan itself has.
//!
//! It must not know how the server was asked.

mod change;
mod compare;
mod lines;

pub use change::{
    ContentSize, DesiredFile, DiffLine, FileChange, FromTo, Hunk, Limit, LineKind, MOST_COMPARED, MOST_SHOWN, Present,
    PresentFile,
};
pub use compare::can_be_compared;
