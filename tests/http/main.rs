//! The HTTP API, as its callers and its enemies meet it: the program that was built, serving on a port of this computer.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod consent;
mod ended_early;
mod events;
mod fixture;
mod hostile;
mod hosts;
mod key;
mod limits;
mod openapi;
mod page;
mod plans;
mod runs;
mod servers;
mod stage;
mod stopping;
