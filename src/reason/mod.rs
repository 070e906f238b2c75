//! Why infrakt does not act, as data: what protects a machine, why a plan no longer fits, who holds a lock, why a name must
//! be typed, and why no run starts. Each reason has a code that stays the same, its fields, and one sentence for people,
//! which is written here and nowhere else.
//!
//! It must not know any other room, nor what to do about a reason: the hints are in `error`.

mod busy;
mod explained;
mod lock_holder;
mod name_needed;
mod protection;
mod stale;

pub use busy::BusyReason;
pub use explained::{Explained, explained, messages, sentences};
pub use lock_holder::LockHolder;
pub use name_needed::NameReason;
pub use protection::{IdentityKind, ProtectionReason};
pub use stale::StaleReason;

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Display};

/// Any reason, for errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Reason {
    Protected(ProtectionReason),
    Stale(StaleReason),
    Locked(LockHolder),
    NameNeeded(NameReason),
    Busy(BusyReason),
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected(reason) => reason.fmt(f),
            Self::Stale(reason) => reason.fmt(f),
            Self::Locked(holder) => holder.fmt(f),
            Self::NameNeeded(reason) => reason.fmt(f),
            Self::Busy(reason) => reason.fmt(f),
        }
    }
}
