//! The row of a run, and how it is read.

use super::failure::Failure;
use super::group_id::GroupId;
use crate::error::StoreError;
use crate::event::RunState;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// One execution of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    pub id: i64,
    /// The server's name when the run started; its row may have been removed since.
    pub server: String,
    pub server_id: Option<i64>,
    pub recipe: String,
    /// The digest of its plan.
    pub digest: String,
    pub state: RunState,
    pub reason: Option<String>,
    /// Who started it, on which computer and in which process.
    pub operator: String,
    pub computer: String,
    pub pid: u32,
    pub started_at: Timestamp,
    /// `None` while it is in progress, and when its end was not seen.
    pub ended_at: Option<Timestamp>,
    /// Milliseconds between an end of the run and its resumption, in all, without the time in which the server still executed
    /// steps. They are no part of the time that the run took.
    pub paused_ms: u64,
    /// The runs that were started together with it, if any.
    pub group: Option<GroupId>,
    /// The stage of that group that it is in, if the group has several recipes.
    pub stage: Option<String>,
}

impl Run {
    /// How long it was at work. `None` while it is running, when its end was not seen, and when the clock was set back
    /// meanwhile.
    pub fn took(&self) -> Option<Duration> {
        let between = self.ended_at?.duration_since(self.started_at);
        let between = Duration::try_from(between).ok()?;
        Some(between.saturating_sub(Duration::from_millis(self.paused_ms)))
    }
}

pub(super) const COLUMNS: &str =
    "id, server_name, server_id, recipe, digest, state, reason, operator, computer, pid, started_at, ended_at, paused_ms,
    (SELECT group_id FROM run_group_servers AS own WHERE own.run_id = runs.id AND EXISTS
        (SELECT 1 FROM run_group_servers AS other WHERE other.group_id = own.group_id AND other.position <> own.position)),
    (SELECT stage.name FROM run_group_servers AS own JOIN run_group_stages AS stage
        ON stage.group_id = own.group_id AND stage.position = own.stage WHERE own.run_id = runs.id)";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        server: row.get(1)?,
        server_id: row.get(2)?,
        recipe: row.get(3)?,
        digest: row.get(4)?,
        state: word(row, 5)?,
        reason: row.get(6)?,
        operator: row.get(7)?,
        computer: row.get(8)?,
        pid: row.get(9)?,
        started_at: row.get(10)?,
        ended_at: row.get(11)?,
        paused_ms: row.get::<_, i64>(12)?.max(0) as u64,
        group: row.get(13)?,
        stage: row.get(14)?,
    })
}

/// A run, as it is in the middle of a transaction.
pub(super) fn by_id(transaction: &Transaction<'_>, id: i64) -> Result<Run, Failure> {
    transaction
        .query_row(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"), [id], from_row)
        .optional()?
        .ok_or_else(|| StoreError::UnknownRun { id }.into())
}

/// Reads one of the words that the enums of plans and events are written as, the same in JSON and in the database.
pub(super) fn word<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(word))
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(super) fn optional_word<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => word(row, column).map(Some),
    }
}
