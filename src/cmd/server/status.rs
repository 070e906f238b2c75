//! `infrakt server status`: what the server itself says.

use super::super::{Context, output};
use super::address;
use super::route::RouteShown;
use crate::error::{Exit, Result};
use crate::facts::human_bytes;
use crate::prompt::Terminal;
use crate::runtime::Runtime;
use clap::Args;
use serde::Serialize;

/// Ask a server what runs and what is stored there, and what protects it
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The server, as `infrakt server list` names it
    name: String,
}

#[derive(Serialize)]
struct Status<'a> {
    server: &'a str,
    status: Option<&'a str>,
    protected: &'a [String],
    route: RouteShown,
    facts: &'a crate::facts::Facts,
}

pub fn run(args: StatusArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let live = runtime.reach(&runtime.store.server(&args.name)?, &Terminal)?;
    let (server, facts) = (&live.server, &live.facts);
    let protected = &live.identity.protected;
    let route = RouteShown::of(&live.route);
    if context.json {
        output::json(&Status {
            server: &server.name,
            status: server.status.as_deref(),
            protected,
            route,
            facts,
        })?;
        return Ok(Exit::Done);
    }
    let docker = match (facts.docker.installed, facts.docker.running) {
        (false, _) => "not installed".to_owned(),
        (true, false) => "installed, but it does not answer".to_owned(),
        (true, true) => format!(
            "{}: {}, {}, {}, {}",
            facts.docker.version,
            output::count(facts.docker.containers.len(), "container"),
            output::count(facts.docker.images.len(), "image"),
            output::count(facts.docker.volumes.len(), "volume"),
            output::count(facts.docker.networks.len(), "network"),
        ),
    };
    let opt = match facts.opt_infrakt.kind.as_str() {
        "absent" => "not there".to_owned(),
        "directory" => facts.opt_infrakt.bytes.map_or("there".to_owned(), human_bytes),
        other => other.to_owned(),
    };
    let ports: Vec<String> = facts.ssh_ports.iter().map(ToString::to_string).collect();
    let [login, through, configured, _] = route.pairs();
    output::pairs([
        ("server", Some(server.name.clone())),
        ("address", Some(address(server))),
        login,
        through,
        configured,
        ("status", server.status.clone()),
        ("protected", (!protected.is_empty()).then(|| protected.join("; "))),
        (
            "system",
            Some(format!("{} ({}, Linux {})", facts.os.name, facts.arch, facts.kernel)),
        ),
        ("hostname", Some(facts.hostname.clone())),
        ("machine-id", facts.machine_id.clone()),
        ("SSH ports", Some(ports.join(", "))),
        ("Docker", Some(docker)),
        ("/opt/infrakt", Some(opt)),
        (
            "reboot",
            facts.reboot_required.then(|| "the server asks for one".to_owned()),
        ),
    ])?;
    Ok(Exit::Done)
}
