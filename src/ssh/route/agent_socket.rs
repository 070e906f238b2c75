//! Which SSH agent to use for a host: the one of the environment, or the one that the SSH configuration names. Connects
//! to none.

use std::path::PathBuf;

/// Which agent to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentSocket {
    /// None: `IdentityAgent none`, or the environment names no agent.
    Nowhere,
    At {
        path: PathBuf,
        /// Where the path comes from: `SSH_AUTH_SOCK`, or `IdentityAgent` of the configuration.
        said_by: &'static str,
    },
    /// The setting can't be understood, and why.
    Unclear(String),
}

impl AgentSocket {
    /// The one that the environment names.
    pub fn of_environment() -> Self {
        Self::of_variable("SSH_AUTH_SOCK", "SSH_AUTH_SOCK")
    }

    pub fn of_variable(variable: &str, said_by: &'static str) -> Self {
        match std::env::var_os(variable).filter(|path| !path.is_empty()) {
            Some(path) => Self::At {
                path: path.into(),
                said_by,
            },
            None => Self::Nowhere,
        }
    }
}
