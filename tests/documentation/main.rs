//! The documentation holds: its recipes evaluate, its command lines are understood, and its links lead somewhere.
#![cfg(test)]

mod commands;
mod documents;
mod links;
mod markdown;
mod plans;
mod recipes;
mod voice;
