//! What the journal says of runs: which there were, how their steps ended, what they printed.
//!
//! It must not show anything; it hands out rows, and output piece by piece, since a step may have printed gigabytes.

use super::{Failure, GroupId, Home, Server, Store, journal, run_lock};
use crate::error::{Refusal, Result, StoreError};
use crate::event::{Outcome, RunState, Stream};
use crate::plan::{Effect, Plan};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use schemars::JsonSchema;
use serde::Serialize;

/// One execution of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    pub id: i64,
    /// The server's name when the run began; its row may be gone since.
    pub server: String,
    pub server_id: Option<i64>,
    pub recipe: String,
    /// The digest of its plan.
    pub digest: String,
    pub state: RunState,
    pub reason: Option<String>,
    /// Who began it, and on which computer, in which process.
    pub operator: String,
    pub computer: String,
    pub pid: u32,
    pub started_at: Timestamp,
    /// `None` while it goes on, and when its end was not seen.
    pub ended_at: Option<Timestamp>,
    /// Those that were begun together with it, if there are others.
    pub group: Option<GroupId>,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepRecord {
    /// Its index in the plan.
    pub step: usize,
    pub section: Option<String>,
    pub title: String,
    pub effect: Effect,
    /// `None` if neither an end nor an interruption of the step was seen: it has not begun, or goes on.
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

impl Store {
    /// The newest runs first, at most `limit`; those of one server if its name is given.
    pub fn runs(&self, limit: usize, server: Option<&str>) -> Result<Vec<Run>> {
        self.runs_before(None, limit, server)
    }

    /// As [`Store::runs`], those that are older than `before`.
    pub fn runs_before(&self, before: Option<i64>, limit: usize, server: Option<&str>) -> Result<Vec<Run>> {
        self.settle_dead_runs()?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.check(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE (?1 IS NULL OR server_name = ?1) AND id < ?3 ORDER BY id DESC LIMIT ?2"
            ))?;
            let runs = statement.query_map(params![server, limit, before.unwrap_or(i64::MAX)], from_row)?;
            runs.collect()
        })
    }

    /// Refuses if a run is at work on the server, or on its machine under another name. For those who want to know before
    /// anybody is asked: a run that begins checks it once more.
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
        serde_json::from_str(&json).map_err(|error| crate::error::Error::Malformed {
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

/// A run, as it is in the middle of a transaction.
pub(super) fn by_id(transaction: &Transaction<'_>, id: i64) -> Result<Run, Failure> {
    transaction
        .query_row(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"), [id], from_row)
        .optional()?
        .ok_or_else(|| StoreError::UnknownRun { id }.into())
}

/// Refuses if one of `living` is at work on the row, or on the machine under whatever name.
pub(super) fn refuse_if_at_work(
    living: &[LivingRun],
    server: &str,
    server_id: i64,
    machine_id: Option<&str>,
) -> Result<(), Failure> {
    for living in living {
        let same_machine = machine_id.is_some() && living.machine_id.as_deref() == machine_id;
        if living.run.server_id == Some(server_id) || same_machine {
            let run = &living.run;
            let under = if run.server == server {
                String::new()
            } else {
                format!(" on the same machine, called '{}',", run.server)
            };
            return Err(Refusal::Locked {
                server: server.to_owned(),
                holder: format!(
                    "run {} of {}{under} begun by {} on {} (pid {}) at {}",
                    run.id,
                    run.recipe,
                    run.operator,
                    run.computer,
                    run.pid,
                    run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
                ),
            }
            .into());
        }
    }
    Ok(())
}

/// A run that goes on, and on which machine.
pub(super) struct LivingRun {
    run: Run,
    machine_id: Option<String>,
}

impl LivingRun {
    /// The run that was recorded in this very transaction.
    pub(super) fn recorded(transaction: &Transaction<'_>, run_id: i64) -> rusqlite::Result<Self> {
        transaction
            .prepare_cached(&format!("SELECT {COLUMNS}, machine_id FROM runs WHERE id = ?1"))?
            .query_row([run_id], |row| {
                Ok(Self {
                    run: from_row(row)?,
                    machine_id: row.get("machine_id")?,
                })
            })
    }
}

/// The runs that go on. Those whose process has died are noted as interrupted on the way.
pub(super) fn living_runs(transaction: &Transaction<'_>, home: &Home) -> Result<Vec<LivingRun>, Failure> {
    let mut statement = transaction.prepare(&format!(
        "SELECT {COLUMNS}, machine_id, lock_file FROM runs WHERE state = 'running'"
    ))?;
    let running = statement
        .query_map([], |row| {
            let run = LivingRun {
                run: from_row(row)?,
                machine_id: row.get("machine_id")?,
            };
            Ok((run, row.get::<_, String>("lock_file")?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut living = Vec::new();
    for (found, lock_file) in running {
        if run_lock::is_held(home, &lock_file)? {
            living.push(found);
            continue;
        }
        let reason = format!("its process (pid {}) ended before the run did", found.run.pid);
        journal::end(transaction, found.run.id, RunState::Interrupted, Some(&reason), None)?;
        run_lock::remove_stale(home, &lock_file)?;
    }
    Ok(living)
}

const COLUMNS: &str =
    "id, server_name, server_id, recipe, digest, state, reason, operator, computer, pid, started_at, ended_at,
    (SELECT group_id FROM run_group_servers AS own WHERE own.run_id = runs.id AND EXISTS
        (SELECT 1 FROM run_group_servers AS other WHERE other.group_id = own.group_id AND other.position <> own.position))";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Run> {
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
        group: row.get(12)?,
    })
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
