//! A parameter of a recipe. It must not know how a recipe declares it, nor what it is given.

use serde_json::Value;
use std::borrow::Cow;

/// A parameter as its recipe declares it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Parameter {
    pub name: String,
    /// `string`, `bool`, `int`, `list` or `map`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// `None`: it must be given.
    pub default: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What a map has, or each map of a list. Without any, a list has texts and numbers, and a map has what it is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Parameter>,
    pub help: String,
}

/// The types that a parameter can have.
pub const KINDS: [&str; 5] = ["string", "bool", "int", "list", "map"];

impl Parameter {
    /// The type that a value has.
    pub fn kind_of(value: &Value) -> &'static str {
        match value {
            Value::Bool(_) => "bool",
            Value::Number(_) => "int",
            Value::Array(_) => "list",
            Value::Object(_) => "map",
            _ => "string",
        }
    }

    /// The type as people read it.
    pub fn type_in_words(&self) -> &str {
        match (self.kind.as_ref(), self.fields.is_empty()) {
            ("list", true) => "list of strings",
            ("list", false) => "list of maps",
            (kind, _) => kind,
        }
    }
}
