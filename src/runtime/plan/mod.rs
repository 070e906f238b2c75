//! From a recipe to a plan that a person can read: what it would do, and what it would find there now.
//!
//! It must not know how a plan is executed.

pub(super) mod example;
pub(super) mod make;
pub(super) mod preview;
pub(super) mod saved;
pub(super) mod shown_plans;
