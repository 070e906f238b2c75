//! Proof by faults: whatever happens to the connection, the computers, their disks and their clocks, every step runs at
//! most once, the journal tells the truth, and no process waits for ever.
//!
//! All of it needs root and OpenSSH's server. Plain `cargo test` ignores these tests and says so; `scripts/test` runs them.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod always;
mod clocks;
mod cuts;
mod disks;
mod floods;
mod handlers;
mod hostile;
mod imitations;
mod impatience;
mod kills;
mod obstacles;
mod rivals;
mod stage;
