//! The inventory: one row per server.

use super::server_rows::{Identity, Server, all, by_id, by_name};
use super::{NameTyped, Store, living, protection, validation, variables};
use crate::error::{Refusal, Result, StoreError, StoreKind, nearest};
use crate::host_key::HostKey;
use crate::reason::NameReason;
use crate::variables::VariableChanges;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

/// The values of a new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServer {
    pub name: String,
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub ssh_key_path: Option<String>,
    pub provider: Option<String>,
    /// The line of a public key file, or a fingerprint.
    pub host_key: Option<String>,
    pub is_infrakt_host: bool,
    pub tags: Vec<String>,
}

impl NewServer {
    /// With only a name and an address.
    pub fn new(name: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port: None,
            user: None,
            ssh_key_path: None,
            provider: None,
            host_key: None,
            is_infrakt_host: false,
            tags: Vec::new(),
        }
    }
}

/// Changes of a row. `None` leaves a value as it is; `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerChange {
    pub host: Option<String>,
    pub port: Option<Option<u16>>,
    pub user: Option<Option<String>>,
    pub ssh_key_path: Option<Option<String>>,
    pub provider: Option<Option<String>>,
    pub host_key: Option<Option<String>>,
    pub is_infrakt_host: Option<bool>,
    /// Tags to add to the existing ones.
    pub tags: Vec<String>,
    /// Tags that replace the existing ones.
    pub only_tags: Option<Vec<String>>,
    /// Variables of its own to set, and those to remove.
    pub vars: VariableChanges,
}

impl Store {
    /// All servers, by name.
    pub fn servers(&self) -> Result<Vec<Server>> {
        self.read(all)
    }

    /// The servers with this tag, by name.
    pub fn servers_tagged(&self, tag: &str) -> Result<Vec<Server>> {
        Ok(self
            .servers()?
            .into_iter()
            .filter(|server| server.tags.iter().any(|known| known == tag))
            .collect())
    }

    /// The server of that name; an error with the nearest name if there is none.
    pub fn server(&self, name: &str) -> Result<Server> {
        self.read(|connection| by_name(connection, name))
    }

    pub fn add_server(&self, new: &NewServer) -> Result<Server> {
        validation::name("server name", &new.name)?;
        let host = validation::host(&new.host)?;
        new.port.map(validation::port).transpose()?;
        new.user.as_deref().map(validation::user).transpose()?;
        let host_key = new.host_key.as_deref().map(validation::host_key).transpose()?;
        check_remarks(new.ssh_key_path.as_deref(), new.provider.as_deref(), &new.tags)?;
        self.write(|transaction| {
            let taken = "SELECT EXISTS (SELECT 1 FROM servers WHERE name = ?1)";
            if transaction.query_row(taken, [&new.name], |row| row.get(0))? {
                let (kind, name) = (StoreKind::Server, new.name.clone());
                return Err(StoreError::Exists { kind, name }.into());
            }
            transaction.execute(
                "INSERT INTO servers (name, host, port, user, ssh_key_path, provider, host_key, is_infrakt_host, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
                params![
                    new.name,
                    host,
                    new.port,
                    new.user,
                    new.ssh_key_path,
                    new.provider,
                    host_key,
                    new.is_infrakt_host,
                    Timestamp::now()
                ],
            )?;
            add_tags(transaction, transaction.last_insert_rowid(), &new.tags)?;
            let server = by_name(transaction, &new.name)?;
            if server.is_infrakt_host {
                protection::protect(transaction, &server)?;
            }
            Ok(server)
        })
    }

    /// Changes a row. To loosen protection or trust, a person must have typed the server's name. That applies to clearing the flag
    /// of a protected server, giving it another address or host key, and removing the host key of any server.
    ///
    /// Another host key means another machine or a new system on it, so the known machine-id is cleared.
    pub fn update_server(&self, name: &str, change: &ServerChange, typed: Option<&NameTyped>) -> Result<Server> {
        let host = change.host.as_deref().map(validation::host).transpose()?;
        change.port.flatten().map(validation::port).transpose()?;
        change
            .user
            .iter()
            .flatten()
            .try_for_each(|user| validation::user(user))?;
        let new_host_key = match &change.host_key {
            Some(Some(given)) => Some(Some(validation::host_key(given)?)),
            Some(None) => Some(None),
            None => None,
        };
        let text = |field: &Option<Option<String>>| field.clone().flatten();
        check_remarks(
            text(&change.ssh_key_path).as_deref(),
            text(&change.provider).as_deref(),
            &change.tags,
        )?;
        check_remarks(None, None, change.only_tags.as_deref().unwrap_or_default())?;
        variables::check(&change.vars)?;
        self.write(|transaction| {
            let before = by_name(transaction, name)?;
            let mut after = before.clone();
            set(&mut after.host, host);
            set(&mut after.port, change.port);
            set(&mut after.user, change.user.clone());
            set(&mut after.ssh_key_path, change.ssh_key_path.clone());
            set(&mut after.provider, change.provider.clone());
            set(&mut after.host_key, new_host_key);
            set(&mut after.is_infrakt_host, change.is_infrakt_host);
            let keeps_key = same_key(before.host_key.as_ref(), after.host_key.as_ref());
            if !keeps_key {
                after.machine_id = None;
                after.engine_id = None;
            }

            let named = typed.is_some_and(|typed| typed.is_for(&before));
            let clears = change.is_infrakt_host == Some(false) && protection::is_guarded(transaction, &before)?;
            let server = name.to_owned();
            let loosened = if clears {
                Some(NameReason::RemovesProtection { server })
            } else if before.is_infrakt_host && (before.host != after.host || before.port != after.port) {
                Some(NameReason::ChangesAddress { server })
            } else if before.is_infrakt_host && !keeps_key {
                Some(NameReason::ChangesHostKey { server })
            } else if before.host_key.is_some() && after.host_key.is_none() {
                Some(NameReason::ForgetsHostKey { server })
            } else {
                None
            };
            if let Some(reason) = loosened.filter(|_| !named) {
                let reason = Box::new(reason);
                return Err(Refusal::NeedsName { reason }.into());
            }
            if clears {
                protection::release(transaction, &before)?;
            }
            transaction.execute(
                "UPDATE servers SET host = ?2, port = ?3, user = ?4, ssh_key_path = ?5, provider = ?6, host_key = ?7,
                 machine_id = ?8, engine_id = ?9, is_infrakt_host = ?10, updated_at = ?11 WHERE id = ?1",
                params![
                    before.id,
                    after.host,
                    after.port,
                    after.user,
                    after.ssh_key_path,
                    after.provider,
                    after.host_key,
                    after.machine_id,
                    after.engine_id,
                    after.is_infrakt_host,
                    Timestamp::now()
                ],
            )?;
            if let Some(tags) = &change.only_tags {
                transaction.execute("DELETE FROM server_tags WHERE server_id = ?1", [before.id])?;
                add_tags(transaction, before.id, tags)?;
            }
            add_tags(transaction, before.id, &change.tags)?;
            variables::change_vars(transaction, &before, &change.vars)?;
            if after.is_infrakt_host {
                protection::protect(transaction, &before)?;
                protection::protect(transaction, &after)?;
            }
            by_name(transaction, name)
        })
    }

    /// Removes a row. For a protected one, its name must be typed, and its identity stays protected. A row with apps, or with a
    /// run at work, is not removed.
    pub fn remove_server(&self, name: &str, typed: Option<&NameTyped>) -> Result<Server> {
        self.write(|transaction| {
            let server = by_name(transaction, name)?;
            if server.is_infrakt_host && !typed.is_some_and(|typed| typed.is_for(&server)) {
                let server = name.to_owned();
                let reason = Box::new(NameReason::RemovesServer { server });
                return Err(Refusal::NeedsName { reason }.into());
            }
            let apps = transaction
                .prepare("SELECT name FROM apps WHERE server_id = ?1 ORDER BY name")?
                .query_map([server.id], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()?;
            if !apps.is_empty() {
                let server = server.name;
                return Err(StoreError::ServerHasApps { server, apps }.into());
            }
            let living = living::living_runs(transaction, self.home())?;
            living::refuse_if_at_work(&living, &server.name, server.id, server.machine_id.as_deref())?;
            transaction.execute("DELETE FROM servers WHERE id = ?1", [server.id])?;
            Ok(server)
        })
    }

    /// Adds tags to a server, then removes others, all or nothing. Adding an existing tag does no harm; removing a missing one is
    /// an error.
    pub fn retag(&self, name: &str, add: &[String], remove: &[String]) -> Result<Server> {
        add.iter().try_for_each(|tag| validation::name("tag", tag))?;
        self.write(|transaction| {
            add_tags(transaction, by_name(transaction, name)?.id, add)?;
            let server = by_name(transaction, name)?;
            for tag in remove {
                let removed = "DELETE FROM server_tags WHERE server_id = ?1 AND tag = ?2";
                if transaction.execute(removed, params![server.id, tag])? == 0 {
                    let nearest = nearest(tag, server.tags.iter().map(String::as_str)).map(str::to_owned);
                    let (server, tag) = (server.name, tag.clone());
                    return Err(StoreError::UnknownTag { server, tag, nearest }.into());
                }
            }
            transaction.execute(
                "UPDATE servers SET updated_at = ?2 WHERE id = ?1",
                params![server.id, Timestamp::now()],
            )?;
            by_name(transaction, name)
        })
    }

    /// Records what was read from the machine itself. `None` leaves a value as it was.
    ///
    /// A recorded fingerprint is replaced by its key. A different key is an error: only [`Store::update_server`] changes that, on a
    /// person's order.
    pub fn record_identity(&self, server_id: i64, read: Identity<'_>) -> Result<()> {
        read.machine_id.map(validation::machine_id).transpose()?;
        read.engine_id.map(validation::engine_id).transpose()?;
        self.write(|transaction| {
            let before = by_id(transaction, server_id)?;
            let mut after = before.clone();
            if let Some(offered) = read.host_key {
                if let Some(known) = &before.host_key
                    && !known.is_same(offered)
                {
                    return Err(StoreError::HostKeyDiffers {
                        server: before.name,
                        known: known.fingerprint().to_string(),
                        offered: offered.fingerprint().to_string(),
                    }
                    .into());
                }
                if before.host_key.is_none() || offered.whole().is_some() {
                    after.host_key = Some(offered.clone());
                }
            }
            set(&mut after.machine_id, read.machine_id.map(|id| Some(id.to_owned())));
            set(&mut after.engine_id, read.engine_id.map(|id| Some(id.to_owned())));
            if after != before {
                transaction.execute(
                    "UPDATE servers SET host_key = ?2, machine_id = ?3, engine_id = ?4, updated_at = ?5 WHERE id = ?1",
                    params![
                        server_id,
                        after.host_key,
                        after.machine_id,
                        after.engine_id,
                        Timestamp::now()
                    ],
                )?;
            }
            if after.is_infrakt_host {
                protection::protect(transaction, &after)?;
            }
            Ok(())
        })
    }

    /// Records a server's status; one line for people.
    pub fn set_status(&self, server_id: i64, status: &str) -> Result<()> {
        validation::remark("status", status)?;
        self.write(|transaction| {
            by_id(transaction, server_id)?;
            transaction.execute(
                "UPDATE servers SET status = ?2, updated_at = ?3 WHERE id = ?1",
                params![server_id, status, Timestamp::now()],
            )?;
            Ok(())
        })
    }
}

fn check_remarks(ssh_key_path: Option<&str>, provider: Option<&str>, tags: &[String]) -> Result<(), StoreError> {
    ssh_key_path.map(validation::key_path).transpose()?;
    provider
        .map(|provider| validation::remark("provider", provider))
        .transpose()?;
    tags.iter().try_for_each(|tag| validation::name("tag", tag))
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Whether two host keys are the same, in either form. An unknown key does not count as different.
fn same_key(before: Option<&HostKey>, after: Option<&HostKey>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => before.is_same(after),
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn add_tags(transaction: &Transaction<'_>, server_id: i64, tags: &[String]) -> rusqlite::Result<()> {
    for tag in tags {
        transaction.execute(
            "INSERT INTO server_tags (server_id, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![server_id, tag],
        )?;
    }
    Ok(())
}
