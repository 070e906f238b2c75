//! Makes a plan from a recipe: what it would do, and what it would find on the server now.
//!
//! It must not know how a plan is executed.

pub(super) mod copied_files;
pub(super) mod each_server;
pub(super) mod example;
mod file_changes;
pub(super) mod make;
pub(super) mod preview;
pub(super) mod saved;
pub(super) mod shown_plans;
