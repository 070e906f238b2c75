//! `infrakt server update`.

use super::super::variables::VarChangeArgs;
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

/// Change a server's recorded values
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server update prod-2 --host 192.0.2.8
  infrakt server update prod-2 --key ''
  infrakt server update prod-2 --var region=eu --var 'disks=[\"sda\", \"sdb\"]'

An empty --user, --port, --key, --host-key or --provider clears the value; ~/.ssh/config then applies.")]
pub struct UpdateArgs {
    /// Name of the server (see `infrakt server list`)
    pub name: String,
    /// Host name or address, or a Host of ~/.ssh/config
    #[arg(long)]
    pub host: Option<String>,
    /// User to log in as
    #[arg(long)]
    pub user: Option<String>,
    /// SSH port
    #[arg(long, value_parser = port)]
    pub port: Option<PortSaid>,
    /// Private key to log in with
    #[arg(long, value_name = "PATH")]
    pub key: Option<OsString>,
    /// Host key: its SHA256:… fingerprint, or the line of a public key file
    #[arg(long, value_name = "KEY")]
    pub host_key: Option<String>,
    /// Hosting provider (a note for yourself)
    #[arg(long)]
    pub provider: Option<String>,
    /// Tag to add; can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    #[command(flatten)]
    vars: VarChangeArgs,
    /// Protect the server: infrakt runs on it, and nothing on it may ever be destroyed
    #[arg(long, conflicts_with = "no_infrakt_host")]
    pub infrakt_host: bool,
    /// Remove the protection; you must type the server's name
    #[arg(long)]
    pub no_infrakt_host: bool,
    /// The server's name, instead of typing it
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

pub fn run(args: UpdateArgs, context: &Context) -> Result<Exit> {
    let change = change(&args)?;
    if change == ServerChange::default() {
        return Err(Error::usage_with(
            "nothing to change",
            format!(
                "give at least one option, for example: infrakt server update {} --port 2222",
                args.name
            ),
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
        _ => Err("a port is a number from 1 to 65535, or '' to use ~/.ssh/config".to_owned()),
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
        vars: args.vars.parse()?,
    })
}
