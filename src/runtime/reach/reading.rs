//! Reads a machine: its facts, its identity, its protection, and what would be lost.

use super::route::target_of_row;
use super::{protection, self_detection};
use crate::error::{Error, Result, ServerError};
use crate::executor::connection::Connection;
use crate::executor::nonce;
use crate::executor::question::ask;
use crate::facts::usage::{self, Usage};
use crate::facts::{Directory, Docker, Facts, Os, probe};
use crate::host_key::HostKey;
use crate::plan::{Losses, ServerIdentity};
use crate::reason::ProtectionReason;
use crate::recipe::ServerView;
use crate::ssh::{LoginTarget, Session};
use crate::store::{Identity, Server, Store};
use crate::variables::Variable;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a server may take to answer a question. `docker` and `du` on a busy server take their time.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// What was read from a machine, and what it means for a plan.
pub(super) struct Reading {
    /// The row, with what has become known of the machine.
    pub server: Server,
    pub facts: Facts,
    pub identity: ServerIdentity,
    /// What a wipe would take away, on the server and in the local database.
    pub losses: Losses,
}

impl Reading {
    /// Records who the machine is, and looks for what protects it.
    ///
    /// # Errors
    /// If the database can't be read or written, or what protects machines can't be determined.
    pub fn record(store: &Store, server: &Server, session: &Session, facts: Facts) -> Result<Self> {
        let host_key = HostKey::from(session.host_key().clone());
        let read = Identity {
            host_key: Some(&host_key),
            machine_id: facts.machine_id.as_deref(),
            engine_id: facts.docker.own_engine(),
        };
        store.record_identity(server.id, read)?;
        Self::of(store, store.server(&server.name)?, session, facts)
    }

    /// What is known of the machine from its row alone.
    ///
    /// # Errors
    /// As [`Reading::record`].
    pub fn from_row(store: &Store, server: &Server, session: &Session) -> Result<Self> {
        Self::of(store, server.clone(), session, not_read(server.machine_id.clone()))
    }

    fn of(store: &Store, server: Server, session: &Session, facts: Facts) -> Result<Self> {
        let host_key = HostKey::from(session.host_key().clone());
        let identity = identity_now(store, &server, session.route().target(), &facts, host_key)?;
        let losses = losses(store, &server, &facts)?;
        Ok(Self {
            server,
            facts,
            identity,
            losses,
        })
    }
}

/// Who the machine behind a row is now, and all that protects it.
pub(super) fn identity_now(
    store: &Store,
    server: &Server,
    target: &LoginTarget,
    facts: &Facts,
    host_key: HostKey,
) -> Result<ServerIdentity> {
    let mut protected = protection::reasons(store, server, facts, Some(&host_key))?;
    protected.extend(protection::reasons_of_address(store, server)?);
    // Destructive steps would reach the engine that answers on the socket.
    let unproven = facts.docker.unproven.clone();
    protected.extend(unproven.map(|problem| ProtectionReason::UnprovenEngine { problem }));
    Ok(identity(
        server,
        target,
        Some(host_key),
        facts.machine_id.clone(),
        protected,
    ))
}

/// The server's identity as plans hold it.
pub fn identity(
    server: &Server,
    target: &LoginTarget,
    host_key: Option<HostKey>,
    machine_id: Option<String>,
    protected: Vec<ProtectionReason>,
) -> ServerIdentity {
    ServerIdentity {
        id: server.id,
        name: server.name.clone(),
        host: target.host.clone(),
        port: target.port,
        user: target.user.clone(),
        host_key,
        machine_id,
        protected,
    }
}

/// The server as recipes see it.
pub fn view(server: &Server, identity: &ServerIdentity, vars: BTreeMap<String, Variable>) -> ServerView {
    ServerView {
        name: server.name.clone(),
        host: identity.host.clone(),
        port: identity.port,
        user: identity.user.clone(),
        provider: server.provider.clone().unwrap_or_default(),
        tags: server.tags.clone(),
        is_infrakt_host: server.is_infrakt_host,
        vars,
    }
}

/// What recipes see of the servers with a tag: what their rows say.
///
/// # Errors
/// If the database can't be read.
pub fn views_of_tagged(store: &Store, tag: &str) -> Result<Vec<ServerView>> {
    let servers = store.servers_tagged(tag)?.into_iter();
    let views = servers.map(|server| {
        let vars = store.variables_of(&server)?;
        let target = target_of_row(&server);
        Ok(ServerView {
            name: server.name,
            host: target.host,
            port: target.port,
            user: target.user,
            provider: server.provider.unwrap_or_default(),
            tags: server.tags,
            is_infrakt_host: server.is_infrakt_host,
            vars,
        })
    });
    views.collect()
}

/// What a wipe would take away, on the server and here in its name.
///
/// # Errors
/// If the database can't be read.
pub fn losses(store: &Store, server: &Server, facts: &Facts) -> Result<Losses> {
    let local = store.losses_of(server.id)?;
    Ok(Losses {
        apps: local.apps,
        deployments: local.deployments,
        env_files: local.env_files,
        ..facts.losses()
    })
}

/// Facts that say only which machine it is.
pub(super) fn not_read(machine_id: Option<String>) -> Facts {
    Facts {
        format: crate::facts::FORMAT,
        os: Os {
            id: String::new(),
            version: String::new(),
            codename: String::new(),
            name: String::new(),
        },
        arch: String::new(),
        kernel: String::new(),
        hostname: String::new(),
        machine_id,
        host_keys: Vec::new(),
        marker: false,
        runs_this_infrakt: false,
        ssh_ports: Vec::new(),
        memory_mb: None,
        swap_mb: None,
        processors: None,
        addresses: None,
        disks: None,
        users: None,
        reboot_required: false,
        docker: Docker::default(),
        opt_infrakt: Directory::default(),
        obstacles: Vec::new(),
        answers: BTreeMap::new(),
    }
}

pub(super) fn read_facts(connection: &mut dyn Connection, server: &str) -> Result<Facts> {
    let nonce = nonce()?;
    let script = probe::script(&nonce, &self_detection::thread_name()?);
    let answer = ask(connection, server, &script, PATIENCE)?;
    probe::parse(&nonce, &answer.stdout).map_err(not_understood(server))
}

/// Both in one round trip.
pub(super) fn read_usage_and_facts(connection: &mut dyn Connection, server: &str) -> Result<(Usage, Facts)> {
    let nonce = nonce()?;
    let script = usage::script_before(&probe::script(&nonce, &self_detection::thread_name()?));
    let answer = ask(connection, server, &script, PATIENCE)?;
    let busy = |reason| ServerError::Usage {
        server: server.to_owned(),
        reason,
    };
    let (usage, facts) = usage::split(&nonce, &answer.stdout).map_err(busy)?;
    let usage = usage::parse(usage).map_err(busy)?;
    Ok((usage, probe::parse(&nonce, facts).map_err(not_understood(server))?))
}

fn not_understood(server: &str) -> impl Fn(String) -> Error {
    move |reason| Error::Facts {
        server: server.to_owned(),
        reason,
    }
}
