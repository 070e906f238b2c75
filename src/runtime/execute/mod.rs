//! Executes consented plans: starts, follows and resumes runs, on one server or on many.

pub(super) mod background;
pub(super) mod begin_shown;
pub(super) mod begun;
pub(super) mod group;
pub(super) mod resume;
pub(super) mod run;
mod secret_file;
pub(super) mod secrets;
pub(super) mod side_by_side;
pub(super) mod world;
