//! The inventory, and its effects on the machines themselves.

pub(super) mod apps;
pub(super) mod marker;
pub(super) mod records;
pub(super) mod servers;
mod tags;
