//! Servers as recipes see them. It must not know who asks for them.

use crate::plan::ServersRead;
use crate::plan::digest::sha256;
use crate::variables::Variable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A server as recipes see it.
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
    /// Its own, and those of its tags.
    pub vars: BTreeMap<String, Variable>,
}

impl ServerView {
    /// What a plan has of the servers that its recipe has seen.
    pub fn read(views: &[Self]) -> ServersRead {
        ServersRead {
            names: views.iter().map(|view| view.name.clone()).collect(),
            // All keys are strings and all numbers finite, so there is no way for this to fail.
            sha256: serde_json::to_vec(views)
                .map(|bytes| sha256(&bytes))
                .unwrap_or_default(),
        }
    }
}
