//! A server as it is now: the way there, who the machine is, what protects it, who is at work on it.
//!
//! It must not know what is to be done there.

pub(super) mod compare;
pub(super) mod contact;
pub(super) mod live;
pub(super) mod lock;
pub(super) mod protection;
pub(super) mod reading;
pub(super) mod route;
pub(super) mod self_detection;
pub(super) mod unattended;
