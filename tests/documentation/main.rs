//! The documentation holds: its recipes evaluate, its command lines are understood, and its links lead somewhere.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod commands;
mod links;
mod markdown;
mod recipes;
mod voice;
