//! The commands that keep the inventory, as a user meets them: the real program, in a home of its own.
#![cfg(test)]

mod apps;
mod env;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod variables;
