//! What an author of recipes meets: the primitives, the sandbox, the errors.
#![cfg(test)]

mod data;
mod documentation;
mod errors;
mod inventory;
mod local_files;
mod mistakes;
mod modules;
mod names;
mod needs;
mod own_functions;
mod ownership;
mod steps;
mod support;
mod uploads;
