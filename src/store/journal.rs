//! The journal of one run while it is running: started together with its lock and its consent, then written event by
//! event.
//!
//! Durability: every event for which `append` has returned survives the end of the process, however it ends. A power
//! loss can take back the last output and steps (commits of a running run are not forced to the disk one by one, that
//! would cost more than the steps themselves); it can't take back that the run was started, with which consent, how a
//! stretch of it ended on the server, and how the run ended. A run that lost its last events this way shows as
//! interrupted, and the server knows what it did.

use super::living::{self, LivingRun, computer, end};
use super::run_lock::RunLock;
use super::{Failure, Store, consents, group_sync, resume, server_rows};
use crate::consent::Consent;
use crate::error::{Error, Result};
use crate::event::{RunEvent, StretchPosition};
use crate::plan::Plan;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use std::sync::Arc;

/// The journal of a running run. It holds the lock on the server; dropping it gives the lock back, and a run that was
/// not ended by then counts as interrupted. It has a connection of its own and may move to another thread.
pub struct Journal {
    store: Store,
    run_id: i64,
    spool: String,
    /// The place of the next event in the order of everything that happened.
    next: i64,
    _lock: Arc<RunLock>,
}

impl Store {
    /// Begins a run: takes the lock on the server, checks the consent and uses it up, and records the plan. All of it
    /// or nothing.
    ///
    /// `operator` is who began it, for people: `alice`. Refused if another run is in progress on the same row or the
    /// same machine; runs whose process has died don't count and are noted as interrupted.
    pub fn begin_run(&self, plan: &Plan, consent: Option<&Consent>, operator: &str) -> Result<Journal> {
        self.queue_run(plan, consent, operator)?.open()
    }

    /// Resumes a run that has ended early: takes the lock on the server again, and notes as open what was not executed.
    /// `consent` is a new one. It is needed if the one that began the run no longer holds.
    ///
    /// Refused if the run is done or in progress; if another run is at work, as in [`Store::begin_run`]; or if the run
    /// needs a consent and has none that holds.
    pub fn reopen_run(&self, run_id: i64, plan: &Plan, consent: Option<&Consent>, operator: &str) -> Result<Journal> {
        let store = Store::open(self.home())?;
        let lock = Arc::new(RunLock::take(self.home())?);
        let now = Timestamp::now();
        let (spool, next) = self.write(|transaction| {
            let server = server_rows::by_id(transaction, plan.server.id)?;
            let machine_id = plan.server.machine_id.as_deref().or(server.machine_id.as_deref());
            let living = living::living_runs(transaction, self.home())?;
            living::refuse_if_at_work(&living, &server.name, server.id, machine_id)?;
            let spool = resume::check(transaction, run_id)?;
            if resume::consent_that_holds(transaction, run_id, now)?.is_none() {
                consents::check(transaction, plan, consent, now)?;
                if let Some(consent) = consent {
                    consents::record(transaction, consent, run_id, now)?;
                }
            }
            // The events of steps that are open again lose their numbers, and so does the run's end. Clients may have seen
            // them, so the next number is higher than all of these.
            let next = last_sequence(transaction, run_id)? + 2;
            resume::open_again(transaction, run_id, lock.name())?;
            let message = format!("resumed by {operator}");
            write_event(transaction, run_id, next, &RunEvent::Notice { message })?;
            Ok((spool, next + 1))
        })?;
        Journal::of(store, run_id, spool, next, lock)
    }
}

/// A run that was recorded.
pub(super) struct RecordedRun {
    pub run_id: i64,
    /// The name by which its server will know it.
    pub spool: String,
}

/// Records a run, if none of `living` is at work on its server and its consent is good. The run uses up the consent.
pub(super) fn record_run(
    transaction: &Transaction<'_>,
    plan: &Plan,
    consent: Option<&Consent>,
    operator: &str,
    lock: &RunLock,
    living: &[LivingRun],
) -> Result<RecordedRun, Failure> {
    let now = Timestamp::now();
    let drawn = spool_name()?;
    let plan_json = serde_json::to_string(plan).map_err(|error| Error::Malformed {
        what: "the plan".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    let server = server_rows::by_id(transaction, plan.server.id)?;
    let machine_id = plan.server.machine_id.as_deref().or(server.machine_id.as_deref());
    living::refuse_if_at_work(living, &server.name, server.id, machine_id)?;
    consents::check(transaction, plan, consent, now)?;
    transaction.execute(
        "INSERT INTO runs (server_id, server_name, machine_id, recipe, digest, plan, state, operator, computer,
         pid, lock_file, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7, ?8, ?9, ?10, ?11)",
        params![
            server.id,
            server.name,
            machine_id,
            plan.recipe.name,
            plan.digest,
            plan_json,
            operator,
            computer(),
            std::process::id(),
            lock.name(),
            now
        ],
    )?;
    let run_id = transaction.last_insert_rowid();
    let spool = format!("{run_id}-{drawn}");
    transaction.execute("UPDATE runs SET spool = ?2 WHERE id = ?1", params![run_id, spool])?;
    resume::note_activity(transaction, run_id)?;
    let mut statement = transaction
        .prepare_cached("INSERT INTO steps (run_id, step, section, title, effect) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (index, step) in plan.steps.iter().enumerate() {
        let effect = step.effect.as_str();
        statement.execute(params![run_id, index as i64, step.section, step.title, effect])?;
    }
    if let Some(consent) = consent {
        consents::record(transaction, consent, run_id, now)?;
    }
    Ok(RecordedRun { run_id, spool })
}

/// The place of the last of all that happened in a run; its end is not among it.
pub(super) fn last_sequence(connection: &Connection, run_id: i64) -> rusqlite::Result<i64> {
    let last = "SELECT max(
        coalesce((SELECT max(sequence) FROM output WHERE run_id = ?1), 0),
        coalesce((SELECT max(sequence) FROM notices WHERE run_id = ?1), 0),
        coalesce((SELECT max(max(coalesce(started_sequence, 0), coalesce(ended_sequence, 0)))
                  FROM steps WHERE run_id = ?1), 0))";
    connection.query_row(last, [run_id], |row| row.get(0))
}

impl Journal {
    /// The journal of a run that is recorded as running, in a store of its own.
    pub(super) fn of(store: Store, run_id: i64, spool: String, next: i64, lock: Arc<RunLock>) -> Result<Self> {
        // From here on only the ends of stretches and of the run are forced to the disk, by `group_sync`.
        store.check(|connection| connection.pragma_update(None, "synchronous", "NORMAL"))?;
        Ok(Self {
            store,
            run_id,
            spool,
            next,
            _lock: lock,
        })
    }

    /// Counts the run's time from now on, for one that had to wait since it was recorded.
    pub(super) fn starts_now(&self) -> Result<()> {
        self.store.write(|transaction| {
            let at = params![self.run_id, Timestamp::now()];
            transaction.execute("UPDATE runs SET started_at = ?2 WHERE id = ?1", at)?;
            Ok(())
        })
    }

    pub fn run_id(&self) -> i64 {
        self.run_id
    }

    /// The name by which the server knows the run.
    pub fn spool(&self) -> &str {
        &self.spool
    }

    /// Notes as open the steps from this index on that are done: they are executed again now. The outcome that an earlier
    /// attempt has left of a step that always runs would pass for one of this attempt.
    pub fn open_from(&self, step: usize) -> Result<()> {
        self.store.write(|transaction| {
            resume::open_from(transaction, self.run_id, step)?;
            Ok(())
        })
    }

    /// Writes events in one transaction: all of them are in the journal when this returns, or none if it fails (a disk
    /// that fails after that is an error too). To show an event only after it was journalled, collect what has arrived,
    /// append it, then show it.
    ///
    /// `position` is how far the server's records have been read with these events.
    pub fn append(&mut self, events: &[RunEvent], position: Option<&StretchPosition>) -> Result<()> {
        if events.is_empty() && position.is_none() {
            return Ok(());
        }
        // The end of a stretch must be on the disk before the server deletes its records. So must the end of a run,
        // since infrakt does not come back to that run by itself.
        let lasting = position.is_some_and(|position| position.ended)
            || events.iter().any(|event| matches!(event, RunEvent::RunEnded { .. }));
        self.store.write(|transaction| {
            for (sequence, event) in (self.next..).zip(events) {
                write_event(transaction, self.run_id, sequence, event)?;
            }
            if let Some(position) = position {
                resume::record(transaction, self.run_id, position)?;
            }
            Ok(())
        })?;
        self.next += events.len() as i64;
        if lasting {
            group_sync::force(self.store.home())?;
        }
        Ok(())
    }
}

fn write_event(transaction: &Transaction<'_>, run_id: i64, sequence: i64, event: &RunEvent) -> Result<(), Failure> {
    let now = Timestamp::now();
    match event {
        RunEvent::StepStarted { step } => {
            let changed = transaction
                .prepare_cached(
                    "UPDATE steps SET started_at = ?3, started_sequence = ?4, outcome = NULL, exit_status = NULL,
                     duration_ms = NULL, reason = NULL, ended_at = NULL, ended_sequence = NULL
                     WHERE run_id = ?1 AND step = ?2",
                )?
                .execute(params![run_id, *step as i64, now, sequence])?;
            in_plan(changed, *step)?;
        }
        RunEvent::Output { step, stream, bytes } => {
            transaction
                .prepare_cached(
                    "INSERT INTO output (run_id, sequence, step, stream, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![run_id, sequence, *step as i64, stream.as_str(), bytes])?;
        }
        RunEvent::StepEnded {
            step,
            outcome,
            exit_status,
            duration_ms,
            reason,
        } => {
            let duration_ms = i64::try_from(*duration_ms).unwrap_or(i64::MAX);
            let changed = transaction
                .prepare_cached(
                    "UPDATE steps SET outcome = ?3, exit_status = ?4, duration_ms = ?5, reason = ?6, ended_at = ?7,
                     ended_sequence = ?8 WHERE run_id = ?1 AND step = ?2",
                )?
                .execute(params![
                    run_id,
                    *step as i64,
                    outcome.as_str(),
                    exit_status,
                    duration_ms,
                    reason,
                    now,
                    sequence
                ])?;
            in_plan(changed, *step)?;
        }
        RunEvent::Notice { message } => {
            transaction
                .prepare_cached("INSERT INTO notices (run_id, sequence, message, at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![run_id, sequence, message, now])?;
        }
        RunEvent::RunEnded { state, reason } => {
            end(transaction, run_id, *state, reason.as_deref(), Some(now))?;
            resume::shorten_pause(transaction, run_id, now)?;
        }
    }
    Ok(())
}

fn in_plan(rows: usize, step: usize) -> Result<(), Error> {
    if rows == 1 {
        return Ok(());
    }
    Err(Error::Malformed {
        what: "an event of the run".to_owned(),
        reason: format!("the plan has no step {step}"),
        hint: None,
    })
}

/// What no other run's records on a server are called.
fn spool_name() -> Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| Error::Malformed {
        what: "the system's source of randomness".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    Ok(format!("{:08x}", u32::from_be_bytes(bytes)))
}
