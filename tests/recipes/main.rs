//! What an author of recipes meets: the primitives, the sandbox, the errors.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod data;
mod documentation;
mod errors;
mod mistakes;
mod modules;
mod names;
mod needs;
mod ownership;
mod support;
