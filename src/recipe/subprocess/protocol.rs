//! The protocol between infrakt and the process that evaluates a recipe for it: one JSON document per line.

use crate::error::{Error, RecipeError};
use crate::local_files::MeasuredFile;
use crate::recipe::draft::KnownServer;
use crate::recipe::evaluator::Evaluated;
use crate::recipe::modules::{Import, Importer};
use crate::recipe::server_view::ServerView;
use crate::recipe::source::Script;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is to be evaluated, and what with.
#[derive(Serialize, Deserialize)]
pub struct EvaluationOrder {
    pub script: Script,
    pub server: ServerView,
    pub known: Option<KnownServer>,
    pub parameters: BTreeMap<String, Value>,
}

/// What the evaluation asks, and at last what came of it.
#[derive(Serialize, Deserialize)]
pub enum Said {
    Facts,
    Query {
        command: String,
        /// What a server may answer, if the recipe says it.
        sample: Option<String>,
    },
    Apps,
    Servers {
        tag: String,
    },
    Import {
        path: String,
        importer: Importer,
    },
    /// The text of a file beside the recipe.
    LocalText {
        file: String,
    },
    /// What a plan needs to know of such a file.
    LocalFile {
        file: String,
    },
    /// The files in such a folder.
    LocalFolder {
        folder: String,
        excludes: Vec<String>,
    },
    Ended {
        outcome: EvaluationOutcome,
        evaluated: Box<Evaluated>,
    },
}

#[derive(Serialize, Deserialize)]
pub enum EvaluationOutcome {
    Done,
    Refused(Box<RecipeError>),
    /// A question could not be answered; the one who was asked knows why.
    Unanswered,
}

/// The answer to a question.
#[derive(Serialize, Deserialize)]
pub enum Reply {
    Facts(Box<KnownServer>),
    Text(String),
    Apps(Vec<(String, String)>),
    Servers(Vec<ServerView>),
    Import(Option<Import>),
    LocalFile(Box<MeasuredFile>),
    LocalFolder(Vec<String>),
    Failed(ReplyFailure),
}

/// Why there is no answer, as far as the recipe's author is to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplyFailure {
    message: String,
    hint: Option<String>,
    /// Whether the recipe's line is what has to be helped.
    by_author: bool,
}

impl ReplyFailure {
    pub fn of(error: &Error) -> Self {
        Self {
            message: error.to_string(),
            hint: error.hint(),
            by_author: matches!(error, Error::Usage { .. }),
        }
    }

    /// An import or a file that failed is shown with its line in any case.
    pub fn into_usage(self) -> Error {
        Error::Usage {
            message: self.message,
            hint: self.hint,
        }
    }

    pub fn into_error(self) -> Error {
        match self.by_author {
            true => self.into_usage(),
            false => Error::Malformed {
                what: "the answer".to_owned(),
                reason: self.message,
                hint: self.hint,
            },
        }
    }
}
