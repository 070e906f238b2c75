//! The SSH room against a real sshd on a loopback port, with keys made for each test.
//!
//! Most tests need root (scripts run as root on the other side, which is this computer) and OpenSSH's server. Those in
//! `lab` need a machine of `scripts/lab`. Plain `cargo test` ignores both and says so; `scripts/test` runs them.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod child;
mod commands;
mod configured_client;
mod host_key_settings;
mod keys;
mod lab;
mod reconnect;
mod routes;
mod security_token;
mod server;
mod server_messages;
mod streams;
mod trust;
