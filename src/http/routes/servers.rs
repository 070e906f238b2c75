//! Servers: the inventory, and what a server itself says.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::body::{if_any, said, short, short_in_query};
use super::call::{Call, json, ok};
use crate::document::server::{ServerAdded, ServerListed, ServerShown, ServerStatus, ServerUpdated};
use crate::runtime::{Unattended, key_path, route_to};
use crate::store::{NewServer, ServerChange};
use crate::variables::VariableChanges;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

/// More tags than this on one server are no way to choose servers by.
const MOST_TAGS: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServersQuery {
    /// Only those with this tag.
    tag: Option<String>,
}

/// A server for the inventory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServerBody {
    /// Letters, digits, '.', '_' and '-'.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// A host name, an address, or a `Host` of the SSH configuration of the service's user.
    #[schemars(length(min = 1, max = 255))]
    host: String,
    /// User to log in as; a user other than root needs sudo.
    #[schemars(length(max = 32))]
    user: Option<String>,
    #[schemars(range(min = 1))]
    port: Option<u16>,
    /// The private key, on the computer of the service.
    #[schemars(length(max = 4096))]
    ssh_key_path: Option<String>,
    /// Hosting provider (a note for yourself).
    #[schemars(length(max = 100))]
    provider: Option<String>,
    /// The host key, if already known: a fingerprint, or the line of a public key file.
    host_key: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    tags: Vec<String>,
    /// Nothing on the server may ever be destroyed.
    #[serde(default)]
    is_infrakt_host: bool,
}

/// The values to change. Missing ones stay as they are; null clears a value.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerPatch {
    #[serde(deserialize_with = "said")]
    #[schemars(with = "String", length(min = 1, max = 255))]
    host: Option<String>,
    #[serde(deserialize_with = "said")]
    #[schemars(length(max = 32))]
    user: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    #[schemars(range(min = 1))]
    port: Option<Option<u16>>,
    #[serde(deserialize_with = "said")]
    #[schemars(length(max = 4096))]
    ssh_key_path: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    #[schemars(length(max = 100))]
    provider: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    host_key: Option<Option<String>>,
    /// The complete list; it replaces the present one.
    #[serde(deserialize_with = "said")]
    #[schemars(with = "Vec<String>", length(max = 100))]
    tags: Option<Vec<String>>,
    /// Variables of its own to set; null removes one. Others stay as they are. Not for secrets.
    vars: VariableChanges,
    #[serde(deserialize_with = "said")]
    #[schemars(with = "bool")]
    is_infrakt_host: Option<bool>,
    /// The server's name. Required to remove a protection, to change the address or host key of a protected server, or
    /// to remove the host key of any server.
    confirm: Option<String>,
}

/// The name of the server to remove.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerRemoval {
    /// The server's name. Required if the server is protected.
    confirm: Option<String>,
}

pub fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let query: ServersQuery = call.request.query()?;
    short_in_query("tag", query.tag.as_deref())?;
    let records = call.service.runtime()?.server_records(query.tag.as_deref())?;
    let listed: Vec<ServerListed> = records.into_iter().map(Into::into).collect();
    ok(&listed)
}

pub fn add(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: NewServerBody = call.request.json()?;
    not_too_many(&body.tags)?;
    let new = NewServer {
        name: body.name,
        host: body.host,
        port: body.port,
        user: body.user,
        ssh_key_path: body.ssh_key_path.as_deref().map(key).transpose()?,
        provider: body.provider,
        host_key: body.host_key,
        is_infrakt_host: body.is_infrakt_host,
        tags: body.tags,
    };
    let runtime = call.service.runtime()?;
    let added = runtime.add(&new, &Unattended::default(), &|_| {})?;
    let record = runtime.server_record(added.server.clone())?;
    json(201, &ServerAdded::new(record, &added))
}

pub fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    let runtime = call.service.runtime()?;
    let server = runtime.server(call.name())?;
    let route = route_to(&server);
    let variables = runtime.variables_of(&server)?;
    ok(&ServerShown::new(runtime.server_record(server)?, variables, route))
}

pub fn update(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: ServerPatch = call.request.json()?;
    short("confirm", body.confirm.as_deref())?;
    not_too_many(body.tags.as_deref().unwrap_or_default())?;
    let ssh_key_path = match &body.ssh_key_path {
        Some(Some(path)) => Some(Some(key(path)?)),
        other => other.clone(),
    };
    let change = ServerChange {
        host: body.host,
        port: body.port,
        user: body.user,
        ssh_key_path,
        provider: body.provider,
        host_key: body.host_key,
        is_infrakt_host: body.is_infrakt_host,
        tags: Vec::new(),
        only_tags: body.tags,
        vars: body.vars,
    };
    if change == ServerChange::default() {
        return Err(Problem::invalid_body(None, "nothing to change"));
    }
    let runtime = call.service.runtime()?;
    let answers = Unattended::default();
    let (server, note) = runtime.update(call.name(), &change, &answers, &mut |_| Ok(body.confirm.clone()))?;
    ok(&ServerUpdated::new(runtime.server_record(server)?, note))
}

pub fn remove(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: ServerRemoval = if_any(call.request)?;
    short("confirm", body.confirm.as_deref())?;
    let runtime = call.service.runtime()?;
    runtime.remove(call.name(), &mut |_| Ok(body.confirm.clone()))?;
    Ok(Answer::NoContent)
}

pub fn status(call: &Call<'_>) -> Result<Answer, Problem> {
    let runtime = call.service.runtime()?;
    let server = runtime.server(call.name())?;
    let (live, usage) = runtime.reach_and_measure(&server, &Unattended::default())?;
    ok(&ServerStatus::of(&live, usage))
}

fn not_too_many(tags: &[String]) -> Result<(), Problem> {
    if tags.len() > MOST_TAGS {
        let message = format!("a server has at most {MOST_TAGS} tags");
        return Err(Problem::invalid_body(Some("tags".to_owned()), message));
    }
    Ok(())
}

fn key(path: &str) -> Result<String, Problem> {
    key_path(Path::new(path)).map_err(|error| Problem::from(error).with_field("ssh_key_path"))
}
