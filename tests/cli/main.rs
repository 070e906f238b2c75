//! What a user meets without any server: the real program, in a home of its own.

mod fixture;
mod harmless;
mod recipes;
