//! The commands that keep the inventory, as a user meets them: the real program, in a home of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod apps;
mod env;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
