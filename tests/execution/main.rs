//! Plans executed for real, by the `sh` of this computer in place of a server's. They need root, as on a
//! server: plain `cargo test` ignores them and says so; `scripts/test` runs them.
#![cfg(test)]

mod always;
mod checked_uploads;
mod copies;
mod handlers;
mod invocation;
mod links;
mod local;
mod lockout;
mod machinery;
mod outputs;
mod programs;
mod reach;
mod steps;
#[path = "../support/mod.rs"]
mod support;
mod uploads;
