//! A reason together with its sentence.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::fmt::Display;

/// A reason with its sentence, as documents and saved plans have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "{R}Explained")]
pub struct Explained<R> {
    #[serde(flatten)]
    reason: R,
    /// The same for people. It may be reworded.
    message: String,
}

impl<R: Display> Explained<R> {
    pub fn of(reason: R) -> Self {
        let message = reason.to_string();
        Self { reason, message }
    }

    pub fn all(reasons: impl IntoIterator<Item = R>) -> Vec<Self> {
        reasons.into_iter().map(Self::of).collect()
    }
}

impl<R> Explained<R> {
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Writes each reason with its sentence. The sentence is for readers of the file: it is not read back.
pub fn explained<R: Display + Clone + Serialize, S: Serializer>(reasons: &[R], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(reasons.iter().cloned().map(Explained::of))
}

/// The sentences in one line.
pub fn messages<R>(reasons: &[Explained<R>]) -> String {
    let messages: Vec<&str> = reasons.iter().map(Explained::message).collect();
    messages.join("; ")
}

/// The sentences of several reasons in one line.
pub fn sentences<'a, R: Display + 'a>(reasons: impl IntoIterator<Item = &'a R>) -> String {
    let sentences: Vec<String> = reasons.into_iter().map(ToString::to_string).collect();
    sentences.join("; ")
}
