//! Which SSH agent is asked for a host: that of the environment, or the one that the SSH configuration names. Asks none.

use std::path::PathBuf;

/// Which agent is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentSocket {
    /// `IdentityAgent none`, or there is none.
    Nowhere,
    At {
        path: PathBuf,
        /// What says so: `SSH_AUTH_SOCK`, or `IdentityAgent` of the configuration.
        said_by: &'static str,
    },
    /// Said, but not to be understood; why.
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
