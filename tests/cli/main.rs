//! What a user meets without any server: the real program, in a home of its own.
#![cfg(test)]

mod checks;
mod harmless;
mod help;
mod hints;
mod home;
mod output;
mod own_tests;
mod plans;
mod plays;
mod provenance;
mod recipes;
mod reference;
mod sandbox;
#[path = "../support/mod.rs"]
mod support;
