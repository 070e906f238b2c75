//! `infrakt server`: the inventory.

pub mod add;
pub mod list;
pub(super) mod naming;
pub mod recipes;
pub mod remove;
pub mod show;
pub mod ssh;
pub mod status;
pub mod tag;
pub mod unlock;
pub mod update;

use super::Context;
use crate::error::{Exit, Result};
use clap::{Args, Subcommand};

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
