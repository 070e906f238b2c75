//! What `infrakt serve` says of itself.

use schemars::JsonSchema;
use serde::Serialize;

/// Where the service listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceListening {
    /// URLs.
    pub listening: Vec<String>,
    pub api_key_file: String,
    /// Whether this start created the key.
    pub api_key_made: bool,
}

/// The key of the API.
#[derive(Serialize, JsonSchema)]
pub struct ApiKeyShown<'a> {
    pub api_key: &'a str,
}
