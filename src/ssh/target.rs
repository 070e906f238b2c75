//! Where and as whom to log in, with nothing left to look up. Knows no connection.

use crate::host_key::HostKey;
use std::path::PathBuf;

/// Where and as whom to log in, with nothing left open.
#[derive(Debug, Clone)]
pub struct LoginTarget {
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
    pub host_key: Option<HostKey>,
}

impl LoginTarget {
    /// Host and port as they are shown: IPv6 in brackets.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}
