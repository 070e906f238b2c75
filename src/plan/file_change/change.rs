//! How a step would change a file, as data.

use crate::plan::Content;
use schemars::JsonSchema;
use serde::Serialize;

/// The longest content that is compared by its lines, in bytes.
pub const MOST_COMPARED: usize = 64 << 10;
/// What all diffs of a plan may show together, in bytes.
pub const MOST_SHOWN: usize = 1 << 20;

/// What is at the path of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Present {
    Nothing,
    /// A directory, a socket or the like, which no upload replaces.
    NoFile,
    File(PresentFile),
}

/// A file, as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentFile {
    /// As stat(1) prints it: `644`.
    pub mode: String,
    /// `user:group`.
    pub owner: String,
    pub bytes: u64,
    /// Whether every user of the server may read it.
    pub public: bool,
    pub sha256: Option<String>,
    /// `None` if it is too long to be compared, or must not be.
    pub content: Option<Vec<u8>>,
}

/// The file that an upload would put in place.
#[derive(Debug, Clone, Copy)]
pub struct DesiredFile<'a> {
    pub path: &'a str,
    pub content: &'a Content,
    pub mode: &'a str,
    pub owner: &'a str,
}

/// How a step would change a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileChange {
    /// The step, counted from 1.
    pub step: usize,
    pub path: String,
    /// There is nothing at the path yet.
    pub new: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<FromTo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<FromTo>,
    /// How many lines differ; only if the contents were compared by their lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineCounts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hunks: Vec<Hunk>,
    /// Lines of the diff that are left out at its end, because the diffs would be too long.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Why less is shown than the whole difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The contents before and after; only if they were not compared by their lines and may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<ContentSize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<ContentSize>,
}

/// A mode or an owner that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FromTo {
    pub from: String,
    pub to: String,
}

/// How many lines would be added and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineCounts {
    pub added: usize,
    pub removed: usize,
}

/// Lines that differ, with the lines around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hunk {
    /// The first line before, counted from 1.
    pub from_line: usize,
    /// The first line after, counted from 1.
    pub to_line: usize,
    pub lines: Vec<DiffLine>,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiffLine {
    pub kind: LineKind,
    /// Without its line break. A secret of the plan has its name here. Null: the line must not be shown.
    pub text: Option<String>,
    /// The last line of a file that does not end with a line break.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Same,
    Added,
    Removed,
}

/// Why a diff shows less than the whole difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The file holds secrets: what it holds now is not shown, and secrets are not compared.
    Secret,
    /// Not every user of the server may read the file: what it holds now is not shown.
    Private,
    /// It is longer than 64 KiB, before or after.
    Long,
    /// It is not a text, before or after.
    Binary,
    /// The diffs of the plan exceed 1 MiB.
    Room,
    /// There is something else than a file at the path, which an upload does not replace.
    NoFile,
}

/// A content that is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContentSize {
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl FromTo {
    pub(super) fn of(from: String, to: String) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }
}
