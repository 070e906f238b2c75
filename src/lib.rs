//! infrakt wipes and provisions servers over SSH, driven by recipes.

pub mod cli;
pub mod cmd;
pub mod consent;
pub mod document;
pub mod error;
pub mod event;
pub mod executor;
pub mod facts;
pub mod host_key;
pub mod http;
pub mod local_files;
pub mod ownership;
pub mod plan;
pub mod prompt;
pub mod reason;
pub mod recipe;
pub mod reporter;
pub mod runtime;
pub mod ssh;
pub mod store;
pub mod variables;
