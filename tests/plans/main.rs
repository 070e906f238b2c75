//! What the shipped recipes plan: for every supported system as a snapshot, and their promises in words.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod library;
mod parameters;
mod promises;
mod refusals;
mod screen;
mod snapshots;
mod support;
