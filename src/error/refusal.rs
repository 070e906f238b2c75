//! Why something that could be done was not done: nobody consented, the server is protected, somebody else is at work,
//! or the plan no longer fits. A refusal means that nothing was changed.

/// A refusal, with what the reader needs to understand it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("nothing was destroyed: the name typed for '{server}' did not match")]
    ConsentMismatch { server: String },
    #[error("nothing was destroyed: '{server}' would lose data, and there is no terminal to type its name on")]
    NoTerminal { server: String },
    #[error("nothing was destroyed: '{server}' would lose data, and --confirm names only {}", confirmed.join(", "))]
    NotConfirmed { server: String, confirmed: Vec<String> },
    /// A call of the API lacks a part of the proof that a person accepted the plan.
    #[error("nothing was destroyed: '{server}' would lose data, and the call has no `{field}`")]
    NotProven { server: String, field: &'static str },
    /// The plan that a call of the API was shown is not the one that would be executed now.
    #[error(
        "nothing was done: the plan for '{server}' is not the one that was shown any more; its recipe or parameters, the \
         server, or what is there to lose has changed"
    )]
    AnotherPlan { server: String },
    /// The plan was not shown by this service, or too long ago, or a run of it has begun since.
    #[error(
        "nothing was done: no such plan was shown for '{server}' in the last 10 minutes that did not begin a run already"
    )]
    NotShown { server: String },
    #[error("nothing was changed: what was typed is not the name '{server}'")]
    OtherName { server: String },
    /// Of several servers, those for which nobody consented; the others have none of it either.
    #[error(
        "nothing was done on any server: nobody consented to the loss of data on {}",
        quoted(servers)
    )]
    Unconfirmed { servers: Vec<String> },
    #[error("'{server}' is protected and is never wiped: {}", reasons.join("; "))]
    Protected { server: String, reasons: Vec<String> },
    #[error(
        "'{server}' can't be told apart from other machines: {reason}; nothing is destroyed on a machine without an identity"
    )]
    NoIdentity { server: String, reason: String },
    #[error("another run is at work on '{server}': {holder}")]
    Locked { server: String, holder: String },
    /// A step relies on the server to undo it, and the server would end that with the connection.
    #[error(
        "nothing was run: '{server}' ends what a login has begun as soon as the login ends, so it could not undo a step \
         that locks you out: {reason}"
    )]
    NotDetached { server: String, reason: String },
    #[error("the plan no longer fits '{server}': {reason}")]
    StalePlan { server: String, reason: String },
    #[error("nothing more was run: step {step} of run {run}, '{title}', may or may not have run on '{server}'")]
    UnknownStep {
        server: String,
        run: i64,
        step: usize,
        title: String,
    },
    /// Somebody else's run can't be stopped from here.
    #[error("run {run} on '{server}' does not go on here, but {place}")]
    RunsElsewhere { run: i64, server: String, place: String },
    #[error("nothing was begun: {reason}")]
    Busy { reason: String },
    #[error("{message}")]
    NeedsName { server: String, message: String },
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

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::ConsentMismatch { server } => Some(format!(
                "if '{server}' is the one that you mean, repeat the command and type exactly that name"
            )),
            Self::NotConfirmed { server, .. } => Some(format!(
                "if it is meant to be wiped, add to the command: --confirm {server}"
            )),
            Self::NoTerminal { server } => Some(format!(
                "read the plan first, then repeat the command with: --confirm {server}"
            )),
            Self::Unconfirmed { servers } => Some(format!(
                "read their plans first, then repeat the command with: --confirm {}",
                servers.join(" --confirm ")
            )),
            Self::NotProven { .. } => Some(
                "have the plan read and the server's name typed; then send the name as `confirm` and the `digest` of that plan"
                    .to_owned(),
            ),
            Self::NotShown { .. } => Some("have the plan shown again, and confirm that one".to_owned()),
            Self::AnotherPlan { .. } => Some("read the plan as it is now, and confirm that one".to_owned()),
            Self::RunsElsewhere { server, .. } => Some(format!(
                "stop it where it was begun, with Ctrl-C; if that is out of reach: infrakt server unlock {server}"
            )),
            Self::Busy { .. } => Some("wait until a run has ended: infrakt runs list".to_owned()),
            Self::NeedsName { server, .. } | Self::OtherName { server } => Some(format!("repeat the command with: --confirm {server}")),
            Self::Protected { server, .. } => Some(format!(
                "look at what protects it: infrakt server status {server}; if it is a clone of a protected machine, give it \
                 an identity of its own, there, as root: rm -f /etc/machine-id /etc/infrakt/host /etc/ssh/ssh_host_* && \
                 systemd-machine-id-setup && ssh-keygen -A"
            )),
            Self::NoIdentity { .. } => Some("on the server, as root: systemd-machine-id-setup".to_owned()),
            Self::Locked { server, .. } => Some(format!(
                "wait until it has ended; its steps go on by themselves even if their infrakt was killed. If it is yours: \
                 infrakt runs resume ID (see: infrakt runs list). To end it: infrakt server unlock {server}"
            )),
            Self::UnknownStep { server, run, .. } => Some(format!(
                "look: infrakt server ssh {server}; then, if it ran: infrakt runs resume {run} --unknown done; if it did \
                 not: infrakt runs resume {run} --unknown again"
            )),
            Self::NotDetached { server, .. } => Some(format!(
                "log in as root: infrakt server update {server} --user root; or set KillUserProcesses=no in the server's \
                 /etc/systemd/logind.conf"
            )),
            Self::StalePlan { server, .. } => Some(format!(
                "make a new plan: infrakt plan RECIPE --server {server} --out FILE"
            )),
        }
    }
}

fn quoted(servers: &[String]) -> String {
    format!("'{}'", servers.join("', '"))
}
