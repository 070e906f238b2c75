//! Failures on the way to a server: name, network, host key, login, sudo, a channel that broke.

use super::Exit;

/// Why a server could not be reached, trusted or talked to.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    #[error("cannot reach '{server}' at {address}: {reason}")]
    Unreachable {
        server: String,
        address: String,
        reason: String,
    },
    #[error("the connection to '{server}' was lost: {reason}")]
    Lost { server: String, reason: String },
}

impl SshError {
    pub(super) fn exit(&self) -> Exit {
        Exit::Unreachable
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Lost { .. } => "connection_lost",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Unreachable { server, .. } | Self::Lost { server, .. } => {
                Some(format!("infrakt server show {server}"))
            }
        }
    }
}
