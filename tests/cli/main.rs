//! What a user meets without any server: the real program, in a home of its own.

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
