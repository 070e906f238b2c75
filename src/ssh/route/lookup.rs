//! Looks up the way to a server: values of its row first, then the user's SSH configuration, then defaults. Each jump
//! host is looked up in the same way.
//!
//! The row's port, user and key are passed to ssh when it is asked for the configuration, as if they were options of
//! ssh: a Match may depend on them. Nothing is connected to here.

use crate::error::SshError;
use crate::host_key::HostKey;
use crate::plan::printable::one_line;
use crate::ssh::route::agent_socket::AgentSocket;
use crate::ssh::route::client_config::{self, HostSettings, Knowledge};
use crate::ssh::route::host_key_settings::HostKeySettings;
use crate::ssh::route::server_route::{Hop, Identities, PROBES, ServerRoute};
use crate::ssh::route::tokens::Tokens;
use crate::ssh::target::LoginTarget;
use std::path::PathBuf;
use std::time::Duration;

const USUAL_PORT: u16 = 22;
/// infrakt's own default, unlike ssh's: most recipes need root.
const USUAL_USER: &str = "root";
/// More jump hosts than anyone has: a longer chain is a circle.
const MOST_JUMPS: usize = 8;

/// A server as the inventory names it. What is `None` comes from the SSH configuration, or else from the defaults.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The server's name in the inventory, for messages.
    pub name: String,
    /// A host name, an address, or a `Host` of the SSH configuration.
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    /// The private key to log in with.
    pub key_path: Option<PathBuf>,
    /// The host key on record in the inventory.
    pub host_key: Option<HostKey>,
}

impl ServerRoute {
    /// Looks up the way.
    ///
    /// # Errors
    /// If the SSH configuration can't be read by ssh itself, or leads in a circle.
    pub fn find(destination: &Destination) -> Result<Self, SshError> {
        let query = HostQuery {
            name: destination.name.clone(),
            host: destination.host.clone(),
            port: destination.port,
            user: destination.user.clone(),
            key_path: destination.key_path.clone(),
            host_key: destination.host_key.clone(),
            is_jump: false,
        };
        let mut note = None;
        let mut hops = chain(query, Proxy::AsConfigured, &mut Vec::new(), &mut note)?;
        let Some(target) = hops.pop() else {
            return Err(circle(&destination.name, &[]));
        };
        Ok(Self {
            jumps: hops,
            target,
            note,
        })
    }
}

/// One host to look up.
struct HostQuery {
    name: String,
    host: String,
    port: Option<u16>,
    user: Option<String>,
    key_path: Option<PathBuf>,
    host_key: Option<HostKey>,
    /// It is a jump host. It needs no root, so ssh's own default user is right.
    is_jump: bool,
}

/// How a host is reached.
#[derive(Clone, Copy)]
enum Proxy {
    AsConfigured,
    /// Through the host before it in a list of jump hosts. Its own configuration is ignored for this, as ssh does.
    Before,
}

/// The hosts on the way to the host of `query`, and that host itself. `asked` holds the hosts whose jump hosts are
/// being looked up, to find circles.
fn chain(
    query: HostQuery,
    proxy: Proxy,
    asked: &mut Vec<String>,
    note: &mut Option<String>,
) -> Result<Vec<Hop>, SshError> {
    let (name, host) = (query.name.clone(), query.host.clone());
    if asked.len() > MOST_JUMPS || asked.contains(&host) {
        asked.push(host);
        return Err(circle(&name, asked));
    }
    let answer = match client_config::about(&query.host, query.user.as_deref(), query.port, !query.is_jump)? {
        Knowledge::Settings(answer) => answer,
        Knowledge::Nothing => return Ok(vec![plain(query)]),
        Knowledge::NoClient(file) => {
            *note = Some(format!(
                "{} is not used, because ssh, which reads it, is not installed: apt install openssh-client",
                file.display()
            ));
            return Ok(vec![plain(query)]);
        }
    };
    let unreadable = |reason: String| SshError::Configuration {
        host: host.clone(),
        reason,
    };
    let mut last = configured(query, &answer).map_err(&unreadable)?;
    let (user, port) = (last.target.user.clone(), last.target.port);
    let tokens = Tokens {
        original: &host,
        host: &last.target.host,
        port,
        user: &user,
        alias: last.host_key_alias.as_deref(),
    };
    last.host_keys = HostKeySettings::of(&answer, &tokens).map_err(&unreadable)?;
    let mut hops = Vec::new();
    if matches!(proxy, Proxy::AsConfigured) {
        // Of ProxyJump and ProxyCommand, ssh uses the one that comes first in the configuration, and prints only that
        // one.
        if let Some(list) = answer.said("ProxyJump") {
            let list = tokens.expand(list).map_err(unreadable)?;
            asked.push(host.clone());
            for (index, jump) in list.split(',').enumerate() {
                let jump =
                    HostQuery::parse(jump).ok_or_else(|| unreadable(format!("ProxyJump '{list}' is unreadable")))?;
                let proxy = if index == 0 { Proxy::AsConfigured } else { Proxy::Before };
                hops.extend(chain(jump, proxy, asked, note)?);
            }
            asked.pop();
            if hops.len() > MOST_JUMPS {
                return Err(circle(&name, asked));
            }
        } else if let Some(command) = answer.said("ProxyCommand") {
            let command = tokens.expand(command).map_err(unreadable)?;
            last.proxy_command = Some(command);
        }
    }
    hops.push(last);
    Ok(hops)
}

fn circle(name: &str, asked: &[String]) -> SshError {
    SshError::Configuration {
        host: name.to_owned(),
        reason: format!("its jump hosts form a cycle: {}", one_line(&asked.join(" → "))),
    }
}

impl HostQuery {
    /// `[user@]host[:port]`, as ssh -G prints the members of ProxyJump.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']')?;
                (host, after.strip_prefix(':'))
            }
            None => match rest.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        let port = port.map(str::parse).transpose().ok()?;
        (!host.is_empty() && user.as_deref() != Some("")).then(|| Self {
            name: one_line(host).into_owned(),
            host: host.to_owned(),
            port,
            user,
            key_path: None,
            host_key: None,
            is_jump: true,
        })
    }
}

fn target(query: HostQuery, answer: &HostSettings) -> LoginTarget {
    LoginTarget {
        port: query
            .port
            .or_else(|| answer.value("Port")?.parse().ok())
            .unwrap_or(USUAL_PORT),
        user: query
            .user
            .or_else(|| {
                let user = if query.is_jump {
                    answer.value("User")
                } else {
                    answer.said("User")
                };
                user.map(str::to_owned)
            })
            .unwrap_or_else(|| USUAL_USER.to_owned()),
        host: answer.value("HostName").map_or(query.host, str::to_owned),
        name: query.name,
        key_path: query.key_path,
        host_key: query.host_key,
    }
}

/// A host without any configuration.
fn plain(query: HostQuery) -> Hop {
    let is_jump = query.is_jump;
    Hop::plain(target(query, &HostSettings::default()), is_jump)
}

/// A host with its settings from the configuration.
///
/// # Errors
/// If the files with known host keys can't be determined: a line in them may revoke a key.
fn configured(query: HostQuery, answer: &HostSettings) -> Result<Hop, String> {
    let original = query.host.clone();
    let (port_is_said, user_is_said, key_is_said) =
        (query.port.is_some(), query.user.is_some(), query.key_path.is_some());
    let is_jump = query.is_jump;
    let mut hop = Hop::plain(target(query, answer), is_jump);
    hop.host_key_alias = answer.said("HostKeyAlias").map(str::to_owned);
    let Hop {
        target,
        host_key_alias,
        notes,
        ..
    } = &mut hop;
    let tokens = Tokens {
        original: &original,
        host: &target.host,
        port: target.port,
        user: &target.user,
        alias: host_key_alias.as_deref(),
    };
    let mut paths = |setting: &str, values: &[String]| -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for value in values.iter().filter(|value| *value != "none") {
            match tokens.path(value) {
                Ok(path) => paths.push(path),
                Err(why) => notes.push(format!("{setting} of the SSH configuration: {why}")),
            }
        }
        paths
    };
    let files = answer
        .is_said("IdentityFile")
        .then(|| paths("IdentityFile", answer.values("IdentityFile")));
    let certificates = paths("CertificateFile", answer.values("CertificateFile"));
    let known_hosts = |setting: &str| -> Result<Option<Vec<PathBuf>>, String> {
        if !answer.is_said(setting) {
            return Ok(None);
        }
        let mut files = Vec::new();
        for value in answer.values(setting).iter().filter(|value| *value != "none") {
            files.extend(tokens.paths(value).map_err(|why| format!("{setting}: {why}"))?);
        }
        Ok(Some(files))
    };
    let user_files = known_hosts("UserKnownHostsFile")?;
    let global_files = known_hosts("GlobalKnownHostsFile")?;
    let agent = match answer.said("IdentityAgent") {
        None | Some("SSH_AUTH_SOCK") => AgentSocket::of_environment(),
        Some("none") => AgentSocket::Nowhere,
        Some(value) => match value.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            Some(variable) => AgentSocket::of_variable(variable, "IdentityAgent"),
            None => match tokens.path(value) {
                Ok(path) => AgentSocket::At {
                    path,
                    said_by: "IdentityAgent",
                },
                Err(why) => AgentSocket::Unclear(format!("IdentityAgent of the SSH configuration: {why}")),
            },
        },
    };
    let seconds = |setting: &str| -> Option<u64> {
        let seconds = answer.said(setting)?.parse().ok()?;
        (seconds > 0).then_some(seconds)
    };
    let (usual_user, usual_global) = hop.known_hosts.split_at(2);
    hop.known_hosts = [
        user_files.unwrap_or_else(|| usual_user.to_vec()),
        global_files.unwrap_or_else(|| usual_global.to_vec()),
    ]
    .concat();
    hop.identities = Identities {
        files,
        only: answer.value("IdentitiesOnly") == Some("yes"),
        agent,
        certificates,
    };
    if let Some(timeout) = seconds("ConnectTimeout") {
        hop.connect_timeout = Duration::from_secs(timeout);
    }
    if let Some(interval) = seconds("ServerAliveInterval") {
        hop.probe_interval = Duration::from_secs(interval);
        hop.probes = answer
            .value("ServerAliveCountMax")
            .and_then(|count| count.parse().ok())
            .unwrap_or(PROBES);
    }
    let of_row = |setting: &str| match setting {
        "Port" => port_is_said,
        "User" => user_is_said,
        "IdentityFile" => key_is_said,
        _ => false,
    };
    hop.said = answer.all_said();
    hop.said.retain(|(setting, _)| !of_row(setting));
    Ok(hop)
}

#[cfg(test)]
mod tests {
    use super::HostQuery;

    #[test]
    fn jump_hosts_may_have_a_user_and_a_port() {
        let parsed = |text: &str| {
            let query = HostQuery::parse(text).unwrap();
            (query.user, query.host, query.port)
        };
        let user = |name: &str| Some(name.to_owned());
        assert_eq!(parsed("bastion"), (None, "bastion".to_owned(), None));
        assert_eq!(
            parsed("me@bastion:2200"),
            (user("me"), "bastion".to_owned(), Some(2200))
        );
        assert_eq!(parsed("[::1]:22"), (None, "::1".to_owned(), Some(22)));
        assert_eq!(parsed("fe80::1"), (None, "fe80::1".to_owned(), None));
        assert_eq!(parsed("ssh://u@h2:33"), (user("u"), "h2".to_owned(), Some(33)));
        for text in ["", "@host", "host:port", "host:", "[::1", "a@"] {
            assert!(HostQuery::parse(text).is_none(), "{text}");
        }
    }
}
