//! A plan is data.

pub mod secret;
