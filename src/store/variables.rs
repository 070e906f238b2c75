//! Variables of servers and of tags.

use super::failure::Failure;
use super::server_rows::{Server, all};
use super::{Store, validation};
use crate::error::{Result, StoreError, StoreKind, VariableOf, nearest};
use crate::variables::{Variable, VariableChanges, Variables, in_effect};
use rusqlite::{Connection, ToSql, Transaction, params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A tag: the servers that have it, and its variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tag {
    pub name: String,
    /// The names of its servers.
    pub servers: Vec<String>,
    /// What recipes read as `server.vars` on each of its servers.
    pub vars: Variables,
}

impl Store {
    /// All tags that a server or a variable has, by name.
    pub fn tags(&self) -> Result<Vec<Tag>> {
        self.read(tags)
    }

    /// One tag; an error with the nearest name if no server and no variable has it.
    pub fn tag(&self, name: &str) -> Result<Tag> {
        let tags = self.tags()?;
        let nearest = nearest(name, tags.iter().map(|tag| tag.name.as_str())).map(str::to_owned);
        let found = tags.into_iter().find(|tag| tag.name == name);
        found.ok_or_else(|| StoreError::unknown(StoreKind::Tag, name, nearest.as_deref()).into())
    }

    /// Changes the variables of a tag, all or none. The tag may be one that no server has yet.
    pub fn change_tag(&self, name: &str, changes: &VariableChanges) -> Result<Tag> {
        validation::name("tag", name)?;
        check(changes)?;
        self.write(|transaction| {
            let known = tag_vars(transaction)?.remove(name).unwrap_or_default();
            let table = VarsTable {
                set: "INSERT INTO tag_vars (tag, name, value) VALUES (?1, ?2, ?3)
                      ON CONFLICT DO UPDATE SET value = excluded.value",
                unset: "DELETE FROM tag_vars WHERE tag = ?1 AND name = ?2",
                key: &name,
                of: VariableOf::Tag(name.to_owned()),
            };
            let vars = table.change(transaction, known, changes)?;
            let servers = all(transaction)?.into_iter();
            let has_it = |server: &Server| server.tags.iter().any(|tag| tag == name);
            Ok(Tag {
                name: name.to_owned(),
                servers: servers.filter(has_it).map(|server| server.name).collect(),
                vars,
            })
        })
    }

    /// The variables that hold for a server, with those of its tags.
    pub fn variables_of(&self, server: &Server) -> Result<BTreeMap<String, Variable>> {
        let mut tags = self.read(tag_vars)?;
        tags.retain(|tag, _| server.tags.contains(tag));
        Ok(in_effect(&server.vars, &tags))
    }
}

/// Changes the variables of a server's row.
pub(super) fn change_vars(
    transaction: &Transaction<'_>,
    server: &Server,
    changes: &VariableChanges,
) -> Result<(), Failure> {
    let table = VarsTable {
        set: "INSERT INTO server_vars (server_id, name, value) VALUES (?1, ?2, ?3)
              ON CONFLICT DO UPDATE SET value = excluded.value",
        unset: "DELETE FROM server_vars WHERE server_id = ?1 AND name = ?2",
        key: &server.id,
        of: VariableOf::Server(server.name.clone()),
    };
    table.change(transaction, server.vars.clone(), changes).map(drop)
}

/// Where variables are kept: those of one server, or of one tag.
struct VarsTable<'a> {
    set: &'static str,
    unset: &'static str,
    key: &'a dyn ToSql,
    of: VariableOf,
}

impl VarsTable<'_> {
    /// Gives all variables after the change.
    fn change(
        self,
        transaction: &Transaction<'_>,
        mut vars: Variables,
        changes: &VariableChanges,
    ) -> Result<Variables, Failure> {
        for (name, value) in changes {
            match value {
                Some(value) => {
                    transaction.execute(self.set, params![self.key, name, value.to_string()])?;
                    vars.insert(name.clone(), value.clone());
                }
                None if vars.remove(name).is_some() => {
                    transaction.execute(self.unset, params![self.key, name])?;
                }
                None => {
                    return Err(StoreError::UnknownVariable {
                        of: self.of,
                        name: name.clone(),
                        nearest: nearest(name, vars.keys().map(String::as_str)).map(str::to_owned),
                    }
                    .into());
                }
            }
        }
        validation::variable_count(vars.len())?;
        Ok(vars)
    }
}

/// # Errors
/// If a name or a value breaks its rule.
pub(super) fn check(changes: &VariableChanges) -> Result<(), StoreError> {
    changes.iter().try_for_each(|(name, value)| {
        validation::server_variable(name)?;
        value
            .as_ref()
            .map_or(Ok(()), |value| validation::variable_value(name, value))
    })
}

fn tags(connection: &Connection) -> Result<Vec<Tag>, Failure> {
    let mut tags: BTreeMap<String, Tag> = BTreeMap::new();
    let unused = |name: &str| Tag {
        name: name.to_owned(),
        servers: Vec::new(),
        vars: Variables::new(),
    };
    for server in all(connection)? {
        for tag in &server.tags {
            let entry = tags.entry(tag.clone()).or_insert_with(|| unused(tag));
            entry.servers.push(server.name.clone());
        }
    }
    for (tag, vars) in tag_vars(connection)? {
        tags.entry(tag.clone()).or_insert_with(|| unused(&tag)).vars = vars;
    }
    Ok(tags.into_values().collect())
}

fn tag_vars(connection: &Connection) -> Result<BTreeMap<String, Variables>, Failure> {
    let mut statement = connection.prepare_cached("SELECT tag, name, value FROM tag_vars")?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Value>(2)?,
        ))
    })?;
    let mut tags: BTreeMap<String, Variables> = BTreeMap::new();
    for row in rows {
        let (tag, name, value) = row?;
        tags.entry(tag).or_default().insert(name, value);
    }
    Ok(tags)
}
