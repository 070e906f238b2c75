//! What the shipped recipes plan: for every supported system as a snapshot, and their promises in words.

mod library;
mod parameters;
mod promises;
mod refusals;
mod snapshots;
mod support;
