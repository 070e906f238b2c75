//! infrakt against real machines: the program that was built works on Debian machines of `scripts/lab` over real SSH,
//! and their state is checked from outside of it.
//!
//! Plain `cargo test` ignores these tests and says so; `scripts/test` runs them where a lab can run. Each has a machine of
//! its own; at most three are up at the same time.
#![cfg(test)]

mod at_work;
mod between;
mod detached;
mod engine;
mod examples;
mod facts;
mod files;
mod fleet;
mod hosting;
mod identity;
mod infrakt;
mod library;
mod login;
mod machine;
mod plan_files;
mod planning;
mod protection;
mod provision;
mod recipes;
mod states;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod survival;
mod swarm;
mod terminal;
mod unsafe_wipe;
