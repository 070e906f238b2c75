//! SSH: sessions with a server, over the `ssh2` crate. Implements what the executor needs of a connection.
//!
//! ```text
//! Destination ──▶ route (the SSH configuration, jump hosts)
//!                    │  for each host on the way:
//!                    ▼
//!                  trust (known_hosts, recorded key) ──▶ transport (key exchange) ──▶ authentication ──▶ elevation
//!                    ▲                                                                      │               │
//!                    └──────── passage (TCP, a channel of a jump host, a command) ◀─────────┘               │
//!                                                                   Session: start a script, reconnect ◀────┘
//! ```
//!
//! It must not know plans, the store, or the terminal: what it needs of a person it asks through [`AskSecret`].

mod agent;
mod agent_relay;
mod authentication;
mod candidates;
mod certificate;
mod channel;
mod client_config;
mod deadline;
mod elevation;
mod files;
mod greeting;
mod host_key;
mod host_key_policy;
mod journey;
mod jump;
mod key_file;
mod known_hosts;
mod openssh_key;
mod other_ports;
mod passage;
mod questions;
mod random;
mod route;
mod session;
mod sudo_prompt;
mod tokens;
mod transport;
mod trust;
mod words;

pub use client_config::client_options;
pub use host_key::{HostKey, RecordedKey, local_host_keys};
pub use route::{Destination, Route};
pub use session::{Session, connect};

use crate::error::Result;
use crate::plan::secret::Secret;
use std::path::PathBuf;

/// Where and as whom to log in, with nothing left open.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server's name in the inventory, or what a jump host is called, for messages.
    pub name: String,
    /// A host name, an IPv4 or an IPv6 address (without brackets).
    pub host: String,
    pub port: u16,
    pub user: String,
    /// The private key to log in with. `None`: the agent's keys and those that the SSH configuration names, or the
    /// usual files of `~/.ssh`.
    pub key_path: Option<PathBuf>,
    /// What the inventory knows of the server's host key. `None`: the user's own known_hosts may vouch for it.
    pub host_key: Option<RecordedKey>,
}

/// Whoever can be asked for a password or passphrase. Asked from several threads at once when there are several servers.
pub trait AskSecret: Sync {
    /// Shows `prompt` as it is and returns what was typed; `None` if there is nobody to ask.
    fn ask(&self, prompt: &str) -> Result<Option<Secret>>;

    /// Says something that they should know before they answer anything. Nobody there: nothing is said.
    fn tell(&self, _remark: &str) {}
}

/// A secret that the environment gives; an empty variable gives none.
fn secret_of_environment(variable: &str) -> Option<Secret> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}
