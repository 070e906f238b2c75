//! Errors of a server that was reached and trusted, and then did not answer or could not do what infrakt asked. Reading
//! its facts has its own error, [`Error::Facts`](super::Error::Facts); failed steps are not errors but outcomes.

use super::{Exit, Position};

/// What a server did not answer or could not do.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("'{server}' did not answer within {seconds} s")]
    TooSlow { server: String, seconds: u64 },
    /// `said` is what it printed before; it may be empty.
    #[error("'{server}' closed the session before it answered{}", after_colon(said))]
    BrokeOff { server: String, said: String },
    #[error("the answer of '{server}' is longer than {mebibytes} MiB")]
    TooLong { server: String, mebibytes: usize },
    #[error("cannot understand the answer of '{server}': {reason}")]
    Unclear { server: String, reason: String },
    #[error("cannot read the load of '{server}': {reason}")]
    Usage { server: String, reason: String },
    /// The command of an `ssh::query` failed.
    #[error(
        "the query `{command}` failed on '{server}' with exit status {status}{}",
        after_colon(said)
    )]
    Query {
        server: String,
        command: String,
        status: i32,
        said: String,
        /// The line of the recipe that asked.
        at: Option<Box<Position>>,
    },
    #[error("cannot check the guards of the steps on '{server}'{}", after_colon(said))]
    Guards { server: String, said: String },
    #[error("cannot write the marker /etc/infrakt/host on '{server}'{}", after_colon(said))]
    MarkerNotWritten { server: String, said: String },
    #[error("cannot remove the marker /etc/infrakt/host from '{server}'{}", after_colon(said))]
    MarkerNotRemoved { server: String, said: String },
    #[error("cannot read the lock of '{server}'{}", after_colon(said))]
    Lock { server: String, said: String },
    /// A run that `server unlock` tried to end is still going.
    #[error("{run} could not be ended on '{server}'")]
    NotEnded {
        server: String,
        run: String,
        /// The file that shows who holds the lock.
        lock: &'static str,
    },
    #[error("{run} on '{server}' is undoing a step that may have locked everyone out; infrakt does not interrupt that")]
    Undoing { server: String, run: String },
    /// The records of a run can't be stored, so no run is started.
    #[error("'{server}' can't store the records of a run: {reason}")]
    NoRecords { server: String, reason: String },
    /// It is unknown whether another run is in progress, so no run is started.
    #[error("the lock of '{server}' can't be used: {reason}")]
    LockBroken { server: String, reason: String },
    #[error("'{server}' did not start the run: {reason}")]
    NotBegun { server: String, reason: String },
    /// The runner's records are inconsistent.
    #[error("cannot follow the steps on '{server}': {reason}")]
    NotFollowed { server: String, reason: String },
    #[error("'{server}' did not restart within {seconds} s")]
    NotRestarted { server: String, seconds: u64 },
}

impl ServerError {
    pub(super) fn exit(&self) -> Exit {
        Exit::Unreachable
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TooSlow { .. } | Self::BrokeOff { .. } | Self::TooLong { .. } | Self::Unclear { .. } => "no_answer",
            Self::Usage { .. } => "usage_unknown",
            Self::Query { .. } => "query_failed",
            Self::Guards { .. } => "guards_failed",
            Self::MarkerNotWritten { .. } | Self::MarkerNotRemoved { .. } => "marker_failed",
            Self::Lock { .. } => "lock_unknown",
            Self::NotEnded { .. } | Self::Undoing { .. } => "unlock_failed",
            Self::NoRecords { .. } | Self::LockBroken { .. } | Self::NotBegun { .. } => "not_begun",
            Self::NotFollowed { .. } => "not_followed",
            Self::NotRestarted { .. } => "not_restarted",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::TooSlow { server, .. } | Self::NotRestarted { server, .. } => {
                Some(format!("check whether it is up: infrakt server status {server}"))
            }
            Self::BrokeOff { server, .. }
            | Self::TooLong { server, .. }
            | Self::Unclear { server, .. }
            | Self::Usage { server, .. }
            | Self::Guards { server, .. }
            | Self::MarkerNotWritten { server, .. }
            | Self::MarkerNotRemoved { server, .. }
            | Self::Lock { server, .. } => Some(format!("log in and check: infrakt server ssh {server}")),
            Self::Query { server, .. } => Some(format!(
                "queries see read-only file systems: move a command that writes into a step; to try it on the server: \
                 infrakt server ssh {server}"
            )),
            Self::NotEnded { server, lock, .. } => Some(format!(
                "find out which process holds {lock}: infrakt server ssh {server}"
            )),
            Self::Undoing { server, .. } => Some(format!("try again in a few minutes: infrakt server unlock {server}")),
            Self::NoRecords { server, .. } => Some(format!(
                "check its disks: infrakt server ssh {server} -- 'findmnt -T /var/lib; df -h /var/lib /run; df -i \
                 /var/lib /run'"
            )),
            Self::LockBroken { server, .. } => Some(format!(
                "infrakt needs flock from util-linux, for root: infrakt server ssh {server} -- flock --version"
            )),
            Self::NotBegun { server, .. } => Some(format!("log in and check: infrakt server ssh {server}")),
            Self::NotFollowed { .. } => Some("show how the run ended: infrakt runs list".to_owned()),
        }
    }
}

/// What a server printed, after a colon; empty if it printed nothing.
fn after_colon(said: &str) -> String {
    match said.trim() {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, Exit, ServerError};

    #[test]
    fn each_failure_of_a_server_is_named_by_its_own_kind() {
        let server = || "prod-2".to_owned();
        let query = Error::from(ServerError::Query {
            server: server(),
            command: "docker ps".into(),
            status: 127,
            said: "sh: docker: not found\n".into(),
            at: None,
        });
        assert_eq!(
            query.to_string(),
            "the query `docker ps` failed on 'prod-2' with exit status 127: sh: docker: not found"
        );
        let restart = Error::from(ServerError::NotRestarted {
            server: server(),
            seconds: 300,
        });
        assert_eq!(restart.to_string(), "'prod-2' did not restart within 300 s");
        let broke_off = Error::from(ServerError::BrokeOff {
            server: server(),
            said: String::new(),
        });
        assert_eq!(broke_off.to_string(), "'prod-2' closed the session before it answered");
        for (error, code) in [
            (query, "query_failed"),
            (restart, "not_restarted"),
            (broke_off, "no_answer"),
        ] {
            assert_eq!((error.code(), error.exit()), (code, Exit::Unreachable));
            assert!(!error.to_string().contains("facts"), "{error}");
        }
    }
}
