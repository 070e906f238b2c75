//! What a user meets without any server: the real program, in a home of its own.
#![cfg(test)]

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
