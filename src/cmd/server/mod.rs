//! `infrakt server`: the inventory.

pub mod add;
pub mod list;
pub mod recipes;
pub mod remove;
mod route;
pub mod show;
pub mod ssh;
pub mod status;
pub mod tag;
pub mod unlock;
pub mod update;

use super::Context;
use crate::error::{Error, Exit, Refusal, Result};
use crate::prompt;
use crate::store::{NameTyped, Server, Store};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct ServerArgs {
    #[command(subcommand)]
    command: ServerCommand,
}

#[derive(Debug, Subcommand)]
enum ServerCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Update(update::UpdateArgs),
    Remove(remove::RemoveArgs),
    Tag(tag::TagArgs),
    Status(status::StatusArgs),
    Unlock(unlock::UnlockArgs),
    Ssh(ssh::SshArgs),
    Provision(recipes::ProvisionArgs),
    Wipe(recipes::WipeArgs),
}

pub fn run(args: ServerArgs, context: &Context) -> Result<Exit> {
    match args.command {
        ServerCommand::Add(args) => add::run(args, context),
        ServerCommand::List(args) => list::run(args, context),
        ServerCommand::Show(args) => show::run(args, context),
        ServerCommand::Update(args) => update::run(args, context),
        ServerCommand::Remove(args) => remove::run(args, context),
        ServerCommand::Tag(args) => tag::run(args, context),
        ServerCommand::Status(args) => status::run(args, context),
        ServerCommand::Unlock(args) => unlock::run(args, context),
        ServerCommand::Ssh(args) => ssh::run(args, context),
        ServerCommand::Provision(args) => recipes::provision(args, context),
        ServerCommand::Wipe(args) => recipes::wipe(args, context),
    }
}

/// Does `act`; and where that needs the server's name typed, takes it from `--confirm` or asks for it, and does it then.
fn with_name_typed<T>(
    store: &Store,
    name: &str,
    confirm: Option<&str>,
    act: impl Fn(Option<&NameTyped>) -> Result<T>,
) -> Result<T> {
    let (server, message) = match act(None) {
        Err(Error::Refused(Refusal::NeedsName { server, message })) => (server, message),
        done => return done,
    };
    let typed = match confirm {
        Some(confirm) => Some(confirm.to_owned()),
        None => prompt::line(&format!("{message}.\nType the server name to confirm: "))?,
    };
    let row = store.server(name)?;
    match typed {
        None => Err(Refusal::NeedsName { server, message }.into()),
        Some(typed) => match NameTyped::check(&typed, &row) {
            Some(proof) => act(Some(&proof)),
            None => {
                let message = format!("nothing was changed: what was typed is not the name '{server}'");
                Err(Refusal::NeedsName { server, message }.into())
            }
        },
    }
}

/// The path of a private key as it is recorded: absolute, and of a file that is there.
fn key_path(path: &Path) -> Result<String> {
    let expanded = match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    };
    let absolute = std::path::absolute(&expanded).map_err(Error::file("find", &expanded))?;
    if !absolute.is_file() {
        return Err(Error::usage_with(
            format!("there is no key file {}", absolute.display()),
            "see which keys you have: ls ~/.ssh",
        ));
    }
    if absolute.extension().is_some_and(|extension| extension == "pub") {
        return Err(Error::usage_with(
            format!("{} is the public half of a key", absolute.display()),
            format!("give the private one: --key {}", absolute.with_extension("").display()),
        ));
    }
    absolute.into_os_string().into_string().map_err(|path| {
        let path = path.to_string_lossy();
        Error::usage(format!("the path {path} is not UTF-8 and can't be recorded"))
    })
}

/// What a row says of an address: `deploy@prod-2.example.org:2222`, with IPv6 in brackets. Without a user or a port
/// where it says none.
fn address(server: &Server) -> String {
    let user = server.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
    let port = server.port.filter(|port| *port != 22);
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    match server.host.contains(':') {
        true => format!("{user}[{}]{port}", server.host),
        false => format!("{user}{}{port}", server.host),
    }
}
