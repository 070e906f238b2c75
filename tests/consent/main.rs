//! What stands between a plan and a server: the digest, the form and the lint of plans from files, consent, and the
//! comparison with the machine that answers. All of it without a server; the real machines are in the end-to-end tests.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod admission;
mod digest;
mod files;
mod fixture;
mod harmless;
mod machine;
