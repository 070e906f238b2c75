//! The command line: its doc comments are the help.

use crate::cmd::{app, env, server};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Wipe and provision servers over SSH
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Where infrakt keeps its inventory [default: $INFRAKT_HOME, else ~/.infrakt]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The servers of the inventory
    Server(server::ServerArgs),
    /// The apps of the inventory
    App(app::AppArgs),
    /// The environment variables of apps
    Env(env::EnvArgs),
}
