//! `infrakt recipe`: lists recipes, shows, checks and tests them, and says what they can call.

mod check;
mod docs;
mod lab;
mod list;
mod new;
mod show;
mod test;
mod watch;

use super::Context;
use crate::error::{Exit, Result};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct RecipeArgs {
    #[command(subcommand)]
    command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
enum RecipeCommand {
    /// List the recipes that can be run by name: yours (folder recipes in infrakt's home) and the shipped ones
    List {
        /// List infrakt's examples instead
        #[arg(long)]
        examples: bool,
    },
    /// Show a recipe's parameters and source, or the functions of a module (lib/apt)
    Show {
        /// Path (./mine.rhai) or name (provision, examples/swap) of a recipe, or a module of the library
        #[arg(value_name = "RECIPE")]
        recipe: String,
    },
    New(new::NewArgs),
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Docs(docs::DocsArgs),
}

pub fn run(args: RecipeArgs, context: &Context) -> Result<Exit> {
    match args.command {
        RecipeCommand::List { examples } => list::run(examples, context),
        RecipeCommand::Show { recipe } => show::run(&recipe, context),
        RecipeCommand::New(args) => new::run(&args, context),
        RecipeCommand::Check(args) => check::run(&args, context),
        RecipeCommand::Test(args) => test::run(&args, context),
        RecipeCommand::Docs(args) => docs::run(&args, context),
    }
}
