//! Why infrakt refused to act: there is no consent, the server is protected or locked, or the plan no longer fits. A
//! refusal means that nothing was changed.

use super::protection_hint;
use crate::reason::{BusyReason, LockHolder, NameReason, ProtectionReason, Reason, StaleReason, sentences};

/// A refusal, with the values that its message needs.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("nothing was destroyed: the name typed for '{server}' did not match")]
    ConsentMismatch { server: String },
    #[error("nothing was destroyed: '{server}' would lose data, and there is no terminal to type its name on")]
    NoTerminal { server: String },
    #[error("nothing was destroyed: '{server}' would lose data, and --confirm names only {}", confirmed.join(", "))]
    NotConfirmed { server: String, confirmed: Vec<String> },
    /// An API request lacks a part of the proof that a person accepted the plan.
    #[error("nothing was destroyed: '{server}' would lose data, and the call has no `{field}`")]
    NotProven { server: String, field: &'static str },
    /// The plan that the API showed is not the one that would be executed now.
    #[error(
        "nothing was done: the plan for '{server}' has changed since it was shown: its recipe, its parameters, the \
         server, or the data to be deleted"
    )]
    AnotherPlan { server: String },
    /// The plan was not shown by this service, or more than 10 minutes ago, or a run of it was already started.
    #[error("nothing was done: no unused plan for '{server}' with this digest was shown in the last 10 minutes")]
    NotShown { server: String },
    #[error("nothing was changed: what was typed is not the name '{server}'")]
    OtherName { server: String },
    /// The servers of a group that were not confirmed. Nothing runs on the others either.
    #[error(
        "nothing was done on any server: the loss of data was not confirmed for {}",
        quoted(servers)
    )]
    Unconfirmed { servers: Vec<String> },
    #[error("'{server}' is protected and is never wiped: {}", sentences(reasons))]
    Protected {
        server: String,
        reasons: Vec<ProtectionReason>,
    },
    #[error(
        "'{server}' can't be told apart from other machines: its /etc/machine-id is missing or empty; nothing is \
         destroyed on a machine without an identity"
    )]
    NoIdentity { server: String },
    #[error("another run is in progress on '{server}': {holder}")]
    Locked { server: String, holder: Box<LockHolder> },
    /// A step relies on the server to undo it, but the server would kill that process when the connection ends.
    #[error(
        "nothing was run: '{server}' kills the processes of a login when the login ends, so it could not undo a step \
         that locks you out: {said}"
    )]
    NotDetached {
        server: String,
        /// What systemd-run printed there.
        said: String,
    },
    #[error("the plan no longer fits '{server}': {reason}")]
    StalePlan { server: String, reason: StaleReason },
    #[error("nothing more was run: step {step} of run {run}, '{title}', may or may not have run on '{server}'")]
    UnknownStep {
        server: String,
        run: i64,
        step: usize,
        title: String,
    },
    /// A run that another process executes can't be stopped from this one.
    #[error("run {run} on '{server}' is being executed by process {pid} on {computer}, started by {operator}")]
    RunsElsewhere {
        run: i64,
        server: String,
        operator: String,
        computer: String,
        pid: u32,
    },
    #[error("nothing was started: {reason}")]
    Busy { reason: BusyReason },
    #[error("{reason}")]
    NeedsName { reason: Box<NameReason> },
}

impl Refusal {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::ConsentMismatch { .. } | Self::NotConfirmed { .. } | Self::OtherName { .. } => "consent_mismatch",
            Self::NoTerminal { .. } | Self::Unconfirmed { .. } | Self::NeedsName { .. } | Self::NotProven { .. } => {
                "consent_missing"
            }
            Self::Protected { .. } => "protected",
            Self::NoIdentity { .. } => "no_identity",
            Self::Locked { .. } => "locked",
            Self::StalePlan { .. } | Self::AnotherPlan { .. } | Self::NotShown { .. } => "stale_plan",
            Self::NotDetached { .. } => "not_detached",
            Self::RunsElsewhere { .. } => "runs_elsewhere",
            Self::Busy { .. } => "busy",
            Self::UnknownStep { .. } => "unknown_step",
        }
    }

    /// Why, as data, where there are several kinds of reasons.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::Protected { reasons, .. } => reasons.iter().cloned().map(Reason::Protected).collect(),
            Self::StalePlan { reason, .. } => vec![Reason::Stale(reason.clone())],
            Self::Locked { holder, .. } => vec![Reason::Locked(holder.as_ref().clone())],
            Self::NeedsName { reason } => vec![Reason::NameNeeded(reason.as_ref().clone())],
            Self::Busy { reason } => vec![Reason::Busy(reason.clone())],
            Self::ConsentMismatch { .. }
            | Self::NoTerminal { .. }
            | Self::NotConfirmed { .. }
            | Self::NotProven { .. }
            | Self::AnotherPlan { .. }
            | Self::NotShown { .. }
            | Self::OtherName { .. }
            | Self::Unconfirmed { .. }
            | Self::NoIdentity { .. }
            | Self::NotDetached { .. }
            | Self::UnknownStep { .. }
            | Self::RunsElsewhere { .. } => Vec::new(),
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::ConsentMismatch { server } => Some(format!(
                "repeat the command and type exactly '{server}', if that is the right server"
            )),
            Self::NotConfirmed { server, .. } => {
                Some(format!("to delete its data, add to the command: --confirm {server}"))
            }
            Self::NoTerminal { server } => Some(format!(
                "read the plan first, then repeat the command with: --confirm {server}"
            )),
            Self::Unconfirmed { servers } => Some(format!(
                "read their plans first, then repeat the command with: --confirm {}",
                servers.join(" --confirm ")
            )),
            Self::NotProven { .. } => Some(
                "show the plan and ask for the server's name; then send the name as `confirm`, and the `digest` of \
                 that plan"
                    .to_owned(),
            ),
            Self::NotShown { .. } => Some("have the plan shown again, and confirm that one".to_owned()),
            Self::AnotherPlan { .. } => Some("read the new plan, and confirm that one".to_owned()),
            Self::RunsElsewhere { server, .. } => Some(format!(
                "press Ctrl-C where it was started; if you can't reach that place: infrakt server unlock {server}"
            )),
            Self::Busy { .. } => Some("wait until a run has ended: infrakt runs list".to_owned()),
            Self::NeedsName { reason } => Some(confirm_hint(reason.server())),
            Self::OtherName { server } => Some(confirm_hint(server)),
            Self::Protected { server, reasons } => Some(protection_hint::hint(server, reasons)),
            Self::NoIdentity { .. } => Some("on the server, as root: systemd-machine-id-setup".to_owned()),
            Self::Locked { server, .. } => Some(format!(
                "wait until it has ended; its steps continue even if the infrakt that started it was killed. If the \
                 run is yours: infrakt runs resume ID (see: infrakt runs list). To end it: infrakt server unlock \
                 {server}"
            )),
            Self::UnknownStep { server, run, .. } => Some(format!(
                "check on the server: infrakt server ssh {server}; if the step ran: infrakt runs resume {run} \
                 --unknown done; if it did not: infrakt runs resume {run} --unknown again"
            )),
            Self::NotDetached { server, .. } => Some(format!(
                "log in as root: infrakt server update {server} --user root; or set KillUserProcesses=no in the \
                 server's /etc/systemd/logind.conf"
            )),
            Self::StalePlan {
                server,
                reason: StaleReason::OtherMachine { .. },
            } => Some(format!("check which machine it is: infrakt server status {server}")),
            Self::StalePlan { server, .. } => Some(format!(
                "make a new plan: infrakt plan RECIPE --server {server} --out FILE"
            )),
        }
    }
}

fn confirm_hint(server: &str) -> String {
    format!("repeat the command with: --confirm {server}")
}

fn quoted(servers: &[String]) -> String {
    format!("'{}'", servers.join("', '"))
}
