use clap::Parser;
use infrakt::cli::{Cli, Command};
use infrakt::cmd::{self, Context};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context {
        home: cli.home,
        json: cli.json,
        verbose: cli.verbose,
    };
    let result = match cli.command {
        Command::Server(args) => cmd::server::run(args, &context),
        Command::App(args) => cmd::app::run(args, &context),
        Command::Env(args) => cmd::env::run(args, &context),
    };
    let exit = result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        if let Some(hint) = error.hint() {
            eprintln!("hint: {hint}");
        }
        error.exit()
    });
    ExitCode::from(exit as u8)
}
