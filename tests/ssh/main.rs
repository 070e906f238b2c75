//! The SSH room against a real sshd on a loopback port, with keys made for each test.
//!
//! Needs Linux, root (the scripts run as root on the other side, which is this computer) and OpenSSH's server; without
//! them each test says why it was skipped. What needs other users, sudo and PAM runs on a machine of `scripts/lab`:
//! `cargo test --test ssh -- --ignored`.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod child;
mod commands;
mod first_words;
mod host_key_settings;
mod keys;
mod loss;
mod machine;
mod obstacles;
mod routes;
mod server;
mod streams;
mod sudo;
mod token;
mod traveller;
mod trust;
