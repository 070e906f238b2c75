//! Recipes: finding them, evaluating them in a sandbox, and explaining what is wrong with them.
//!
//! A recipe describes what should be done; this room turns it into the steps of a plan, and executes nothing. It must
//! not know SSH, the executor or the database: a recipe's questions go through [`Answers`].

mod api;
mod beside;
mod comparisons;
mod data;
pub mod diagnostics;
mod draft;
mod evaluation_inputs;
mod evaluator;
pub mod formats;
mod functions;
mod habits;
mod imports;
mod limits;
mod modules;
mod names;
mod notes;
mod optional_keys;
mod own_functions;
mod parameter;
mod parameter_value;
mod play;
pub mod reference;
mod reserved_names;
mod scan;
mod scope;
mod server_view;
mod shipped;
mod source;
mod source_excerpt;
pub mod subprocess;
mod template;
mod used;
mod version;

pub use crate::plan::Keeper;
pub use draft::{Answers, KnownServer};
pub use evaluation_inputs::Inputs;
pub use evaluator::{Evaluated, engine, evaluate, evaluate_anyway};
pub use parameter::Parameter;
pub use play::{Play, PlayStage};
pub use server_view::ServerView;
pub use shipped::{is_shipped, shipped_library};
pub use source::{Library, Recipe};
pub use subprocess::evaluate_anyway_in_subprocess;
