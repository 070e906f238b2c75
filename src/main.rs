//! Parses, dispatches, and ends with the exit code. Nothing else.

use clap::{CommandFactory, Parser};
use infrakt::cli::{Cli, Command};
use infrakt::cmd::{self, Context};
use infrakt::prompt;
use infrakt::recipe::subprocess;
use std::process::ExitCode;

fn main() -> ExitCode {
    if subprocess::is_asked_for() {
        return ExitCode::from(u8::from(!subprocess::serve()));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(cmd::show_usage(&error, &Cli::command()) as u8),
    };
    cli.choose_colors();
    let context = Context {
        home: cli.home,
        json: cli.json,
        verbose: cli.verbose,
    };
    let result = prompt::install_interrupt_handler().and_then(|()| match cli.command {
        Command::Server(args) => cmd::server::run(args, &context),
        Command::Tag(args) => cmd::tag::run(args, &context),
        Command::Plan(args) => cmd::plan::run(args, &context),
        Command::Run(args) => cmd::run::run(args, &context),
        Command::Apply(args) => cmd::run::apply(args, &context),
        Command::Facts(args) => cmd::facts::run(args, &context),
        Command::Recipe(args) => cmd::recipe::run(args, &context),
        Command::Runs(args) => cmd::runs::run(args, &context),
        Command::App(args) => cmd::app::run(args, &context),
        Command::Env(args) => cmd::env::run(args, &context),
        Command::Serve(args) => cmd::serve::run(args, &context),
        Command::Completions(args) => cmd::completions::run(args, &mut Cli::command()),
    });
    prompt::show_control_characters();
    let exit = result.unwrap_or_else(|error| {
        cmd::show_error(&error, &context);
        error.exit()
    });
    ExitCode::from(exit as u8)
}
