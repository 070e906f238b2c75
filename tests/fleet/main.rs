//! Several servers at the same time: the program that was built against real sshd's on this computer. Each server is an
//! address of the loopback with an identity, a spool and a lock of its own.
//!
//! Where that is not possible, each test says so (`skipped: …`) and passes.

mod infrakt;
mod many;
mod outcomes;
mod retry;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod together;
