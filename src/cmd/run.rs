//! `infrakt run` and `infrakt apply`: executes a recipe, or a plan that was saved.

use super::Context;
use super::consent::{ConfirmArgs, obtain_again};
use super::group_command::{GroupCommand, execute_one};
use super::parallel::PaceArgs;
use super::parameters::SetArgs;
use super::stages::Stages;
use super::targets::Targets;
use crate::error::{Error, Exit, Result};
use crate::ownership;
use crate::plan::Plan;
use crate::prompt::Terminal;
use crate::runtime::{Ready, gather_secrets};
use clap::Args;
use std::path::PathBuf;

/// Run a recipe on servers
///
/// Destructive steps are shown first and run only after you type the server's name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt run provision.rhai --server prod-2
  infrakt run provision -s prod-2 --set email=ops@example.org --confirm prod-2
  infrakt run ./mine.rhai --tag web
  infrakt run ./mine.rhai --all --parallel 50 --fail-fast
  infrakt run wipe --server a --server b --confirm a --confirm b
  infrakt run ./deploy.toml

Several servers are worked on at once. infrakt first plans all of them and asks
all its questions; only then does the first step run. A server that is
unreachable or refused is left out. A failure on one server does not stop the
others. A table at the end shows how each server ended; `infrakt runs retry`
runs the recipe again on those that are not done.

A play (a file that ends in .toml) has stages: each names a recipe and its servers.
A stage begins when the one before it is done on all of its servers.

Environment variables, for use without a terminal:
  INFRAKT_SSH_PASSPHRASE  passphrase of the private key
  INFRAKT_SSH_PASSWORD    password of the user on the server
  INFRAKT_SUDO_PASSWORD   password for sudo on the server
  INFRAKT_SECRET_<NAME>   value of a recipe's secret
  INFRAKT_SECRET_<NAME>_FILE  path of a file that has it")]
pub struct RunArgs {
    /// Path (./mine.rhai) or name (provision) of a recipe; or a play (deploy.toml), which names recipes and servers
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub targets: Targets,
    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub set: SetArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Execute a plan saved by `infrakt plan --out`
///
/// infrakt refuses it if it no longer fits its server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt plan wipe --server prod-2 --out wipe.plan
  infrakt apply wipe.plan

infrakt refuses the plan if the machine, its address or its host key has changed
since, if more data would be deleted than the plan shows, or if it deletes data
and is more than 24 hours old. It shows what would be deleted as of now.")]
pub struct ApplyArgs {
    /// File saved by `infrakt plan --out`
    #[arg(value_name = "PLAN-FILE")]
    plan: PathBuf,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn run(args: RunArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let stages = Stages::of_command(&runtime, &args.recipe, &args.targets, &args.set)?;
    let command = GroupCommand {
        several: stages.are_several(&args.targets, context.json),
        stages,
        confirm: &args.confirm,
        at_once: args.pace.at_once(),
        retry_of: None,
    };
    command.run(&runtime, context)
}

pub fn apply(args: ApplyArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    ownership::check(&args.plan).map_err(|unusable| match unusable.is_missing() {
        true => Error::usage_with(
            format!("there is no file {}", args.plan.display()),
            "make a plan: infrakt plan RECIPE --server NAME --out FILE",
        ),
        false => unusable.into_error(&args.plan),
    })?;
    let text = std::fs::read_to_string(&args.plan).map_err(Error::file("read", &args.plan))?;
    let plan = Plan::parse(&text, &format!("the plan {}", args.plan.display()))?;
    // What is refused in any case is refused before the server is asked.
    runtime.examine(&plan)?;
    let server = runtime.server(&plan.server.name)?;
    let live = runtime.reach(&server, &Terminal)?;
    runtime.recheck(&plan, &live)?;
    // The losses are shown as of now.
    let consented = obtain_again(plan, &args.confirm, &live.losses)?;
    let secrets = gather_secrets(&[consented.plan()], &Terminal)?;
    let ready = Ready {
        live,
        consented,
        secrets,
    };
    execute_one(&runtime, runtime.begin_saved(ready)?, context)
}
