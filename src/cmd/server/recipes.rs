//! `infrakt server provision` and `infrakt server wipe`: commands for the shipped recipes, even if the user has a
//! recipe of the same name. The same as `infrakt run shipped:provision --server NAME`, with the same questions.

use super::super::consent::ConfirmArgs;
use super::super::group_command::GroupCommand;
use super::super::parameters::SetArgs;
use super::super::stages::{Stage, Stages};
use super::super::{Context, output};
use crate::error::{Exit, Result};
use crate::plan::shell::quote;
use crate::runtime::{AtOnce, Parameters, Runtime};
use crate::store::Server;
use clap::Args;

/// Wipe and provision a server with infrakt's own recipe (shipped:provision)
#[derive(Debug, Args)]
pub struct ProvisionArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    /// Keep existing data: provision without wiping first
    #[arg(long)]
    keep_data: bool,
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// Destroy everything in Docker on a server, and /opt/infrakt, with infrakt's own recipe (shipped:wipe)
#[derive(Debug, Args)]
pub struct WipeArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn provision(mut args: ProvisionArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let server = runtime.server(&args.name)?;
    let mut parameters = args.set.parse()?;
    if args.keep_data {
        parameters.insert("keep_data".to_owned(), true.into());
        args.set.set.retain(|pair| !pair.starts_with("keep_data="));
    }
    run_shipped(
        "shipped:provision",
        server,
        &parameters,
        &args.set,
        &args.confirm,
        &runtime,
        context,
    )
}

pub fn wipe(args: WipeArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let server = runtime.server(&args.name)?;
    run_shipped(
        "shipped:wipe",
        server,
        &Parameters::new(),
        &SetArgs::default(),
        &args.confirm,
        &runtime,
        context,
    )
}

fn run_shipped(
    recipe: &str,
    server: Server,
    parameters: &Parameters,
    set: &SetArgs,
    confirm: &ConfirmArgs,
    runtime: &Runtime,
    context: &Context,
) -> Result<Exit> {
    let bare = recipe.strip_prefix("shipped:").unwrap_or(recipe);
    // A recipe of the user's that can't be read changes nothing here.
    if runtime
        .library
        .find_named(bare)
        .is_ok_and(|found| found.overrides_shipped())
    {
        output::note(&format!(
            "this is infrakt's own {bare}; for yours: infrakt run {bare} --server {}",
            quote(&server.name)
        ));
    }
    let command = GroupCommand {
        stages: Stages {
            play: None,
            stages: vec![Stage::of_recipe(recipe, vec![server], parameters.clone(), set)],
        },
        confirm,
        at_once: AtOnce::ONE,
        retry_of: None,
        several: false,
    };
    command.run(runtime, context)
}
