//! What an upload writes: texts and secrets, one after the other, or a file beside the recipe.
//!
//! It must not know the values of secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The content of an upload. In JSON one piece stands for itself; several are a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ContentForm", into = "ContentForm")]
#[schemars(with = "ContentForm")]
pub enum Content {
    Pieces(Vec<Piece>),
    /// The bytes of a file beside the recipe. They are in no plan; infrakt sends them if the server lacks them.
    File(LocalFile),
}

/// A file beside the recipe, and the content that it had when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalFile {
    /// Its path from the recipe's folder.
    pub file: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

/// What tells the content of a file apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileIdentity {
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

/// A text, or a value that is only known when the plan is executed: of an environment variable, or a part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Piece {
    Text(String),
    Secret { secret: String },
}

/// The JSON form of a content.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Content")]
enum ContentForm {
    File(LocalFile),
    One(Piece),
    Pieces(Vec<Piece>),
}

impl From<ContentForm> for Content {
    fn from(form: ContentForm) -> Self {
        match form {
            ContentForm::File(file) => Self::File(file),
            ContentForm::One(piece) => Self::Pieces(vec![piece]),
            ContentForm::Pieces(pieces) => Self::Pieces(pieces),
        }
    }
}

impl From<Content> for ContentForm {
    fn from(content: Content) -> Self {
        match content {
            Content::File(file) => Self::File(file),
            Content::Pieces(mut pieces) => match (pieces.pop(), pieces.is_empty()) {
                (Some(piece), true) => Self::One(piece),
                (last, _) => {
                    pieces.extend(last);
                    Self::Pieces(pieces)
                }
            },
        }
    }
}

impl Content {
    /// Joins texts that follow each other: the same content has one form.
    pub fn of(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, piece) => joined.push(piece),
            }
        }
        if joined.is_empty() {
            joined.push(Piece::Text(String::new()));
        }
        Self::Pieces(joined)
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::of([Piece::Text(text.into())])
    }

    /// Its texts and secrets; a file has none.
    pub fn pieces(&self) -> &[Piece] {
        match self {
            Self::Pieces(pieces) => pieces,
            Self::File(_) => &[],
        }
    }

    pub fn file(&self) -> Option<&LocalFile> {
        match self {
            Self::Pieces(_) => None,
            Self::File(file) => Some(file),
        }
    }

    /// Whether it is what [`Content::of`] makes.
    pub fn is_joined(&self) -> bool {
        match self {
            Self::Pieces(pieces) => Self::of(pieces.iter().cloned()) == *self,
            Self::File(_) => true,
        }
    }

    /// The whole of it, if it is only text.
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The names of the secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.pieces().iter().filter_map(|piece| match piece {
            Piece::Secret { secret } => Some(secret.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Its text, with the names of secrets in their places: for the lint.
    pub fn outline(&self) -> Cow<'_, str> {
        self.with(Cow::Borrowed)
    }

    /// Its text, with `secret` in the place of each secret, which is called with its name.
    pub fn with<'a>(&'a self, secret: impl Fn(&'a str) -> Cow<'a, str>) -> Cow<'a, str> {
        let one = |piece: &'a Piece| match piece {
            Piece::Text(text) => Cow::Borrowed(text.as_str()),
            Piece::Secret { secret: name } => secret(name),
        };
        match self.pieces() {
            [piece] => one(piece),
            pieces => Cow::Owned(pieces.iter().map(one).collect()),
        }
    }
}
