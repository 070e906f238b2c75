//! A session with a server after the login: root, scripts and their streams, reconnecting.
//!
//! It must not know what the scripts are for.

mod channel;
pub mod connection;
mod elevation;
mod greeting;
mod other_ports;
mod streams;
mod sudo_prompt;
