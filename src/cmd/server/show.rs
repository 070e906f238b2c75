//! `infrakt server show`.

use super::super::variables::lines;
use super::super::{Context, output};
use super::naming::address;
use crate::document::server::{ServerListed, ServerShown};
use crate::error::{Exit, Result};
use crate::reason::messages;
use crate::runtime::route_to;
use clap::Args;

/// Show a server's recorded values and how it would be reached, without contacting it
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
}

pub fn run(args: ShowArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let server = runtime.server(&args.name)?;
    let route = route_to(&server);
    let variables = runtime.variables_of(&server)?;
    let shown = ServerShown::new(runtime.server_record(server)?, variables, route);
    if context.json {
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    let ServerShown {
        server: ServerListed { server, protected, .. },
        variables,
        route,
        route_problem,
    } = shown;
    let apps: Vec<String> = runtime
        .apps(Some(&server.name))?
        .into_iter()
        .map(|app| app.name)
        .collect();
    let list = |names: &[String], separator: &str| (!names.is_empty()).then(|| names.join(separator));
    let when = |time: jiff::Timestamp| Some(time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let host_key = server.host_key.as_ref().map(|key| key.fingerprint().to_string());
    let route = match &route {
        Some(route) => route.pairs(),
        None => [("login", route_problem), ("", None), ("", None), ("", None)],
    };
    let [login, through, configured, note] = route;
    let mut variables = lines(&variables).into_iter();
    let first = variables.next();
    let before = [
        ("name", Some(server.name.clone())),
        ("address", Some(address(&server))),
        login,
        through,
        configured,
        note,
        ("status", server.status.clone()),
        ("protected", (!protected.is_empty()).then(|| messages(&protected))),
        ("tags", list(&server.tags, ", ")),
        ("variables", first),
    ];
    let after = [
        ("apps", list(&apps, ", ")),
        ("provider", server.provider.clone()),
        ("key", server.ssh_key_path.clone()),
        ("host key", host_key.or_else(|| Some("not known yet".to_owned()))),
        ("machine-id", server.machine_id.clone()),
        ("added", when(server.created_at)),
        ("changed", when(server.updated_at)),
    ];
    let variables = variables.map(|line| ("", Some(line)));
    output::pairs(before.into_iter().chain(variables).chain(after))?;
    Ok(Exit::Done)
}
