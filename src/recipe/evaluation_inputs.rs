//! What an evaluation is given.

use super::draft::{Answers, KnownServer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The server as recipes see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerView {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub user: String,
    pub provider: String,
    pub tags: Vec<String>,
    /// Whether its row says that it hosts infrakt.
    pub is_infrakt_host: bool,
}

/// What a recipe is evaluated with.
pub struct Inputs {
    pub server: ServerView,
    /// What was read from the server before. `None`: it is read when the recipe first asks.
    pub known: Option<KnownServer>,
    pub parameters: BTreeMap<String, Value>,
    pub answers: Box<dyn Answers>,
}
