//! What tests of several concerns share: a real sshd in a world of its own, a line to it that can be made to fail, and
//! the program that was built. A test takes it with `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code, reason = "each concern uses its own part of it")]

pub mod ended;
pub mod executable;
pub mod infrakt;
pub mod line;
pub mod port;
pub mod server;
pub mod sshd;
pub mod terminal;
pub mod wait;
pub mod world;
