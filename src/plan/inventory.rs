//! What a recipe read of the inventory while it made a plan. A plan that was saved is only applied while the inventory
//! still says the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The parts of the inventory that a recipe read, apart from the row of the plan's server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryRead {
    /// The server's variables that the recipe asked for, with their values; null for one that is not set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Value>,
    /// The names of all variables of the server; null if the recipe did not list them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The tags whose servers the recipe asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, ServersRead>,
}

/// The servers with a tag, as a recipe saw them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServersRead {
    pub names: Vec<String>,
    /// SHA-256 of everything that a recipe can see of them, in hexadecimal.
    pub sha256: String,
}

impl InventoryRead {
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty() && self.names.is_none() && self.servers.is_empty()
    }

    /// As people read it, a line for each: `server.vars.region = "eu"`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let vars = self.vars.iter().map(|(name, value)| match value {
            Value::Null => format!("server.vars.{name} is not set"),
            value => format!("server.vars.{name} = {value}"),
        });
        let servers = self.servers.iter().map(|(tag, read)| match read.names.as_slice() {
            [] => format!("servers({tag:?}) is empty"),
            names => format!("servers({tag:?}) = {}", names.join(", ")),
        });
        let names = self.names.iter().map(|names| match names.as_slice() {
            [] => "server.vars.keys() is empty".to_owned(),
            names => format!("server.vars.keys() = {}", names.join(", ")),
        });
        vars.chain(names).chain(servers)
    }
}
