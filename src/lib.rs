//! infrakt wipes and provisions servers over SSH, driven by recipes.
#![forbid(unsafe_code)]

pub mod error;
pub mod event;
pub mod executor;
pub mod facts;
pub mod plan;
pub mod prompt;
pub mod ssh;
