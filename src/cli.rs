//! The command line: its doc comments are the help.

use crate::cmd::{app, completions, env, facts, plan, recipe, run, runs, serve, server, tag};
use clap::{ColorChoice, Parser, Subcommand};
use std::path::PathBuf;

/// Wipe and provision servers over SSH, and see the plan before anything changes
#[derive(Debug, Parser)]
#[command(
    version,
    // Without the blank line after the first one, all commands fit a small screen.
    help_template = "{about-with-newline}{usage-heading} {usage}\n\n{all-args}{after-help}",
    arg_required_else_help = true,
    after_help = "Get started: infrakt server add prod-2 --host 192.0.2.7",
    after_long_help = "Get started:
  infrakt server add prod-2 --host 192.0.2.7     add a server
  infrakt plan provision --server prod-2         show what it would change there
  infrakt run provision --server prod-2          wipe and provision it; asks you to type its name

Exit codes: 0 done, 1 a step failed, 2 usage or broken recipe, 3 refused, 4 unreachable or untrusted, 5 interrupted"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Directory that holds infrakt's data [default: $INFRAKT_HOME, else ~/.infrakt]
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub home: Option<PathBuf>,
    /// Print results and errors as JSON on stdout: one document, or one event per line
    #[arg(long, global = true, hide_short_help = true, help_heading = "Global options")]
    pub json: bool,
    /// Show the output of successful steps too
    #[arg(
        long,
        short,
        global = true,
        action = clap::ArgAction::Count,
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub verbose: u8,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Manage servers; wipe or provision one of them
    Server(server::ServerArgs),
    /// List tags, and set variables for all servers with a tag
    Tag(tag::TagsArgs),
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    Apply(run::ApplyArgs),
    Facts(facts::FactsArgs),
    /// List, show, create, check and test recipes; print their reference
    Recipe(recipe::RecipeArgs),
    /// List, show, resume and retry runs; print their output
    Runs(runs::RunsArgs),
    /// Manage apps; wiping a server removes its apps from the inventory
    App(app::AppArgs),
    /// Manage the environment variables of apps, encrypted at rest
    Env(env::EnvArgs),
    Serve(serve::ServeArgs),
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Applies the choice of colours to all output. `auto` obeys NO_COLOR and CLICOLOR (see
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
