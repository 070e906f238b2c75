//! An error for programs.

use crate::error::Error;
use crate::reason::{Explained, Reason};
use schemars::JsonSchema;
use serde::Serialize;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorShown {
    /// Stable: it stays the same when the message is reworded.
    pub code: String,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Why, where the code has several kinds of reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Explained<Reason>>,
    /// The place in a recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// A place in a recipe. Line and column count from 1; column 0 means the whole line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// The document that has an error in the place of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorDocument {
    pub error: ErrorShown,
}

impl ErrorDocument {
    pub fn of(error: &Error) -> Self {
        Self {
            error: ErrorShown::of(error),
        }
    }
}

impl ErrorShown {
    pub fn of(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            reasons: Explained::all(error.reasons()),
            at: error.place().map(|(position, _)| Place {
                file: position.file.clone(),
                line: position.line,
                column: position.column,
            }),
        }
    }
}
