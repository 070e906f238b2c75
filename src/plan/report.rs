//! The report of a plan: values that a recipe wants to see of all its servers together, after the run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most values of one report.
pub const MOST_VALUES: usize = 50;
/// The longest name of a value, in characters.
pub const LONGEST_NAME: usize = 40;
/// The longest text that a value may be, in bytes.
pub const LONGEST_TEXT: usize = 4096;

/// The values of a report, by name.
pub type ReportedValues = BTreeMap<String, Reported>;

/// A value of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Reported {
    /// What a step prints on its standard output, by its number.
    Output { output: usize },
    /// Known since planning: a text, a number, or true or false.
    Known(Value),
}

impl Reported {
    /// The number of the step that prints it.
    pub fn output(&self) -> Option<usize> {
        match self {
            Self::Output { output } => Some(*output),
            Self::Known(_) => None,
        }
    }
}

/// A value for people.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
