//! `infrakt completions`: completion scripts for shells.

use super::output;
use crate::error::{Exit, Result};
use clap::{Args, Command};
use clap_complete::Shell;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt completions bash > ~/.local/share/bash-completion/completions/infrakt
  infrakt completions zsh > ~/.zfunc/_infrakt                   with ~/.zfunc in fpath
  infrakt completions fish > ~/.config/fish/completions/infrakt.fish")]
pub struct CompletionsArgs {
    /// Shell that will read the script
    shell: Shell,
}

/// `command` is the whole command line.
pub fn run(args: CompletionsArgs, command: &mut Command) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "infrakt", &mut script);
    output::raw(&script)?;
    Ok(Exit::Done)
}
