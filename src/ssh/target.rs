//! Where and as whom to log in, with everything looked up. Knows no connection.

use crate::host_key::HostKey;
use std::path::PathBuf;

/// Where and as whom to log in, with everything looked up.
#[derive(Debug, Clone)]
pub struct LoginTarget {
    /// The server's name in the inventory, or the name of a jump host, for messages.
    pub name: String,
    /// A host name, an IPv4 or an IPv6 address (without brackets).
    pub host: String,
    pub port: u16,
    pub user: String,
    /// The private key to log in with. `None`: the agent's keys and those that the SSH configuration names, or the
    /// usual files of `~/.ssh`.
    pub key_path: Option<PathBuf>,
    /// The host key on record in the inventory. `None`: the user's own known_hosts files are used.
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
