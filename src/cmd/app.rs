//! `infrakt app`: the apps of the inventory.

use super::{Context, output};
use crate::document::app::AppShown;
use crate::error::{Error, Exit, Result};
use crate::prompt;
use crate::runtime::Runtime;
use crate::store::App;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct AppArgs {
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Add an app to the inventory
    Add {
        /// Name of the app: letters, digits, '.', '_' and '-'
        name: String,
        /// Server the app runs on
        #[arg(long, value_name = "NAME")]
        server: String,
        /// Container image, as for docker pull
        #[arg(long)]
        image: String,
    },
    /// List the apps
    List {
        /// Show only apps on this server
        #[arg(long, value_name = "NAME")]
        server: Option<String>,
    },
    /// Show an app with its variables' names, its deployments and its dependencies
    Show {
        /// Name of the app (see `infrakt app list`)
        name: String,
    },
    /// Remove an app from the inventory, with its deployments and its env file
    Remove {
        /// Name of the app (see `infrakt app list`)
        name: String,
        /// Don't ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

pub fn run(args: AppArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    match args.command {
        AppCommand::Add { name, server, image } => {
            let app = runtime.add_app(&name, &server, &image)?;
            if context.json {
                output::json(&app)?;
            } else {
                output::line(&format!("added app '{}' on '{}'", app.name, app.server_name))?;
            }
        }
        AppCommand::List { server } => list(&runtime, server.as_deref(), context)?,
        AppCommand::Show { name } => show(&runtime, &name, context)?,
        AppCommand::Remove { name, yes } => remove(&runtime, &name, yes, context)?,
    }
    Ok(Exit::Done)
}

fn list(runtime: &Runtime, server: Option<&str>, context: &Context) -> Result<()> {
    let apps = runtime.apps(server)?;
    if context.json {
        return output::json(&apps);
    }
    if apps.is_empty() {
        output::note(&format!(
            "no apps in {}; add one: infrakt app add NAME --server SERVER --image IMAGE",
            runtime.home_path().display()
        ));
        return Ok(());
    }
    let row = |app: App| [app.name, app.server_name, app.image];
    output::table(["NAME", "SERVER", "IMAGE"], apps.into_iter().map(row))
}

fn show(runtime: &Runtime, name: &str, context: &Context) -> Result<()> {
    let shown = AppShown::from(runtime.app(name)?);
    if context.json {
        return output::json(&shown);
    }
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
    let deployments = shown.deployments.iter().map(|deployment| {
        let when = deployment.created_at.strftime("%Y-%m-%d %H:%M:%S UTC");
        format!(
            "#{} {} {}, {}",
            deployment.id, when, deployment.image, deployment.status
        )
    });
    output::pairs([
        ("name", Some(shown.app.name.clone())),
        ("server", Some(shown.app.server_name.clone())),
        ("image", Some(shown.app.image.clone())),
        ("variables", list(&shown.variables)),
        ("depends on", list(&shown.depends_on)),
        ("deployments", list(&deployments.collect::<Vec<_>>())),
    ])
}

fn remove(runtime: &Runtime, name: &str, yes: bool, context: &Context) -> Result<()> {
    let record = runtime.app(name)?;
    let question = format!(
        "Remove app '{name}' of '{}', with {} and {}?",
        record.app.server_name,
        output::count(record.deployments.len(), "deployment"),
        output::count(record.variables.len(), "variable")
    );
    let refused = |message: &str| {
        Err(Error::Run {
            message: message.to_owned(),
            exit: Exit::Refused,
            hint: Some(format!("to remove it without asking: infrakt app remove {name} --yes")),
        })
    };
    if !yes {
        match prompt::yes(&question)? {
            Some(true) => {}
            Some(false) => return refused("nothing was removed"),
            None => return refused("nothing was removed: there is no terminal to confirm on"),
        }
    }
    let forgotten = runtime.remove_app(name)?;
    if context.json {
        return output::json(&forgotten);
    }
    output::line(&format!("removed app '{name}'"))
}
