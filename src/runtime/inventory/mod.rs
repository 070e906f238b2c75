//! The inventory, and what it means on the machines themselves.

pub(super) mod marker;
pub(super) mod servers;
