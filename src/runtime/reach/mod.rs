//! A server as it is now: the route to it, its identity, its protection, and the run in progress on it.
//!
//! It must not know what will be done there.

pub(super) mod compare;
pub(super) mod contact;
pub(super) mod live;
pub(super) mod lock;
pub(super) mod protection;
pub(super) mod reading;
pub(super) mod route;
pub(super) mod self_detection;
pub(super) mod unattended;
