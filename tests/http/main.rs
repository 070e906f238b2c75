//! The HTTP API, as its callers and its enemies meet it: the program that was built, serving on a port of this computer.

#[path = "../support/mod.rs"]
mod support;

mod fixture;
mod key;
mod openapi;
