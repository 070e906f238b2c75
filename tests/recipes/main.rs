//! What an author of recipes meets: the primitives, the sandbox, the errors.

mod documentation;
mod errors;
mod modules;
mod names;
mod needs;
mod ownership;
mod support;
