//! Why nothing may be destroyed on a machine.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// One sign that a machine hosts infrakt, or that it can't be told apart from one that does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ProtectionReason {
    /// The server's row in the inventory is marked.
    MarkedRow,
    /// The machine has the marker `/etc/infrakt/host`.
    Marker,
    /// This process was seen on the machine.
    RunsThisInfrakt,
    /// The machine has the machine-id of the computer that infrakt runs on.
    LocalMachineId,
    /// The machine has a host key of the computer that infrakt runs on.
    LocalHostKey,
    /// The machine has an identity of a marked row.
    ProtectedServer {
        identity: IdentityKind,
        /// The name of that row.
        server: String,
        marked_on: Date,
    },
    /// The machine has an identity of a marked row that was removed.
    RemovedServer {
        identity: IdentityKind,
        /// The name that the row had.
        server: String,
        marked_on: Date,
        /// Whether this server's own row has the identity too. Then removing the protection of this server removes the
        /// record of the other one.
        in_row: bool,
    },
    /// A marked row that was never reached has the server's address.
    ProtectedAddress {
        /// The name of that row.
        server: String,
    },
    /// Another machine's Docker may be the one that answers.
    UnprovenEngine { problem: String },
}

/// By what a machine is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    MachineId,
    HostKey,
    /// The id of the Docker engine.
    Engine,
}

impl Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MachineId => "machine-id",
            Self::HostKey => "host key",
            Self::Engine => "Docker engine",
        })
    }
}

impl Display for ProtectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MarkedRow => write!(f, "its row says that it hosts infrakt"),
            Self::Marker => write!(f, "it has the marker /etc/infrakt/host"),
            Self::RunsThisInfrakt => write!(f, "this infrakt runs on it"),
            Self::LocalMachineId => write!(f, "it has the machine-id of this computer"),
            Self::LocalHostKey => write!(f, "it has a host key of this computer"),
            Self::ProtectedServer {
                identity,
                server,
                marked_on,
            } => write!(
                f,
                "it has the {identity} of the protected server '{server}' (marked {marked_on})"
            ),
            Self::RemovedServer {
                identity,
                server,
                marked_on,
                ..
            } => write!(
                f,
                "it has the {identity} of the protected server '{server}' (marked {marked_on}, removed since)"
            ),
            Self::ProtectedAddress { server } => write!(
                f,
                "it has the address of the protected server '{server}', which was never reached"
            ),
            Self::UnprovenEngine { problem } => write!(
                f,
                "the Docker that answers is not proven to be the server's own: {problem}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IdentityKind, ProtectionReason};
    use crate::reason::explained::Explained;
    use jiff::civil::date;
    use serde_json::json;

    /// Saved plans, digests and programs rely on these.
    #[test]
    fn the_codes_and_fields_of_protection_reasons_stay_the_same() {
        let (server, marked_on) = ("prod-1".to_owned(), date(2026, 11, 2));
        let problem = "no dockerd listens".to_owned();
        let identity = IdentityKind::HostKey;
        for (reason, document) in [
            (
                ProtectionReason::MarkedRow,
                json!({ "code": "marked_row", "message": "its row says that it hosts infrakt" }),
            ),
            (
                ProtectionReason::Marker,
                json!({ "code": "marker", "message": "it has the marker /etc/infrakt/host" }),
            ),
            (
                ProtectionReason::RunsThisInfrakt,
                json!({ "code": "runs_this_infrakt", "message": "this infrakt runs on it" }),
            ),
            (
                ProtectionReason::LocalMachineId,
                json!({ "code": "local_machine_id", "message": "it has the machine-id of this computer" }),
            ),
            (
                ProtectionReason::LocalHostKey,
                json!({ "code": "local_host_key", "message": "it has a host key of this computer" }),
            ),
            (
                ProtectionReason::ProtectedServer {
                    identity: IdentityKind::MachineId,
                    server: server.clone(),
                    marked_on,
                },
                json!({
                    "code": "protected_server", "identity": "machine_id", "server": "prod-1", "marked_on": "2026-11-02",
                    "message": "it has the machine-id of the protected server 'prod-1' (marked 2026-11-02)",
                }),
            ),
            (
                ProtectionReason::ProtectedServer {
                    identity: IdentityKind::Engine,
                    server: server.clone(),
                    marked_on,
                },
                json!({
                    "code": "protected_server", "identity": "engine", "server": "prod-1", "marked_on": "2026-11-02",
                    "message": "it has the Docker engine of the protected server 'prod-1' (marked 2026-11-02)",
                }),
            ),
            (
                ProtectionReason::RemovedServer {
                    identity,
                    server: server.clone(),
                    marked_on,
                    in_row: true,
                },
                json!({
                    "code": "removed_server", "identity": "host_key", "server": "prod-1", "marked_on": "2026-11-02",
                    "in_row": true,
                    "message": "it has the host key of the protected server 'prod-1' (marked 2026-11-02, removed since)",
                }),
            ),
            (
                ProtectionReason::ProtectedAddress { server },
                json!({
                    "code": "protected_address", "server": "prod-1",
                    "message": "it has the address of the protected server 'prod-1', which was never reached",
                }),
            ),
            (
                ProtectionReason::UnprovenEngine { problem },
                json!({
                    "code": "unproven_engine", "problem": "no dockerd listens",
                    "message":
                        "the Docker that answers is not proven to be the server's own: no dockerd listens",
                }),
            ),
        ] {
            assert_eq!(serde_json::to_value(Explained::of(reason.clone())).unwrap(), document);
            let read: ProtectionReason = serde_json::from_value(document).unwrap();
            assert_eq!(read, reason, "the sentence is not read back");
        }
    }
}
