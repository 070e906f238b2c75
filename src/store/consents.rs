//! The consents in the journal. The consent room ensures that nothing destructive runs without a consent; here a
//! consent is checked once more against the plan, and limited to one run.

use super::{Failure, Store};
use crate::consent::{Consent, Means};
use crate::error::{Refusal, Result};
use crate::plan::Plan;
use crate::reason::{NameReason, StaleReason};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// How long a consent that has started nothing yet is good for.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

impl Store {
    /// The consent that started a run, or the last with which it was resumed; `None` if it needed none.
    pub fn consent_of(&self, run_id: i64) -> Result<Option<Consent>> {
        self.check(|connection| {
            connection
                .query_row(
                    "SELECT server_name, digest, who, how, given_at FROM consents WHERE run_id = ?1
                     ORDER BY id DESC LIMIT 1",
                    [run_id],
                    from_row,
                )
                .optional()
        })
    }
}

/// Refuses a plan that needs a consent and has none that fits, is fresh, and has started nothing yet.
pub(super) fn check(
    transaction: &Transaction<'_>,
    plan: &Plan,
    consent: Option<&Consent>,
    now: Timestamp,
) -> Result<(), Failure> {
    let server = plan.server.name.clone();
    let stale = |reason| {
        let server = plan.server.name.clone();
        Err(Refusal::StalePlan { server, reason }.into())
    };
    let Some(consent) = consent else {
        if plan.needs_consent() {
            let reason = Box::new(NameReason::NoConsent { server });
            return Err(Refusal::NeedsName { reason }.into());
        }
        return Ok(());
    };
    if consent.server != plan.server.name {
        return Err(Refusal::ConsentMismatch { server }.into());
    }
    if consent.digest != plan.digest {
        return stale(StaleReason::OtherConsent);
    }
    // A consent from the future has an unknown age, because the clock was set back. It must not count as young.
    match now.duration_since(consent.at) {
        age if age < SignedDuration::ZERO => {
            return stale(StaleReason::ConsentFromFuture);
        }
        age if age > LIFETIME => return stale(StaleReason::ConsentExpired),
        _ => {}
    }
    let used = transaction
        .query_row(
            "SELECT run_id FROM consents WHERE server_name = ?1 AND digest = ?2 AND given_at = ?3",
            params![consent.server, consent.digest, consent.at],
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    match used {
        Some(run) => stale(StaleReason::ConsentUsed { run }),
        None => Ok(()),
    }
}

pub(super) fn record(
    transaction: &Transaction<'_>,
    consent: &Consent,
    run_id: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT INTO consents (server_name, digest, who, how, given_at, expires_at, run_id, used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                consent.server,
                consent.digest,
                consent.who,
                consent.how.as_str(),
                consent.at,
                consent.at + LIFETIME,
                run_id,
                now
            ],
        )
        .map(drop)
}

/// From the columns server_name, digest, who, how and given_at.
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Consent> {
    Ok(Consent {
        server: row.get(0)?,
        digest: row.get(1)?,
        who: row.get(2)?,
        how: means(&row.get::<_, String>(3)?),
        at: row.get(4)?,
    })
}

/// How it was given, from the word in the row. An unknown word can only come from a newer infrakt, whose database this
/// one refuses to open.
fn means(word: &str) -> Means {
    match word {
        "typed" => Means::Typed,
        "--confirm" => Means::Flag,
        _ => Means::Api,
    }
}
