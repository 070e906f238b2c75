//! Errors of a recipe: it does not parse, calls something that does not exist, exceeds a limit, or is refused by the
//! lint. Each has the file, the position and the source line, so that it can be shown with a caret.

use super::Exit;
use serde::{Deserialize, Serialize};

/// A place in a recipe. Line and column count from 1; column 0 means the whole line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The whole source of that file, to show the line from.
    pub source: String,
    /// The line of a shipped module where the error arose, if this is the author's own call that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Box<Position>>,
}

/// Why a recipe can't be used.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum RecipeError {
    /// The script does not parse or failed while it was evaluated.
    #[error("{message}")]
    Script {
        message: String,
        /// The text under the caret.
        label: String,
        position: Option<Position>,
        help: Option<String>,
        /// Whether the recipe is wrong whatever it is given: it does not parse, or names what does not exist.
        is_broken: bool,
    },
    /// A destructive command is used where only a harmless one is allowed.
    #[error("{message}")]
    Lint {
        message: String,
        label: String,
        position: Option<Position>,
        help: String,
    },
    /// The recipe itself stopped, with `fail`.
    #[error("{message}")]
    Failed {
        message: String,
        position: Option<Position>,
        help: Option<String>,
    },
    #[error("there is no recipe '{name}'")]
    Unknown { name: String, nearest: Option<String> },
    #[error("{message}")]
    Parameter { message: String, help: Option<String> },
}

impl RecipeError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Failed { .. } => Exit::Refused,
            Self::Script { .. } | Self::Lint { .. } | Self::Unknown { .. } | Self::Parameter { .. } => Exit::Usage,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Script { .. } => "recipe",
            Self::Lint { .. } => "lint",
            Self::Failed { .. } => "recipe_refused",
            Self::Unknown { .. } => "unknown_recipe",
            Self::Parameter { .. } => "parameter",
        }
    }

    /// Whether the recipe refuses what it was given, with `fail` or by its parameters. Such a recipe has no mistake.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Script { is_broken, .. } => !is_broken,
            Self::Lint { .. } | Self::Unknown { .. } | Self::Parameter { .. } => false,
        }
    }

    /// What to write or do instead.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Script { help, .. } | Self::Failed { help, .. } | Self::Parameter { help, .. } => help.clone(),
            Self::Lint { help, .. } => Some(help.clone()),
            Self::Unknown {
                nearest: Some(nearest), ..
            } => Some(format!("did you mean '{nearest}'? See: infrakt recipe list")),
            Self::Unknown { nearest: None, .. } => Some("list them: infrakt recipe list".to_owned()),
        }
    }

    /// The position of the error, and the text under the caret.
    pub fn place(&self) -> Option<(&Position, &str)> {
        match self {
            Self::Script { position, label, .. } | Self::Lint { position, label, .. } => {
                position.as_ref().map(|position| (position, label.as_str()))
            }
            Self::Failed { position, .. } => position.as_ref().map(|position| (position, "refused here")),
            Self::Unknown { .. } | Self::Parameter { .. } => None,
        }
    }
}
