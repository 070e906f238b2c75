//! A server as in its row, and how rows are read.

use super::failure::Failure;
use crate::error::{StoreError, StoreKind, nearest};
use crate::host_key::HostKey;
use crate::variables::Variables;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A server of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Server {
    pub id: i64,
    pub name: String,
    /// A host name, an address, or a `Host` of the SSH configuration; IPv6 without brackets.
    pub host: String,
    /// `None`: the row sets none, so the SSH configuration applies, or else the default.
    pub port: Option<u16>,
    /// As `port`.
    pub user: Option<String>,
    pub ssh_key_path: Option<String>,
    pub provider: Option<String>,
    /// The line of a public key file, `ssh-ed25519 AAAA…`, or only the fingerprint, `SHA256:…`, if that was given
    /// in advance and the key has not been seen yet.
    pub host_key: Option<HostKey>,
    /// machine-id(5), once it is known.
    pub machine_id: Option<String>,
    /// The id of its Docker engine, once the engine was proven to be the server's own.
    pub engine_id: Option<String>,
    /// Nothing on the server may be destroyed.
    pub is_infrakt_host: bool,
    pub status: Option<String>,
    /// Sorted.
    pub tags: Vec<String>,
    /// Its own variables; those of its tags come in addition.
    pub vars: Variables,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A machine's identity, as read from it. `None` values were not read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity<'a> {
    pub host_key: Option<&'a HostKey>,
    /// machine-id(5).
    pub machine_id: Option<&'a str>,
    /// The ID in `docker info`, if the engine is proven to be the machine's own.
    pub engine_id: Option<&'a str>,
}

pub(super) const COLUMNS: &str =
    "id, name, host, port, user, ssh_key_path, provider, host_key, machine_id, engine_id, is_infrakt_host,
    status, created_at, updated_at,
    (SELECT group_concat(tag, ' ' ORDER BY tag) FROM server_tags WHERE server_id = servers.id),
    (SELECT json_group_object(name, json(value)) FROM server_vars WHERE server_id = servers.id)";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Server> {
    let tags: Option<String> = row.get(14)?;
    Ok(Server {
        id: row.get(0)?,
        name: row.get(1)?,
        host: row.get(2)?,
        port: row.get(3)?,
        user: row.get(4)?,
        ssh_key_path: row.get(5)?,
        provider: row.get(6)?,
        host_key: row.get(7)?,
        machine_id: row.get(8)?,
        engine_id: row.get(9)?,
        is_infrakt_host: row.get(10)?,
        status: row.get(11)?,
        created_at: row.get(12)?,
        updated_at: row.get(13)?,
        // A tag contains no space (see `validation::name`).
        tags: tags.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        vars: match row.get(15)? {
            Value::Object(vars) => vars.into_iter().collect(),
            _ => Variables::new(),
        },
    })
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Server>, Failure> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM servers ORDER BY name"))?;
    let servers = statement.query_map([], from_row)?;
    Ok(servers.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn by_name(connection: &Connection, name: &str) -> Result<Server, Failure> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM servers WHERE name = ?1"))?
        .query_row([name], from_row)
        .optional()?;
    match found {
        Some(server) => Ok(server),
        None => {
            let servers = all(connection)?;
            let nearest = nearest(name, servers.iter().map(|server| server.name.as_str()));
            Err(StoreError::unknown(StoreKind::Server, name, nearest).into())
        }
    }
}

pub(super) fn by_id(connection: &Connection, id: i64) -> Result<Server, Failure> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM servers WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?;
    found.ok_or_else(|| StoreError::unknown(StoreKind::Server, &format!("#{id}"), None).into())
}
