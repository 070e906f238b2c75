//! The events of a run in their order, in parts, for following it live or reading it later.
//!
//! The numbers of this order only rise, also when the run is resumed. A step that runs again has new numbers.

use super::run_rows::{optional_word, word};
use super::{Store, journal};
use crate::error::Result;
use crate::event::{RunEvent, RunState, Stream};
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// The events of a run after a number in its order, with their numbers: the earliest ones, `limit` at most. The end of the
    /// run is not among them (see [`Store::end_of`]).
    pub fn events_after(&self, run_id: i64, after: i64, limit: usize) -> Result<Vec<(i64, RunEvent)>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.check(|connection| {
            // The output may be gigabytes, so only as much as may be needed is sorted.
            let mut statement = connection.prepare_cached(
                "SELECT sequence, kind, step, word, bytes, exit_status, duration_ms, text FROM (
                     SELECT * FROM (
                         SELECT sequence, 'output' AS kind, step, stream AS word, bytes, NULL AS exit_status,
                             NULL AS duration_ms, NULL AS text
                         FROM output WHERE run_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3)
                     UNION ALL
                     SELECT started_sequence, 'started', step, NULL, NULL, NULL, NULL, NULL
                     FROM steps WHERE run_id = ?1 AND started_sequence > ?2
                     UNION ALL
                     SELECT ended_sequence, 'ended', step, outcome, NULL, exit_status, duration_ms, reason
                     FROM steps WHERE run_id = ?1 AND ended_sequence > ?2
                     UNION ALL
                     SELECT sequence, 'notice', NULL, NULL, NULL, NULL, NULL, message
                     FROM notices WHERE run_id = ?1 AND sequence > ?2)
                 ORDER BY sequence LIMIT ?3",
            )?;
            statement.query_map(params![run_id, after, limit], event)?.collect()
        })
    }

    /// The end of a run and its number in the order; `None` if no end is recorded.
    pub fn end_of(&self, run_id: i64) -> Result<Option<(i64, RunEvent)>> {
        self.check(|connection| {
            let (state, reason) =
                connection.query_row("SELECT state, reason FROM runs WHERE id = ?1", [run_id], |row| {
                    Ok((word::<RunState>(row, 0)?, row.get(1)?))
                })?;
            if state == RunState::Running {
                return Ok(None);
            }
            let place = journal::last_sequence(connection, run_id)? + 1;
            Ok(Some((place, RunEvent::RunEnded { state, reason })))
        })
    }

    /// The last bytes of a step's output on one stream since its start, up to a number in the order. At least `count` bytes if
    /// there are as many.
    pub fn printed_until(&self, run_id: i64, step: usize, stream: Stream, until: i64, count: usize) -> Result<Vec<u8>> {
        self.check(|connection| {
            let started: Option<i64> = connection
                .query_row(
                    "SELECT started_sequence FROM steps WHERE run_id = ?1 AND step = ?2",
                    params![run_id, step as i64],
                    |row| row.get(0),
                )
                .optional()?
                .flatten();
            let mut statement = connection.prepare_cached(
                "SELECT bytes FROM output WHERE run_id = ?1 AND step = ?2 AND stream = ?3 AND sequence <= ?4
                 AND sequence > ?5 ORDER BY sequence DESC",
            )?;
            // If a step runs again, its old output comes before its new start.
            let since = started.filter(|started| *started <= until).unwrap_or(0);
            let mut rows = statement.query(params![run_id, step as i64, stream.as_str(), until, since])?;
            let mut printed: Vec<u8> = Vec::new();
            while let Some(row) = rows.next()? {
                printed.splice(..0, row.get::<_, Vec<u8>>(0)?);
                if printed.len() >= count {
                    break;
                }
            }
            Ok(printed)
        })
    }

    /// A number that changes whenever another connection has written to the database, in this process or another:
    /// <https://www.sqlite.org/pragma.html#pragma_data_version>.
    pub fn version_of_data(&self) -> Result<i64> {
        self.check(|connection| connection.pragma_query_value(None, "data_version", |row| row.get(0)))
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<(i64, RunEvent)> {
    let step = || Ok::<_, rusqlite::Error>(row.get::<_, u32>("step")? as usize);
    let kind: String = row.get("kind")?;
    let event = match kind.as_str() {
        "started" => RunEvent::StepStarted { step: step()? },
        "output" => RunEvent::Output {
            step: step()?,
            stream: word(row, 3)?,
            bytes: row.get("bytes")?,
        },
        "ended" => RunEvent::StepEnded {
            step: step()?,
            // An end is never recorded without an outcome.
            outcome: optional_word(row, 3)?.unwrap_or(crate::event::Outcome::Unknown),
            exit_status: row.get("exit_status")?,
            duration_ms: row.get::<_, Option<i64>>("duration_ms")?.unwrap_or(0).max(0) as u64,
            reason: row.get("text")?,
        },
        _ => RunEvent::Notice {
            message: row.get("text")?,
        },
    };
    Ok((row.get("sequence")?, event))
}
