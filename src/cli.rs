//! The command line: its doc comments are the help.

use crate::cmd::{app, completions, env, facts, plan, recipe, run, runs, serve, server};
use clap::{ColorChoice, Parser, Subcommand};
use std::path::PathBuf;

/// Wipe and provision servers over SSH, with recipes that show what they will do before they do it
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Get started:
  infrakt server add prod-2 --host 192.0.2.7     remember a server
  infrakt plan provision --server prod-2         see what would happen to it
  infrakt run provision --server prod-2          wipe and provision it, after its name was typed

Exit codes: 0 done, 1 a step failed, 2 usage or broken recipe, 3 refused, 4 unreachable or untrusted, 5 interrupted"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Where infrakt keeps its inventory [default: $INFRAKT_HOME, else ~/.infrakt]
    #[arg(long, global = true, value_name = "DIRECTORY", help_heading = "Everywhere")]
    pub home: Option<PathBuf>,
    /// Print results as JSON on stdout: one document, or one event a line; errors too
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Say more: also what steps print when nothing fails
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Everywhere"
    )]
    pub color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep the inventory of servers; wipe or provision one of them
    Server(server::ServerArgs),
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    Apply(run::ApplyArgs),
    Facts(facts::FactsArgs),
    /// List, show, write, check and test recipes; print what they can call
    Recipe(recipe::RecipeArgs),
    /// See what was run, how it ended, and what it printed
    Runs(runs::RunsArgs),
    /// Keep the inventory of apps, which go with their server when it is wiped
    App(app::AppArgs),
    /// Keep the environment variables of apps, encrypted at rest
    Env(env::EnvArgs),
    Serve(serve::ServeArgs),
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Makes the choice of colours hold for all that is printed. `auto` obeys NO_COLOR and CLICOLOR (see
    /// <https://no-color.org>).
    pub fn choose_colors(&self) {
        let choice = match self.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
