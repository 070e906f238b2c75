//! Reads runs from the journal: the list, how their steps ended, and their output.
//!
//! It must not show anything; it returns rows, and output piece by piece, because a step may have printed gigabytes.

use super::living::{living_runs, refuse_if_at_work};
use super::run_rows::{COLUMNS, Run, from_row, optional_word, word};
use super::{Server, Store};
use crate::error::{Result, StoreError};
use crate::event::{Outcome, RunState, Stream};
use crate::plan::{Effect, Plan};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Its index in the plan.
    pub step: usize,
    pub section: Option<String>,
    pub title: String,
    pub effect: Effect,
    /// `None` if neither an end nor an interruption of the step was seen: it has not begun, or is running.
    pub outcome: Option<Outcome>,
    pub exit_status: Option<i32>,
    pub duration_ms: Option<u64>,
    pub reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// A piece of what a step printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChunk {
    /// Its place in the order of everything that happened in the run.
    pub sequence: i64,
    pub step: usize,
    pub stream: Stream,
    pub bytes: Vec<u8>,
}

/// Which runs to list. What is `None` leaves out no run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunFilter<'a> {
    /// Runs on the server of this name.
    pub server: Option<&'a str>,
    pub state: Option<RunState>,
    /// Runs older than this one.
    pub before: Option<i64>,
}

impl Store {
    /// The newest runs first, at most `limit`; those of one server if its name is given.
    pub fn runs(&self, limit: usize, server: Option<&str>) -> Result<Vec<Run>> {
        let filter = RunFilter {
            server,
            ..RunFilter::default()
        };
        self.runs_matching(filter, limit)
    }

    /// The newest runs that match the filter first, at most `limit`.
    pub fn runs_matching(&self, filter: RunFilter<'_>, limit: usize) -> Result<Vec<Run>> {
        self.settle_dead_runs()?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let state = filter.state.map(RunState::as_str);
        self.check(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs
                 WHERE (?1 IS NULL OR server_name = ?1) AND (?2 IS NULL OR state = ?2) AND id < ?3
                 ORDER BY id DESC LIMIT ?4"
            ))?;
            let before = filter.before.unwrap_or(i64::MAX);
            let runs = statement.query_map(params![filter.server, state, before, limit], from_row)?;
            runs.collect()
        })
    }

    /// The newest run on a server of the inventory.
    pub fn last_run_on(&self, server: &Server) -> Result<Option<Run>> {
        self.settle_dead_runs()?;
        self.check(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE server_name = ?1 AND server_id = ?2 ORDER BY id DESC LIMIT 1"
            ))?;
            statement
                .query_row(params![server.name, server.id], from_row)
                .optional()
        })
    }

    /// Refuses if a run is at work on the server, or on its machine under another name. For callers that
    /// want to know before they ask a question. A run checks it again when it begins.
    pub fn check_not_at_work(&self, server: &Server) -> Result<()> {
        self.write(|transaction| {
            let living = living_runs(transaction, self.home())?;
            refuse_if_at_work(&living, &server.name, server.id, server.machine_id.as_deref())
        })
    }

    pub fn run(&self, id: i64) -> Result<Run> {
        self.settle_dead_runs()?;
        let found = self.check(|connection| {
            connection
                .query_row(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"), [id], from_row)
                .optional()
        })?;
        found.ok_or_else(|| StoreError::UnknownRun { id }.into())
    }

    /// The plan that a run executes, as it was when the run began.
    pub fn plan_of(&self, run_id: i64) -> Result<Plan> {
        let json: Option<String> = self.check(|connection| {
            connection
                .query_row("SELECT plan FROM runs WHERE id = ?1", [run_id], |row| row.get(0))
                .optional()
        })?;
        let json = json.ok_or(StoreError::UnknownRun { id: run_id })?;
        Plan::parse_recorded(&json).map_err(|error| crate::error::Error::Malformed {
            what: format!("the plan of run {run_id}"),
            reason: error.to_string(),
            hint: None,
        })
    }

    /// All steps of a run's plan, in their order.
    pub fn steps_of(&self, run_id: i64) -> Result<Vec<StepRecord>> {
        self.run(run_id)?;
        self.check(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT step, section, title, effect, outcome, exit_status, duration_ms, reason, started_at, ended_at
                 FROM steps WHERE run_id = ?1 ORDER BY step",
            )?;
            let steps = statement.query_map([run_id], |row| {
                Ok(StepRecord {
                    step: row.get::<_, u32>(0)? as usize,
                    section: row.get(1)?,
                    title: row.get(2)?,
                    effect: word(row, 3)?,
                    outcome: optional_word(row, 4)?,
                    exit_status: row.get(5)?,
                    duration_ms: row.get::<_, Option<i64>>(6)?.map(|duration| duration.max(0) as u64),
                    reason: row.get(7)?,
                    started_at: row.get(8)?,
                    ended_at: row.get(9)?,
                })
            })?;
            steps.collect()
        })
    }

    /// Hands each piece of what a run printed, or one step of it, to `visit`, in the order in which it came. Holds one
    /// piece at a time in memory. An error of `visit` ends it.
    pub fn output_of(
        &self,
        run_id: i64,
        step: Option<usize>,
        mut visit: impl FnMut(OutputChunk) -> Result<()>,
    ) -> Result<()> {
        self.run(run_id)?;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT sequence, step, stream, bytes FROM output
                 WHERE run_id = ?1 AND (?2 IS NULL OR step = ?2) ORDER BY sequence",
            )?;
            let mut rows = statement.query(params![run_id, step.map(|step| step as i64)])?;
            while let Some(row) = rows.next()? {
                visit(OutputChunk {
                    sequence: row.get(0)?,
                    step: row.get::<_, u32>(1)? as usize,
                    stream: word(row, 2)?,
                    bytes: row.get(3)?,
                })?;
            }
            Ok(())
        })
    }

    /// How many bytes of what a run printed are in the journal.
    pub fn kept_of(&self, run_id: i64) -> Result<u64> {
        let sum = "SELECT coalesce(sum(length(bytes)), 0) FROM output WHERE run_id = ?1";
        let bytes: i64 = self.check(|connection| connection.query_row(sum, [run_id], |row| row.get(0)))?;
        Ok(bytes.max(0) as u64)
    }

    /// What was said during a run that belongs to no step, in the order in which it was said.
    pub fn notices_of(&self, run_id: i64) -> Result<Vec<String>> {
        self.run(run_id)?;
        self.check(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT message FROM notices WHERE run_id = ?1 ORDER BY sequence")?;
            statement.query_map([run_id], |row| row.get(0))?.collect()
        })
    }

    /// Notes as interrupted what is recorded as running though its process is dead.
    pub(super) fn settle_dead_runs(&self) -> Result<()> {
        let any = "SELECT EXISTS (SELECT 1 FROM runs WHERE state = 'running')";
        if self.check(|connection| connection.query_row(any, [], |row| row.get(0)))? {
            self.write(|transaction| living_runs(transaction, self.home()).map(drop))?;
        }
        Ok(())
    }
}
