//! Several servers at the same time: the program that was built against real sshd's on this computer. Each server is an
//! address of the loopback with an identity, a spool and a lock of its own.
//!
//! These tests need root and sshd. Plain `cargo test` ignores them and says so; `scripts/test` runs them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod infrakt;
mod many;
mod outcomes;
mod retry;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod together;
