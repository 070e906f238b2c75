//! The JSON documents of infrakt: what `--json` prints, and what the HTTP API answers. The same thing looks the same in
//! both, since both are made here.
//!
//! They must not know the command line, HTTP, or how anything is done: they only say how it is.

pub mod error;
pub mod event;
pub mod plan;
pub mod recipe;
pub mod route;
pub mod run;
pub mod server;
