//! The rooms of the source and who must not know whom, held against the source itself. Each failure names the line and
//! the rule that it breaks.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod circles;
mod ignored;
mod migrations;
mod names;
mod rooms;
mod rules;
mod source;
