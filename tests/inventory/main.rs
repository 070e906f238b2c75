//! The commands that keep the inventory, as a user meets them: the real program, in a home of its own.

mod apps;
mod env;
mod fixture;
mod servers;
mod terminal;
