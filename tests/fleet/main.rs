//! Several servers at the same time: the program that was built against real sshd's on this computer. Each server is an
//! address of the loopback with an identity, a spool and a lock of its own.
//!
//! These tests need root and sshd. Plain `cargo test` ignores them and says so; `scripts/test` runs them.
#![cfg(test)]

mod infrakt;
mod many;
mod outcomes;
mod reports;
mod retry;
mod secrets;
mod servers;
mod stages;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod together;
