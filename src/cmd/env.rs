//! `infrakt env`: the environment variables of apps. Values are shown only where they are asked for.

use super::{Context, output};
use crate::error::{Error, Exit, Result};
use crate::plan::secret::Secret;
use crate::prompt::Terminal;
use crate::runtime::{AskSecret, Runtime};
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::io::Read;

#[derive(Debug, Args)]
pub struct EnvArgs {
    #[command(subcommand)]
    command: EnvCommand,
}

#[derive(Debug, Subcommand)]
enum EnvCommand {
    /// Set variables; values are encrypted at rest
    #[command(after_help = "Examples:
  infrakt env set shop PORT=8080
  infrakt env set shop DB_PASSWORD=- < password.txt")]
    Set {
        /// Name of the app (see `infrakt app list`)
        app: String,
        /// KEY=VALUE, or KEY=- to read the value from standard input and keep it out of ps and the shell history
        #[arg(required = true, value_name = "KEY=VALUE")]
        variables: Vec<String>,
    },
    /// Print the value of a variable
    Get {
        /// Name of the app (see `infrakt app list`)
        app: String,
        /// Name of the variable
        key: String,
    },
    /// List the names of an app's variables
    List {
        /// Name of the app (see `infrakt app list`)
        app: String,
        /// Show the values too
        #[arg(long)]
        show: bool,
    },
    /// Remove variables
    Unset {
        /// Name of the app (see `infrakt app list`)
        app: String,
        /// Names of the variables
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}

pub fn run(args: EnvArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    match args.command {
        EnvCommand::Set { app, variables } => set(&runtime, &app, variables, context)?,
        EnvCommand::Get { app, key } => {
            let value = runtime.variable(&app, &key)?;
            if context.json {
                output::json(&BTreeMap::from([(key.as_str(), value.expose())]))?;
            } else {
                output::value(value.expose())?;
            }
        }
        EnvCommand::List { app, show } => list(&runtime, &app, show, context)?,
        EnvCommand::Unset { app, keys } => {
            runtime.unset_variables(&app, &keys)?;
            done(
                &format!("removed {} of app '{app}'", keys.join(", ")),
                &runtime,
                &app,
                context,
            )?;
        }
    }
    Ok(Exit::Done)
}

fn set(runtime: &Runtime, app: &str, words: Vec<String>, context: &Context) -> Result<()> {
    let mut variables: Vec<(String, Secret)> = Vec::new();
    let mut stdin_taken_by: Option<String> = None;
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            // The word itself is not repeated: it may be a value whose key was forgotten.
            return Err(Error::usage_with(
                "a variable is missing its value",
                format!("infrakt env set {app} KEY=VALUE, or KEY=- to read the value from standard input"),
            ));
        };
        if variables.iter().any(|(known, _)| known == key) {
            return Err(Error::usage(format!("{key} is given twice")));
        }
        let value = if value == "-" {
            if let Some(first) = stdin_taken_by.replace(key.to_owned()) {
                return Err(Error::usage_with(
                    format!("{first} and {key} can't both be read from standard input"),
                    "set them one after the other",
                ));
            }
            value_from_stdin(key)?
        } else {
            Secret::new(value)
        };
        variables.push((key.to_owned(), value));
    }
    runtime.set_variables(app, &variables)?;
    let keys: Vec<&str> = variables.iter().map(|(key, _)| key.as_str()).collect();
    done(
        &format!("set {} of app '{app}'", keys.join(", ")),
        runtime,
        app,
        context,
    )
}

/// All of standard input but one line end, which `echo` and editors add.
fn value_from_stdin(key: &str) -> Result<Secret> {
    if let Some(typed) = Terminal.ask(&format!("Value of {key}: "))? {
        return Ok(typed);
    }
    let mut value = String::new();
    std::io::stdin()
        .read_to_string(&mut value)
        .map_err(|error| Error::Malformed {
            what: format!("the value of {key} on standard input"),
            reason: error.to_string(),
            hint: Some("values are UTF-8 text; encode bytes with: base64 -w0".to_owned()),
        })?;
    if value.ends_with('\n') {
        value.pop();
    }
    Ok(Secret::new(value))
}

fn list(runtime: &Runtime, app: &str, show: bool, context: &Context) -> Result<()> {
    if show {
        let values = runtime.variables(app)?;
        if context.json {
            let exposed: BTreeMap<&str, &str> = values
                .iter()
                .map(|(key, value)| (key.as_str(), value.expose()))
                .collect();
            return output::json(&exposed);
        }
        let row = |(key, value): (String, Secret)| [key, value.expose().escape_debug().to_string()];
        return match values.is_empty() {
            true => none(app),
            false => output::table(["KEY", "VALUE"], values.into_iter().map(row)),
        };
    }
    let names = runtime.variable_names(app)?;
    match (context.json, names.is_empty()) {
        (true, _) => output::json(&names),
        (false, true) => none(app),
        (false, false) => output::line(&names.join("\n")),
    }
}

fn none(app: &str) -> Result<()> {
    output::note(&format!(
        "app '{app}' has no variables; set one: infrakt env set {app} KEY=VALUE"
    ));
    Ok(())
}

fn done(message: &str, runtime: &Runtime, app: &str, context: &Context) -> Result<()> {
    if context.json {
        return output::json(&runtime.variable_names(app)?);
    }
    output::line(message)
}
