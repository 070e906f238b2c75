//! `infrakt completions`: scripts for shells.

use super::output;
use crate::cli::Cli;
use crate::error::{Exit, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  infrakt completions bash > /etc/bash_completion.d/infrakt")]
pub struct CompletionsArgs {
    shell: Shell,
}

pub fn run(args: CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "infrakt", &mut script);
    output::raw(&script)?;
    Ok(Exit::Done)
}
