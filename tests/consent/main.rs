//! What stands between a plan and a server: the digest, the form and the lint of plans from files, consent, and the
//! comparison with the machine that answers. All of it without a server; the real machines are in the end-to-end tests.
#![cfg(test)]

mod admission;
mod digest;
mod files;
mod fixture;
mod harmless;
mod machine;
