//! Whether a plan still fits the machine that answers now.

use crate::error::{Refusal, Result};
use crate::plan::{Losses, Plan, ServerIdentity};
use crate::reason::StaleReason;

/// Whether a plan still fits the machine that answers now, and may still destroy there what it does.
///
/// # Errors
/// A refusal that names what protects the machine, or what differs.
pub fn compare(plan: &Plan, now: &ServerIdentity, losses: &Losses) -> Result<()> {
    let then = &plan.server;
    if (&then.host, then.port, &then.user) != (&now.host, now.port, &now.user) {
        return Err(Refusal::StalePlan {
            server: then.name.clone(),
            reason: StaleReason::AddressChanged,
        }
        .into());
    }
    compare_resumed(plan, now, Some(losses))
}

/// As [`compare`] for the rest of a run: the machine may have another address by now, as long as it is the same one.
/// `losses` where the rest destroys; otherwise what the run itself has set up would count as new.
///
/// # Errors
/// As [`compare`].
pub fn compare_resumed(plan: &Plan, now: &ServerIdentity, losses: Option<&Losses>) -> Result<()> {
    let server = || plan.server.name.clone();
    if plan.destroys() && !now.protected.is_empty() {
        let reasons = now.protected.clone();
        return Err(Refusal::Protected {
            server: server(),
            reasons,
        }
        .into());
    }
    let stale = |reason| {
        Err(Refusal::StalePlan {
            server: server(),
            reason,
        }
        .into())
    };
    let then = &plan.server;
    if then.id != now.id {
        return stale(StaleReason::RowReplaced);
    }
    // A plan made offline may know less of the machine than the machine itself; what it knows must hold.
    let counts = |unknown_then: bool| !(plan.offline && unknown_then);
    if then.host_key != now.host_key && counts(then.host_key.is_none()) {
        return stale(StaleReason::HostKeyChanged);
    }
    if then.machine_id != now.machine_id && counts(then.machine_id.is_none()) {
        return stale(StaleReason::OtherMachine {
            machine_id: now.machine_id.clone(),
        });
    }
    if let Some(losses) = losses.filter(|_| plan.destroys()) {
        let things = plan.within_reach(losses.clone()).new_since(&plan.losses);
        if !things.is_empty() {
            return stale(StaleReason::MoreToLose { things });
        }
    }
    Ok(())
}
