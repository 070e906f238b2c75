//! The JSON documents of infrakt: what `--json` prints and what the HTTP API answers. Both are made here, so they have
//! the same form.
//!
//! They must not know the command line, HTTP, or how anything is done: they only describe.

pub mod app;
pub mod error;
pub mod event;
pub mod plan;
pub mod recipe;
pub mod route;
pub mod run;
pub mod server;
pub mod service;
pub mod several;
pub mod tally;
