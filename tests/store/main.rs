//! What the store promises: nothing half-written, nothing of another's, nothing lost by a crash or by two at once.
#![cfg(test)]

mod apps;
mod env_files;
mod fixture;
mod groups;
mod journal;
mod opening;
mod protection;
mod resume;
mod servers;
