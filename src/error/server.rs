//! Failures of a server that was reached and trusted, and then did not answer or could not do what it was asked. Reading
//! its facts has an error of its own, [`Error::Facts`](super::Error::Facts); failed steps are no errors but outcomes.

use super::Exit;

/// What a server did not answer, or could not do.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("'{server}' did not answer within {seconds} s")]
    TooSlow { server: String, seconds: u64 },
    /// `said` is what it printed before, perhaps nothing.
    #[error("'{server}' closed the session before it answered{}", after_colon(said))]
    BrokeOff { server: String, said: String },
    #[error("the answer of '{server}' is longer than {mebibytes} MiB")]
    TooLong { server: String, mebibytes: usize },
    #[error("cannot understand the answer of '{server}': {reason}")]
    Unclear { server: String, reason: String },
    #[error("cannot tell how busy '{server}' is: {reason}")]
    Usage { server: String, reason: String },
    /// A recipe asked something with `ssh::query`, and the command failed.
    #[error(
        "the query `{command}` failed on '{server}' with exit status {status}{}",
        after_colon(said)
    )]
    Query {
        server: String,
        command: String,
        status: i32,
        said: String,
    },
    #[error("cannot check the guards of the steps on '{server}'{}", after_colon(said))]
    Guards { server: String, said: String },
    #[error("cannot write the marker /etc/infrakt/host on '{server}'{}", after_colon(said))]
    MarkerNotWritten { server: String, said: String },
    #[error("cannot remove the marker /etc/infrakt/host from '{server}'{}", after_colon(said))]
    MarkerNotRemoved { server: String, said: String },
    #[error("cannot read the lock of '{server}'{}", after_colon(said))]
    Lock { server: String, said: String },
    /// A run that was to be ended with `server unlock` goes on.
    #[error("{run} could not be ended on '{server}'")]
    NotEnded {
        server: String,
        run: String,
        /// The file that shows who holds the lock.
        lock: &'static str,
    },
    #[error(
        "{run} on '{server}' is undoing a step that may have locked everybody out; infrakt does not interrupt that"
    )]
    Undoing { server: String, run: String },
    /// There is no place for the records of a run, so none is begun.
    #[error("'{server}' can't keep the records of a run: {reason}")]
    NoRecords { server: String, reason: String },
    /// It could not be told whether another run is at work, so none is begun.
    #[error("the lock of '{server}' can't be used: {reason}")]
    LockBroken { server: String, reason: String },
    #[error("'{server}' did not begin the run: {reason}")]
    NotBegun { server: String, reason: String },
    /// The runner's records break their own rules.
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
                Some(format!("see if it is up: infrakt server status {server}"))
            }
            Self::BrokeOff { server, .. }
            | Self::TooLong { server, .. }
            | Self::Unclear { server, .. }
            | Self::Usage { server, .. }
            | Self::Guards { server, .. }
            | Self::MarkerNotWritten { server, .. }
            | Self::MarkerNotRemoved { server, .. }
            | Self::Lock { server, .. } => Some(format!("look there: infrakt server ssh {server}")),
            Self::Query { server, .. } => Some(format!(
                "a query only looks, and its file systems are read-only: put what writes into a step; to try it there: \
                 infrakt server ssh {server}"
            )),
            Self::NotEnded { server, lock, .. } => Some(format!(
                "see which process holds {lock} there: infrakt server ssh {server}"
            )),
            Self::Undoing { server, .. } => Some(format!("try again in a few minutes: infrakt server unlock {server}")),
            Self::NoRecords { server, .. } => Some(format!(
                "see its disks: infrakt server ssh {server} -- 'findmnt -T /var/lib; df -h /var/lib /run; df -i /var/lib /run'"
            )),
            Self::LockBroken { server, .. } => Some(format!(
                "it takes flock of util-linux, as root there: infrakt server ssh {server} -- flock --version"
            )),
            Self::NotBegun { server, .. } => Some(format!("look there: infrakt server ssh {server}")),
            Self::NotFollowed { .. } => Some("see what became of the run: infrakt runs list".to_owned()),
        }
    }
}

/// What a server said, where it said something.
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
