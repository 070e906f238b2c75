//! The way to a server: its hosts in their order, each with all that is needed to get through it.
//!
//! It must not know how the way was looked up.

use crate::ssh::route::agent_socket::AgentSocket;
use crate::ssh::route::host_key_settings::HostKeySettings;
use crate::ssh::target::LoginTarget;
use std::path::PathBuf;
use std::time::Duration;

/// How long one address may take to accept, where ConnectTimeout does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An idle connection is probed after this time, and again as often, where ServerAliveInterval does not say.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
pub const PROBES: u32 = 3;

/// What is offered to one host to be let in.
#[derive(Debug, Clone)]
pub struct Identities {
    /// `IdentityFile`s of the configuration; `None` if it says none: then the usual ones.
    pub files: Option<Vec<PathBuf>>,
    /// `IdentitiesOnly`: of the agent's keys only those that are named.
    pub only: bool,
    pub agent: AgentSocket,
    /// `CertificateFile`s, beside those that lie beside their keys.
    pub certificates: Vec<PathBuf>,
}

/// One host on the way, with all that is needed to get through it.
#[derive(Debug, Clone)]
pub struct Hop {
    pub target: LoginTarget,
    /// Somebody else's way leads through it.
    pub is_jump: bool,
    pub identities: Identities,
    /// The files whose keys count, in their order.
    pub known_hosts: Vec<PathBuf>,
    /// The name that stands in them, if it is not the host's.
    pub host_key_alias: Option<String>,
    /// What else the configuration says of host keys.
    pub host_keys: HostKeySettings,
    pub connect_timeout: Duration,
    pub probe_interval: Duration,
    pub probes: u32,
    /// Leads to it in place of a TCP connection. Only the first hop's counts.
    pub proxy_command: Option<String>,
    /// What of it the configuration says, in the words of ssh_config(5).
    pub said: Vec<(&'static str, String)>,
    /// What was said but can't be used.
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
    /// What a person should know of it.
    pub(in crate::ssh) note: Option<String>,
}

impl ServerRoute {
    /// Straight there, and without looking at any SSH configuration.
    pub fn direct(target: LoginTarget) -> Self {
        Self {
            jumps: Vec::new(),
            target: Hop::plain(target, false),
            note: None,
        }
    }

    /// Where it ends, and as whom.
    pub fn target(&self) -> &LoginTarget {
        &self.target.target
    }

    /// The jump hosts, in their order.
    pub fn jump_hosts(&self) -> impl Iterator<Item = &LoginTarget> {
        self.jumps.iter().map(|hop| &hop.target)
    }

    /// The command that leads to the first host, if one does.
    pub fn proxy_command(&self) -> Option<&str> {
        self.first().proxy_command.as_deref()
    }

    /// What the SSH configuration says of the server itself, in the words of ssh_config(5).
    pub fn configured(&self) -> &[(&'static str, String)] {
        &self.target.said
    }

    /// What a person should know: a configuration that could not be used.
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
