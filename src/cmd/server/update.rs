//! `infrakt server update`.

use super::super::{Context, output};
use super::naming::type_name;
use crate::document::server::ServerUpdated;
use crate::error::{Error, Exit, Result};
use crate::prompt::Terminal;
use crate::runtime::key_path;
use crate::store::ServerChange;
use clap::Args;
use std::ffi::OsString;
use std::path::Path;

/// Change what is recorded of a server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server update prod-2 --host 192.0.2.8
  infrakt server update prod-2 --key ''

An empty --user, --port, --key, --host-key or --provider takes the value away: what ~/.ssh/config says counts then.")]
pub struct UpdateArgs {
    /// The server, as `infrakt server list` names it
    pub name: String,
    /// Its host name or address, or a Host of ~/.ssh/config
    #[arg(long)]
    pub host: Option<String>,
    /// The user to log in as
    #[arg(long)]
    pub user: Option<String>,
    /// The port of its SSH server
    #[arg(long, value_parser = port)]
    pub port: Option<PortSaid>,
    /// The private key to log in with
    #[arg(long, value_name = "PATH")]
    pub key: Option<OsString>,
    /// Its host key: a fingerprint, SHA256:…, or the line of a public key file
    #[arg(long, value_name = "KEY")]
    pub host_key: Option<String>,
    /// Who rents it out
    #[arg(long)]
    pub provider: Option<String>,
    /// A tag to add; can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Protect it: infrakt runs there, and nothing may ever be destroyed on it
    #[arg(long, conflicts_with = "no_infrakt_host")]
    pub infrakt_host: bool,
    /// Lift its protection; its name must be typed for that
    #[arg(long)]
    pub no_infrakt_host: bool,
    /// The server's name, where it must be typed and there is no terminal
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

pub fn run(args: UpdateArgs, context: &Context) -> Result<Exit> {
    let change = change(&args)?;
    if change == ServerChange::default() {
        return Err(Error::usage_with(
            "there is nothing to change",
            format!("say what, for example: infrakt server update {} --port 2222", args.name),
        ));
    }
    let runtime = context.runtime()?;
    let confirm = &mut type_name(args.confirm.as_deref());
    let (server, note) = runtime.update(&args.name, &change, &Terminal, confirm)?;
    if let Some(note) = &note {
        output::note(note);
    }
    if context.json {
        output::json(&ServerUpdated::new(runtime.server_record(server)?, note))?;
    } else {
        output::line(&format!("updated server '{}'", server.name))?;
    }
    Ok(Exit::Done)
}

/// A port, or none any more.
#[derive(Debug, Clone, Copy)]
pub struct PortSaid(Option<u16>);

fn port(text: &str) -> std::result::Result<PortSaid, String> {
    match text.parse() {
        _ if text.is_empty() => Ok(PortSaid(None)),
        Ok(port) if port > 0 => Ok(PortSaid(Some(port))),
        _ => Err("a port is a number from 1 to 65535, or '' for what ~/.ssh/config says".to_owned()),
    }
}

fn change(args: &UpdateArgs) -> Result<ServerChange> {
    let text = |value: &Option<String>| value.clone().map(|value| (!value.is_empty()).then_some(value));
    let ssh_key_path = match args.key.as_deref() {
        None => None,
        Some(path) if path.is_empty() => Some(None),
        Some(path) => Some(Some(key_path(Path::new(path))?)),
    };
    Ok(ServerChange {
        host: args.host.clone(),
        port: args.port.map(|PortSaid(port)| port),
        user: text(&args.user),
        ssh_key_path,
        provider: text(&args.provider),
        host_key: text(&args.host_key),
        is_infrakt_host: match (args.infrakt_host, args.no_infrakt_host) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        tags: args.tags.clone(),
        only_tags: None,
    })
}
