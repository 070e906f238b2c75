//! `infrakt server add`.

use super::super::{Context, output};
use super::key_path;
use crate::error::{Exit, Result};
use crate::store::{NewServer, Server, Store};
use clap::Args;
use std::path::PathBuf;

/// Add a server to the inventory
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What the server is called: letters, digits, '.', '_' and '-'
    pub name: String,
    /// Its host name or address
    #[arg(long)]
    pub host: String,
    /// The login; what needs root goes through sudo if it is another
    #[arg(long, default_value = "root")]
    pub user: String,
    /// The port of its SSH server
    #[arg(long, default_value_t = 22, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// The private key to log in with
    #[arg(long, value_name = "PATH")]
    pub key: Option<PathBuf>,
    /// Its host key, if you know it beforehand: a fingerprint, SHA256:…, or the line of a public key file
    #[arg(long, value_name = "KEY")]
    pub host_key: Option<String>,
    /// Who rents it out, for your own information
    #[arg(long)]
    pub provider: Option<String>,
    /// A tag to choose servers by; repeatable
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Protect it: infrakt runs there, nothing may ever be destroyed on it
    #[arg(long)]
    pub infrakt_host: bool,
}

pub fn run(args: AddArgs, context: &Context) -> Result<Exit> {
    let server = add(&args, &context.store()?)?;
    if context.json {
        output::json(&server)?;
    } else {
        output::line(&format!("added server '{}'", server.name))?;
    }
    Ok(Exit::Done)
}

/// Saves the row, and speaks to nobody.
pub fn add(args: &AddArgs, store: &Store) -> Result<Server> {
    let ssh_key_path = args.key.as_deref().map(key_path).transpose()?;
    store.add_server(&NewServer {
        name: args.name.clone(),
        host: args.host.clone(),
        port: args.port,
        user: args.user.clone(),
        ssh_key_path,
        provider: args.provider.clone(),
        host_key: args.host_key.clone(),
        is_infrakt_host: args.infrakt_host,
        tags: args.tags.clone(),
    })
}
