//! The rooms of the source and who must not know whom, held against the source itself. Each failure names the line and
//! the rule that it breaks.
#![cfg(test)]

mod circles;
mod ignored;
mod migrations;
mod names;
mod rooms;
mod rules;
mod source;
