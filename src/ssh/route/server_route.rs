//! The way to a server: its hosts in their order, each with all that is needed to get through it.
//!
//! It must not know how the way was looked up.

use crate::ssh::route::agent_socket::AgentSocket;
use crate::ssh::route::host_key_settings::HostKeySettings;
use crate::ssh::target::LoginTarget;
use std::path::PathBuf;
use std::time::Duration;

/// How long a connection attempt to one address may take, unless ConnectTimeout says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval between probes of an idle connection, unless ServerAliveInterval says otherwise.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
pub const PROBES: u32 = 3;

/// What is offered to one host to log in.
#[derive(Debug, Clone)]
pub struct Identities {
    /// `IdentityFile`s of the configuration. `None`: it has none, and the usual files are tried.
    pub files: Option<Vec<PathBuf>>,
    /// `IdentitiesOnly`: of the agent's keys, offer only those that are named.
    pub only: bool,
    pub agent: AgentSocket,
    /// `CertificateFile`s. Certificates that lie beside their keys are found without it.
    pub certificates: Vec<PathBuf>,
}

/// One host on the way, with everything that is needed to log in to it.
#[derive(Debug, Clone)]
pub struct Hop {
    pub target: LoginTarget,
    /// It is a jump host, not the server itself.
    pub is_jump: bool,
    pub identities: Identities,
    /// The known_hosts files, in their order.
    pub known_hosts: Vec<PathBuf>,
    /// The name to look up in them, if it is not the host's.
    pub host_key_alias: Option<String>,
    /// Other settings about host keys.
    pub host_keys: HostKeySettings,
    pub connect_timeout: Duration,
    pub probe_interval: Duration,
    pub probes: u32,
    /// Reaches it instead of a TCP connection. Used for the first host only.
    pub proxy_command: Option<String>,
    /// The settings that come from the configuration, by their names in ssh_config(5).
    pub said: Vec<(&'static str, String)>,
    /// Settings that can't be used, and why.
    pub notes: Vec<String>,
}

impl Hop {
    /// Without any configuration.
    pub fn plain(target: LoginTarget, is_jump: bool) -> Self {
        let home = std::env::home_dir().unwrap_or_default();
        Self {
            target,
            is_jump,
            identities: Identities {
                files: None,
                only: false,
                agent: AgentSocket::of_environment(),
                certificates: Vec::new(),
            },
            known_hosts: vec![
                home.join(".ssh/known_hosts"),
                home.join(".ssh/known_hosts2"),
                PathBuf::from("/etc/ssh/ssh_known_hosts"),
                PathBuf::from("/etc/ssh/ssh_known_hosts2"),
            ],
            host_key_alias: None,
            host_keys: HostKeySettings::default(),
            connect_timeout: CONNECT_TIMEOUT,
            probe_interval: PROBE_INTERVAL,
            probes: PROBES,
            proxy_command: None,
            said: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// The way to a server: any jump hosts, and the server itself.
#[derive(Debug, Clone)]
pub struct ServerRoute {
    pub(in crate::ssh) jumps: Vec<Hop>,
    pub(in crate::ssh) target: Hop,
    /// A warning for the person.
    pub(in crate::ssh) note: Option<String>,
}

impl ServerRoute {
    /// A direct connection, without any SSH configuration.
    pub fn direct(target: LoginTarget) -> Self {
        Self {
            jumps: Vec::new(),
            target: Hop::plain(target, false),
            note: None,
        }
    }

    /// The server and the user to log in as.
    pub fn target(&self) -> &LoginTarget {
        &self.target.target
    }

    /// The jump hosts, in their order.
    pub fn jump_hosts(&self) -> impl Iterator<Item = &LoginTarget> {
        self.jumps.iter().map(|hop| &hop.target)
    }

    /// The command that reaches the first host, if there is one.
    pub fn proxy_command(&self) -> Option<&str> {
        self.first().proxy_command.as_deref()
    }

    /// The server's own settings from the SSH configuration, by their names in ssh_config(5).
    pub fn configured(&self) -> &[(&'static str, String)] {
        &self.target.said
    }

    /// A warning: a configuration that could not be used.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// All hosts, the server last.
    pub(in crate::ssh) fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.jumps.iter().chain(std::iter::once(&self.target))
    }

    pub(in crate::ssh) fn hop(&self, index: usize) -> &Hop {
        self.jumps.get(index).unwrap_or(&self.target)
    }

    fn first(&self) -> &Hop {
        self.hop(0)
    }
}
