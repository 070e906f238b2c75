//! What a user meets without any server: the real program, in a home of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod checks;
mod harmless;
mod help;
mod hints;
mod home;
mod output;
mod plans;
mod provenance;
mod recipes;
mod sandbox;
#[path = "../support/mod.rs"]
mod support;
