//! SSH: sessions with a server, over the `ssh2` crate. Implements what the executor needs of a connection.
//!
//! ```text
//! Target ──▶ trust (known_hosts, recorded key) ──▶ transport (TCP, key exchange) ──▶ authentication ──▶ elevation
//!                                                                                                      │
//!                                                              Session: start a script, reconnect ◀────┘
//! ```
//!
//! It must not know plans, the store, or the terminal: what it needs of a person it asks through [`AskSecret`].

mod authentication;
mod channel;
mod elevation;
mod host_key;
mod key_file;
mod known_hosts;
mod openssh_key;
mod questions;
mod session;
mod transport;
mod trust;

pub use host_key::{HostKey, RecordedKey, local_host_keys};
pub use session::{Session, connect, scan_host_key};

use crate::error::Result;
use crate::plan::secret::Secret;
use std::path::PathBuf;

/// Where and as whom to log in.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server's name in the inventory, for messages.
    pub name: String,
    /// A host name, an IPv4 or an IPv6 address (without brackets).
    pub host: String,
    pub port: u16,
    pub user: String,
    /// The private key to log in with. `None`: the agent's keys and the usual files of `~/.ssh`.
    pub key_path: Option<PathBuf>,
    /// What the inventory knows of the server's host key. `None`: the user's own known_hosts may vouch for it.
    pub host_key: Option<RecordedKey>,
}

/// Whoever can be asked for a password or passphrase. Asked from several threads at once when there are several servers.
pub trait AskSecret: Sync {
    /// Shows `prompt` as it is and returns what was typed; `None` if there is nobody to ask.
    fn ask(&self, prompt: &str) -> Result<Option<Secret>>;
}

/// A secret that the environment gives; an empty variable gives none.
fn secret_of_environment(variable: &str) -> Option<Secret> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}

/// Text of the other side for a message: it must not be able to move the cursor, change colours or fake a line.
fn printable(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}
