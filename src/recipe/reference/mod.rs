//! The reference of everything that a recipe can call or read, made from the doc comments beside the code: the primitives,
//! the shipped library, what Rhai brings, and what a recipe is given. It must not know how it is printed.

mod builtin;
mod definitions;
mod function;
mod given;
mod groups;
mod library;
pub mod manual;
mod markdown;
mod metadata;
mod primitives;
mod search;

pub use definitions::definitions;
pub use function::Function;
pub use groups::{all, groups, heading};
pub use library::{Module, library, module};
pub use markdown::markdown;
pub use primitives::functions;
pub use search::{SearchResult, search};
