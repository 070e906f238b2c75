//! What an author of recipes meets: the primitives, the sandbox, the errors.

mod documentation;
mod errors;
mod needs;
mod support;
