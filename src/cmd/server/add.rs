//! `infrakt server add`.

use super::super::{Context, output};
use super::naming::address;
use crate::document::server::ServerAdded;
use crate::error::{Error, Exit, Result, SshError};
use crate::host_key::PublicKey;
use crate::prompt::Terminal;
use crate::runtime::{Runtime, key_path};
use crate::store::NewServer;
use clap::Args;
use std::path::PathBuf;

/// Add a server to the inventory, show and record its host key, and try the login
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server add prod-2 --host 192.0.2.7
  infrakt server add prod-2 --host prod-2.example.org --user debian --key ~/.ssh/prod --tag web
  infrakt server add web1 --host web1               a Host of ~/.ssh/config: its user, port, key and jump hosts

What is not given here is taken from ~/.ssh/config whenever infrakt logs in. A server that can't be reached yet is saved all the same.")]
pub struct AddArgs {
    /// What the server is called: letters, digits, '.', '_' and '-'
    pub name: String,
    /// Its host name or address, or a Host of ~/.ssh/config
    #[arg(long)]
    pub host: String,
    /// The user to log in as; one that is not root needs sudo there [default: what ~/.ssh/config says, else root]
    #[arg(long)]
    pub user: Option<String>,
    /// The port of its SSH server [default: what ~/.ssh/config says, else 22]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// The private key to log in with, if it is not one that ssh finds by itself or that ~/.ssh/config names
    #[arg(long, value_name = "PATH")]
    pub key: Option<PathBuf>,
    /// Its host key, if you know it beforehand: a fingerprint, SHA256:…, or the line of a public key file
    #[arg(long, value_name = "KEY")]
    pub host_key: Option<String>,
    /// Who rents it out; only for your own information
    #[arg(long)]
    pub provider: Option<String>,
    /// A tag to choose servers by; can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Protect it: infrakt runs there, and nothing may ever be destroyed on it
    #[arg(long)]
    pub infrakt_host: bool,
}

/// Saves the row first, and then makes the server's acquaintance.
pub fn run(args: AddArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.made_home()?)?;
    let recorded = |key: &PublicKey| {
        output::note(&format!(
            "host key of '{}': {} {}",
            args.name,
            key.algorithm(),
            key.fingerprint()
        ));
        output::note(
            "It is recorded; compare it with the server's own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        );
    };
    let added = runtime.add(&new_server(&args)?, &Terminal, &recorded)?;
    if context.json {
        output::json(&ServerAdded::new(runtime.server_record(added.server.clone())?, &added))?;
        return added.marked.map(|()| Exit::Done);
    }
    let server = &added.server;
    match &added.reached {
        Ok(live) => {
            output::line(&format!(
                "added '{}': {}, {}",
                server.name,
                live.facts.os.name,
                address(server)
            ))?;
            for reason in &live.identity.protected {
                output::note(&format!("'{}' is protected and is never wiped: {reason}", server.name));
            }
        }
        Err(error) => {
            let unreached = matches!(
                error,
                Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. })
            );
            let what = if unreached {
                "it was not reached"
            } else {
                "it could not be looked at"
            };
            output::line(&format!("added '{}', but {what}: {error}", server.name))?;
            if let Some(note) = added.note() {
                output::note(&note);
            }
            if let Some(hint) = error.hint() {
                output::note(&format!("hint: {hint}"));
            }
        }
    }
    added.marked.map(|()| Exit::Done)
}

fn new_server(args: &AddArgs) -> Result<NewServer> {
    Ok(NewServer {
        name: args.name.clone(),
        host: args.host.clone(),
        port: args.port,
        user: args.user.clone(),
        ssh_key_path: args.key.as_deref().map(key_path).transpose()?,
        provider: args.provider.clone(),
        host_key: args.host_key.clone(),
        is_infrakt_host: args.infrakt_host,
        tags: args.tags.clone(),
    })
}
