//! From a consented plan to a run that has ended: begun, executed and resumed, on one server or on many.

pub(super) mod background;
pub(super) mod begin_shown;
pub(super) mod begun;
pub(super) mod group;
pub(super) mod resume;
pub(super) mod run;
pub(super) mod secrets;
pub(super) mod world;
