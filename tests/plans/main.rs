//! What the shipped recipes plan: for every supported system as a snapshot, and their promises in words.
#![cfg(test)]

mod file_changes;
mod library;
mod parameters;
mod promises;
mod refusals;
mod screen;
mod snapshots;
mod support;
