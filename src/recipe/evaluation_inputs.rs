//! What an evaluation is given.

use super::draft::{Answers, KnownServer};
use super::server_view::ServerView;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a recipe is evaluated with.
pub struct Inputs {
    pub server: ServerView,
    /// What was read from the server before. `None`: it is read when the recipe first asks.
    pub known: Option<KnownServer>,
    pub parameters: BTreeMap<String, Value>,
    pub answers: Box<dyn Answers>,
}
