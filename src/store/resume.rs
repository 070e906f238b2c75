//! The journal's records for resuming a run that ended early: how far its last stretch was followed, and whether its
//! consent is still valid.
//!
//! It must not decide what happens with a step whose outcome is not known.

use super::living::computer;
use super::{Failure, Store, run_rows};
use crate::consent::Consent;
use crate::error::{Refusal, Result, StoreError};
use crate::event::{Outcome, RunState, StretchPosition};
use crate::reason::LockHolder;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

/// How long the consent that began a run is good for resuming it.
const CONSENT_HOLDS: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// The stretch of a run that was begun last, and how far it was followed. `None`: nothing was ever sent.
    pub fn last_position_of(&self, run_id: i64) -> Result<Option<StretchPosition>> {
        self.check(|connection| {
            connection
                .query_row(
                    "SELECT number, first_step, journal, out, err, ended FROM stretches WHERE run_id = ?1
                     ORDER BY number DESC LIMIT 1",
                    [run_id],
                    |row| {
                        Ok(StretchPosition {
                            stretch: row.get(0)?,
                            first_step: row.get::<_, u32>(1)? as usize,
                            journal: unsigned(row.get(2)?),
                            out: unsigned(row.get(3)?),
                            err: unsigned(row.get(4)?),
                            ended: row.get(5)?,
                        })
                    },
                )
                .optional()
        })
    }

    /// The consent that began the run, or was given when it was resumed, if it may be resumed with it: it is not older
    /// than a day, no other run has been begun or resumed on the machine since, and the run is not one of a later stage that
    /// never started.
    pub fn consent_that_holds(&self, run_id: i64) -> Result<Option<Consent>> {
        self.write(|transaction| consent_that_holds(transaction, run_id, Timestamp::now()))
    }

    /// Refuses a run that is done or in progress.
    pub fn check_resumable(&self, run_id: i64) -> Result<()> {
        self.run(run_id)?;
        self.write(|transaction| check(transaction, run_id).map(drop))
    }
}

/// Gives the name by which servers know the run.
pub(super) fn check(transaction: &Transaction<'_>, run_id: i64) -> Result<String, Failure> {
    let run = run_rows::by_id(transaction, run_id)?;
    match run.state {
        RunState::Running => {
            let holder = Box::new(LockHolder::SameRun {
                run: run_id,
                operator: run.operator,
                computer: run.computer,
                pid: run.pid,
            });
            let server = run.server;
            return Err(Refusal::Locked { server, holder }.into());
        }
        RunState::Done => return Err(StoreError::RunIsDone { id: run_id }.into()),
        RunState::Failed | RunState::Interrupted => {}
    }
    // The consent is to the digest of the plan's old form, which this infrakt can't compute.
    let spool: Option<String> = transaction.query_row(
        "SELECT CASE plan ->> 'format' WHEN ?2 THEN spool END FROM runs WHERE id = ?1",
        params![run_id, crate::plan::FORMAT],
        |row| row.get(0),
    )?;
    spool.ok_or_else(|| StoreError::RunIsTooOld { id: run_id }.into())
}

pub(super) fn consent_that_holds(
    transaction: &Transaction<'_>,
    run_id: i64,
    now: Timestamp,
) -> Result<Option<Consent>, Failure> {
    let disturbed: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM runs AS later JOIN runs AS this ON this.id = ?1
         WHERE later.id <> ?1 AND coalesce(later.activity, later.id) > coalesce(this.activity, this.id)
         AND (later.server_id = this.server_id OR later.machine_id = this.machine_id))",
        [run_id],
        |row| row.get(0),
    )?;
    if disturbed || is_of_stage_not_started(transaction, run_id)? {
        return Ok(None);
    }
    let found = transaction
        .query_row(
            "SELECT server_name, digest, who, how, given_at FROM consents WHERE run_id = ?1 ORDER BY id DESC LIMIT 1",
            [run_id],
            super::consents::from_row,
        )
        .optional()?;
    // A clock that was set back makes no consent younger: one from the future holds no longer either.
    let holds = |consent: &Consent| {
        let age = now.duration_since(consent.at);
        age >= SignedDuration::ZERO && age <= CONSENT_HOLDS
    };
    Ok(found.filter(holds))
}

/// Whether the run is in a later stage of a play, and nothing of it was ever sent to its server. Its consent was for a run
/// after the stages before it.
fn is_of_stage_not_started(transaction: &Transaction<'_>, run_id: i64) -> rusqlite::Result<bool> {
    transaction.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM stretches WHERE run_id = ?1) AND EXISTS (
             SELECT 1 FROM run_group_servers AS own JOIN run_group_servers AS earlier
             ON earlier.group_id = own.group_id AND earlier.stage < own.stage WHERE own.run_id = ?1)",
        [run_id],
        |row| row.get(0),
    )
}

/// Notes that the run continues. Steps that were never executed are open again, and so are steps that may have run unseen, if
/// the end of the last stretch was not seen.
pub(super) fn open_again(transaction: &Transaction<'_>, run_id: i64, lock_file: String) -> rusqlite::Result<()> {
    let paused = paused_since_its_end(transaction, run_id)?;
    transaction.execute(
        "UPDATE runs SET state = 'running', reason = NULL, ended_at = NULL, computer = ?2, pid = ?3, lock_file = ?4,
         paused_ms = paused_ms + ?5 WHERE id = ?1",
        params![run_id, computer(), std::process::id(), lock_file, paused],
    )?;
    note_activity(transaction, run_id)?;
    transaction.execute(
        "UPDATE steps SET outcome = NULL, reason = NULL, ended_at = NULL, ended_sequence = NULL WHERE run_id = ?1
         AND (outcome = ?2 OR outcome = ?3 AND step >= (SELECT CASE WHEN ended THEN 1 << 40 ELSE first_step END
            FROM stretches WHERE run_id = ?1 ORDER BY number DESC LIMIT 1))",
        params![run_id, Outcome::Skipped.as_str(), Outcome::Unknown.as_str()],
    )?;
    Ok(())
}

/// Notes as open the steps of the run from this index on that are done.
pub(super) fn open_from(transaction: &Transaction<'_>, run_id: i64, step: usize) -> rusqlite::Result<()> {
    let sql =
        "UPDATE steps SET outcome = NULL, reason = NULL, exit_status = NULL, ended_at = NULL, ended_sequence = NULL
         WHERE run_id = ?1 AND step >= ?2 AND outcome IN (?3, ?4)";
    let done = [Outcome::Changed.as_str(), Outcome::NoChange.as_str()];
    transaction
        .execute(sql, params![run_id, step as i64, done[0], done[1]])
        .map(drop)
}

/// Milliseconds since the run ended, or since the last event in its journal where its end was not seen.
fn paused_since_its_end(transaction: &Transaction<'_>, run_id: i64) -> rusqlite::Result<i64> {
    let last: Option<Timestamp> = transaction.query_row(
        "SELECT coalesce(ended_at, (SELECT max(at) FROM (
             SELECT max(coalesce(ended_at, started_at)) AS at FROM steps WHERE run_id = ?1
             UNION ALL SELECT max(at) FROM notices WHERE run_id = ?1
             UNION ALL SELECT started_at FROM runs WHERE id = ?1))) FROM runs WHERE id = ?1",
        [run_id],
        |row| row.get(0),
    )?;
    let paused = last.map(|last| Timestamp::now().duration_since(last).as_millis());
    // After the clock was set back, the length of the pause is not known.
    Ok(paused.map_or(0, |paused| i64::try_from(paused.max(0)).unwrap_or(0)))
}

/// A server executes steps also while no infrakt follows. That time is no pause: a run took at least as long as its steps.
pub(super) fn shorten_pause(transaction: &Transaction<'_>, run_id: i64, ended_at: Timestamp) -> rusqlite::Result<()> {
    // A server may claim any duration. Those of 10,000 steps with this limit still have a sum.
    const LONGEST: i64 = 1 << 40;
    let (started_at, worked): (Timestamp, i64) = transaction.query_row(
        "SELECT started_at, (SELECT coalesce(sum(min(duration_ms, ?2)), 0) FROM steps WHERE run_id = ?1)
         FROM runs WHERE id = ?1",
        params![run_id, LONGEST],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let between = i64::try_from(ended_at.duration_since(started_at).as_millis()).unwrap_or(0);
    transaction
        .execute(
            "UPDATE runs SET paused_ms = min(paused_ms, ?2) WHERE id = ?1",
            params![run_id, between.saturating_sub(worked).max(0)],
        )
        .map(drop)
}

pub(super) fn record(transaction: &Transaction<'_>, run_id: i64, position: &StretchPosition) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO stretches (run_id, number, first_step, journal, out, err, ended)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET
             first_step = excluded.first_step, journal = excluded.journal, out = excluded.out, err = excluded.err, ended = excluded.ended",
        )?
        .execute(params![
            run_id,
            position.stretch,
            position.first_step as i64,
            signed(position.journal),
            signed(position.out),
            signed(position.err),
            position.ended
        ])
        .map(drop)
}

/// Notes that the run is the one that was at work last.
pub(super) fn note_activity(transaction: &Transaction<'_>, run_id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE runs SET activity = (SELECT max(coalesce(activity, id)) + 1 FROM runs) WHERE id = ?1")?
        .execute([run_id])
        .map(drop)
}

/// SQLite has no unsigned numbers. No output is as long as what does not fit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    number.max(0) as u64
}
