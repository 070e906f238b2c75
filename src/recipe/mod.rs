//! Recipes: finding them, evaluating them in a sandbox, and explaining what is wrong with them.
//!
//! A recipe says what should be done; this room turns that into the steps of a plan and does none of it. It knows no SSH,
//! no executor and no database: what a recipe asks of the world goes through [`Answers`].

mod api;
pub mod diagnostics;
mod draft;
mod evaluation_inputs;
mod evaluator;
mod imports;
mod limits;
mod modules;
pub mod reference;
mod reserved_names;
mod scope;
mod source;
pub mod subprocess;
mod used;

pub use crate::plan::Keeper;
pub use draft::{Answers, KnownServer, Parameter};
pub use evaluation_inputs::{Inputs, ServerView};
pub use evaluator::{Evaluated, engine, evaluate, evaluate_anyway};
pub use source::{Library, Recipe, is_shipped, shipped_library};
pub use subprocess::{evaluate_anyway_in_subprocess, evaluate_in_subprocess};
