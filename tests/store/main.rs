//! What the store promises: nothing half-written, nothing of another's, nothing lost by a crash or by two at once.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod apps;
mod env_files;
mod fixture;
mod groups;
mod journal;
mod opening;
mod protection;
mod resume;
mod servers;
