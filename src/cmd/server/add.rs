//! `infrakt server add`.

use super::super::{Context, output};
use super::naming::address;
use crate::document::server::ServerAdded;
use crate::error::{Error, Exit, Result, SshError};
use crate::host_key::PublicKey;
use crate::prompt::{self, Terminal};
use crate::runtime::{Runtime, key_path};
use crate::store::NewServer;
use clap::Args;
use std::path::PathBuf;

/// Add a server to the inventory, show and record its host key, and test the login
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server add prod-2 --host 192.0.2.7
  infrakt server add prod-3 --host 192.0.2.8 --user debian --key ~/.ssh/prod
  infrakt server add web1 --host web1
      (user, port, key and jump hosts come from the Host web1 of ~/.ssh/config)

Values not given here come from ~/.ssh/config at each login. A server that can't be reached yet is saved too.")]
pub struct AddArgs {
    /// Name of the server: letters, digits, '.', '_' and '-'
    pub name: String,
    /// Host name or address, or a Host of ~/.ssh/config
    #[arg(long)]
    pub host: String,
    /// User to log in as; a user other than root needs sudo [default: from ~/.ssh/config, else root]
    #[arg(long)]
    pub user: Option<String>,
    /// SSH port [default: from ~/.ssh/config, else 22]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Private key to log in with; not needed if ssh finds it by itself or ~/.ssh/config names it
    #[arg(long, value_name = "PATH")]
    pub key: Option<PathBuf>,
    /// Host key, if you already know it: its SHA256:… fingerprint, or the line of a public key file
    #[arg(long, value_name = "KEY")]
    pub host_key: Option<String>,
    /// Hosting provider (a note for yourself)
    #[arg(long)]
    pub provider: Option<String>,
    /// Tag for choosing servers; can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Protect the server: infrakt runs on it, and nothing on it may ever be destroyed
    #[arg(long)]
    pub infrakt_host: bool,
}

/// Saves the row first, then logs in and records the host key.
pub fn run(args: AddArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.made_home()?)?;
    let recorded = |key: &PublicKey| {
        output::note(&format!(
            "host key of '{}': {} {}",
            args.name,
            key.algorithm(),
            key.fingerprint()
        ));
        output::note("It is recorded. Compare it on the server with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    };
    // A question comes only once the row is saved.
    prompt::keep_in_mind(format!(
        "server '{0}' was saved; to log in to it later: infrakt server status {0}",
        args.name
    ));
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
                "it could not be reached"
            } else {
                "its facts could not be read"
            };
            output::line(&format!("added '{}', but {what}: {error}", server.name))?;
            if let Some(hint) = error.hint() {
                output::note(&format!("hint: {hint}"));
            }
        }
    }
    for note in added.notes() {
        output::note(&note);
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
