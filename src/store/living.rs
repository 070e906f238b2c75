//! The runs that are executing now: their processes are alive. A run whose process has died is recorded as interrupted when it
//! is found here.

use super::failure::Failure;
use super::run_rows::{COLUMNS, Run, from_row};
use super::{Home, run_lock};
use crate::error::Refusal;
use crate::event::{Outcome, RunState};
use crate::reason::LockHolder;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

/// Refuses if one of `living` is at work on the row, or on the same machine under another name.
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
            return Err(Refusal::Locked {
                server: server.to_owned(),
                holder: Box::new(LockHolder::RecordedRun {
                    run: run.id,
                    recipe: run.recipe.clone(),
                    other_name: (run.server != server).then(|| run.server.clone()),
                    operator: run.operator.clone(),
                    computer: run.computer.clone(),
                    pid: run.pid,
                    started_at: run.started_at,
                }),
            }
            .into());
        }
    }
    Ok(())
}

/// A run that is executing, and its machine.
pub(super) struct LivingRun {
    run: Run,
    machine_id: Option<String>,
}

impl LivingRun {
    /// The run that this transaction has recorded.
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

/// The runs that are executing. Records runs whose process has died as interrupted.
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
        end(transaction, found.run.id, RunState::Interrupted, Some(&reason), None)?;
        run_lock::remove_stale(home, &lock_file)?;
    }
    Ok(living)
}

/// Ends a run in the journal. A step that started and whose end was not seen has an unknown outcome.
pub(super) fn end(
    transaction: &Transaction<'_>,
    run_id: i64,
    state: RunState,
    reason: Option<&str>,
    at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE steps SET outcome = ?2 WHERE run_id = ?1 AND started_at IS NOT NULL AND outcome IS NULL",
        params![run_id, Outcome::Unknown.as_str()],
    )?;
    transaction.execute(
        "UPDATE runs SET state = ?2, reason = ?3, ended_at = ?4 WHERE id = ?1",
        params![run_id, state.as_str(), reason, at],
    )?;
    Ok(())
}

/// This computer's name, for people.
pub(super) fn computer() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
