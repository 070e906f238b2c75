//! `infrakt server show`.

use super::super::{Context, output};
use super::address;
use super::route::RouteShown;
use crate::error::{Error, Exit, Result};
use crate::runtime::route_to;
use crate::store::{Server, host_key_fingerprint};
use clap::Args;
use serde::Serialize;

/// Show what is recorded of a server, and how it would be reached; asks no other computer
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The server, as `infrakt server list` names it
    name: String,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    server: Server,
    /// Why nothing may be destroyed there, as far as the inventory knows.
    protected: Vec<String>,
    /// How it would be reached.
    route: Option<RouteShown>,
    /// Why that can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    route_problem: Option<String>,
}

pub fn run(args: ShowArgs, context: &Context) -> Result<Exit> {
    let store = context.store()?;
    let server = store.server(&args.name)?;
    let host_keys: Vec<String> = server.host_key.iter().cloned().collect();
    let mut protected = store.is_protected_identity(server.machine_id.as_deref(), &host_keys)?;
    if server.is_infrakt_host {
        protected = vec!["is marked as a host of infrakt".to_owned()];
    }
    let route = route_to(&server).map(|route| RouteShown::of(&route));
    if context.json {
        let route_problem = route.as_ref().err().map(Error::to_string);
        output::json(&Shown {
            server,
            protected,
            route: route.ok(),
            route_problem,
        })?;
        return Ok(Exit::Done);
    }
    let apps: Vec<String> = store
        .apps(Some(&server.name))?
        .into_iter()
        .map(|app| app.name)
        .collect();
    let list = |names: &[String], separator: &str| (!names.is_empty()).then(|| names.join(separator));
    let when = |time: jiff::Timestamp| Some(time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let host_key = match &server.host_key {
        Some(key) => Some(host_key_fingerprint(key)?),
        None => None,
    };
    let route = match &route {
        Ok(route) => route.pairs(),
        Err(error) => [("login", Some(error.to_string())), ("", None), ("", None), ("", None)],
    };
    let [login, through, configured, note] = route;
    output::pairs([
        ("name", Some(server.name.clone())),
        ("address", Some(address(&server))),
        login,
        through,
        configured,
        note,
        ("status", server.status.clone()),
        ("protected", list(&protected, "; ")),
        ("tags", list(&server.tags, ", ")),
        ("apps", list(&apps, ", ")),
        ("provider", server.provider.clone()),
        ("key", server.ssh_key_path.clone()),
        ("host key", host_key.or_else(|| Some("not known yet".to_owned()))),
        ("machine-id", server.machine_id.clone()),
        ("added", when(server.created_at)),
        ("changed", when(server.updated_at)),
    ])?;
    Ok(Exit::Done)
}
