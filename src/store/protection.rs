//! Which machines are protected, by their identity and not by the names of their rows; and the proof that a person typed a
//! name. Other modules decide whether something may be destroyed; this one has the records for that decision.
//!
//! A machine is recognised by its machine-id, the fingerprint of its host key, and the id of its Docker engine. They are
//! recorded when a row is marked, or later when they become known for a marked row. They stay when the row is removed; only
//! clearing the flag, with the name typed, removes them.

use super::{Failure, Identity, Server, Store};
use crate::error::Result;
use crate::host_key::HostKey;
use crate::reason::{IdentityKind, ProtectionReason};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction, params};

/// The proof that a person typed the name of a server. There is no other way to make one than [`NameTyped::check`].
#[derive(Debug)]
pub struct NameTyped {
    server_id: i64,
}

impl NameTyped {
    /// `None` if what was typed is not exactly the server's name.
    pub fn check(typed: &str, server: &Server) -> Option<Self> {
        (typed == server.name).then_some(Self { server_id: server.id })
    }

    pub(super) fn is_for(&self, server: &Server) -> bool {
        self.server_id == server.id
    }
}

impl Store {
    /// Why the machine of a row is protected by other rows; empty if it is not.
    pub fn protection_of(&self, server: &Server) -> Result<Vec<ProtectionReason>> {
        let known = Identity {
            host_key: server.host_key.as_ref(),
            machine_id: server.machine_id.as_deref(),
            engine_id: server.engine_id.as_deref(),
        };
        self.protection_of_identity(known, &[], Some(server))
    }

    /// The rows, also removed ones, that protect the machine with this identity, and by what they do.
    ///
    /// `host_keys` are the machine's other host keys, besides the one in its identity. `row` is the row that leads to the
    /// machine.
    pub fn protection_of_identity(
        &self,
        read: Identity<'_>,
        host_keys: &[HostKey],
        row: Option<&Server>,
    ) -> Result<Vec<ProtectionReason>> {
        let mut identities: Vec<(&str, String)> = Vec::new();
        if let Some(machine_id) = read.machine_id {
            identities.push(("machine_id", machine_id.trim().to_ascii_lowercase()));
        }
        if let Some(engine_id) = read.engine_id {
            identities.push(("engine_id", engine_id.to_owned()));
        }
        for host_key in host_keys.iter().chain(read.host_key) {
            identities.push(("host_key", host_key.fingerprint().to_string()));
        }
        let of_row = row.map(identities_of).unwrap_or_default();
        let mut reasons = Vec::new();
        for found in self.read(protected_identities)? {
            let is_among = |known: &[(&str, String)]| {
                known
                    .iter()
                    .any(|(kind, value)| *kind == found.kind && *value == found.value)
            };
            if is_among(&identities) {
                let in_row = is_among(&of_row);
                add(&mut reasons, found.reason(in_row));
            }
        }
        Ok(reasons)
    }
}

/// A server may have two keys that one row has left: that is one reason.
fn add(reasons: &mut Vec<ProtectionReason>, reason: ProtectionReason) {
    let in_row = |reason: &ProtectionReason, to: bool| match reason.clone() {
        ProtectionReason::RemovedServer {
            identity,
            server,
            marked_on,
            ..
        } => ProtectionReason::RemovedServer {
            identity,
            server,
            marked_on,
            in_row: to,
        },
        other => other,
    };
    let other = |to: bool| in_row(&reason, to);
    if let Some(known) = reasons.iter_mut().find(|known| **known == other(false)) {
        *known = reason;
    } else if !reasons.contains(&other(true)) {
        reasons.push(reason);
    }
}

struct ProtectedIdentity {
    kind: String,
    value: String,
    server_name: String,
    marked_at: Timestamp,
    row_is_there: bool,
}

impl ProtectedIdentity {
    /// `in_row`: whether the row that leads to the machine has this identity.
    fn reason(self, in_row: bool) -> ProtectionReason {
        let identity = match self.kind.as_str() {
            "machine_id" => IdentityKind::MachineId,
            "engine_id" => IdentityKind::Engine,
            _ => IdentityKind::HostKey,
        };
        let server = self.server_name;
        let marked_on = self.marked_at.to_zoned(TimeZone::UTC).date();
        match self.row_is_there {
            true => ProtectionReason::ProtectedServer {
                identity,
                server,
                marked_on,
            },
            false => ProtectionReason::RemovedServer {
                identity,
                server,
                marked_on,
                in_row,
            },
        }
    }
}

/// The recorded identities, and those of marked rows that are not recorded for some reason.
fn protected_identities(connection: &Connection) -> Result<Vec<ProtectedIdentity>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT identity.kind, identity.value, identity.server_name, identity.marked_at, servers.id IS NOT NULL
         FROM protected_identities AS identity LEFT JOIN servers ON servers.id = identity.server_id
         ORDER BY identity.id",
    )?;
    let recorded = statement.query_map([], |row| {
        Ok(ProtectedIdentity {
            kind: row.get(0)?,
            value: row.get(1)?,
            server_name: row.get(2)?,
            marked_at: row.get(3)?,
            row_is_there: row.get(4)?,
        })
    })?;
    let mut found = recorded.collect::<rusqlite::Result<Vec<_>>>()?;

    let mut statement = connection.prepare_cached(
        "SELECT name, machine_id, host_key, updated_at, engine_id FROM servers WHERE is_infrakt_host = 1 ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (server_name, marked_at): (String, Timestamp) = (row.get(0)?, row.get(3)?);
        let machine_id = row.get::<_, Option<String>>(1)?.map(|value| ("machine_id", value));
        let host_key = row.get::<_, Option<HostKey>>(2)?;
        let host_key = host_key.map(|key| ("host_key", key.fingerprint().to_string()));
        let engine_id = row.get::<_, Option<String>>(4)?.map(|value| ("engine_id", value));
        for (kind, value) in machine_id.into_iter().chain(host_key).chain(engine_id) {
            if !found
                .iter()
                .any(|known| known.kind == kind && known.value == value && known.server_name == server_name)
            {
                found.push(ProtectedIdentity {
                    kind: kind.to_owned(),
                    value,
                    server_name: server_name.clone(),
                    marked_at,
                    row_is_there: true,
                });
            }
        }
    }
    Ok(found)
}

/// Records what is known of the identity of a marked row. Existing records stay as they are.
pub(super) fn protect(transaction: &Transaction<'_>, server: &Server) -> Result<(), Failure> {
    for (kind, value) in identities_of(server) {
        transaction.execute(
            "INSERT INTO protected_identities (kind, value, server_id, server_name, marked_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![kind, value, server.id, server.name, Timestamp::now()],
        )?;
    }
    Ok(())
}

/// Whether clearing the flag of `server` would lift a protection: its own, or one that a removed row left to its machine.
pub(super) fn is_guarded(transaction: &Transaction<'_>, server: &Server) -> Result<bool, Failure> {
    if server.is_infrakt_host {
        return Ok(true);
    }
    for (kind, value) in identities_of(server) {
        if transaction.query_row(
            "SELECT EXISTS (SELECT 1 FROM protected_identities WHERE kind = ?1 AND value = ?2
             AND server_id NOT IN (SELECT id FROM servers))",
            params![kind, value],
            |row| row.get::<_, bool>(0),
        )? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes the protection that `server` gave to its machine, and that of removed rows for the same machine. The protection by
/// other marked rows stays.
pub(super) fn release(transaction: &Transaction<'_>, server: &Server) -> Result<(), Failure> {
    transaction.execute("DELETE FROM protected_identities WHERE server_id = ?1", [server.id])?;
    for (kind, value) in identities_of(server) {
        transaction.execute(
            "DELETE FROM protected_identities WHERE kind = ?1 AND value = ?2
             AND server_id NOT IN (SELECT id FROM servers)",
            params![kind, value],
        )?;
    }
    Ok(())
}

fn identities_of(server: &Server) -> Vec<(&'static str, String)> {
    let mut identities = Vec::new();
    if let Some(machine_id) = &server.machine_id {
        identities.push(("machine_id", machine_id.clone()));
    }
    if let Some(host_key) = &server.host_key {
        identities.push(("host_key", host_key.fingerprint().to_string()));
    }
    if let Some(engine_id) = &server.engine_id {
        identities.push(("engine_id", engine_id.clone()));
    }
    identities
}
