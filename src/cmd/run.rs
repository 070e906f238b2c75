//! `infrakt run` and `infrakt apply`: plans, consents, executes, and says what happened.

use super::consent::{ConfirmArgs, obtain};
use super::parameters::SetArgs;
use super::targets::Targets;
use super::{Context, output};
use crate::consent::ConsentedPlan;
use crate::error::{Error, Exit, Result};
use crate::event::{Ended, RunState};
use crate::plan::Plan;
use crate::plan::shell::quote;
use crate::prompt::{self, Terminal};
use crate::reporter::Reporter;
use crate::runtime::{Begun, Parameters, Runtime, Secrets, gather_secrets};
use crate::store::Server;
use clap::Args;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Run a recipe on a server. What destroys is shown first, and only runs after the server's name was typed
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt run provision.rhai --server prod-2
  infrakt run provision --server prod-2 --set email=ops@example.org --confirm prod-2
  infrakt run ./mine.rhai --tag web

Environment, for where there is no terminal to ask on:
  INFRAKT_SSH_PASSPHRASE  the passphrase of the private key
  INFRAKT_SSH_PASSWORD    the password of the user on the server
  INFRAKT_SUDO_PASSWORD   what sudo on the server wants
  INFRAKT_SECRET_<NAME>   the value of a recipe's secret")]
pub struct RunArgs {
    /// A path (./mine.rhai) or the name of a recipe (provision)
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub targets: Targets,
    #[command(flatten)]
    pub set: SetArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Execute a plan that `infrakt plan` saved with --out, if it still fits its server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt plan wipe --server prod-2 --out wipe.plan
  infrakt apply wipe.plan

Nothing is done if the machine, its address or its host key is another one since,
or if there is more to lose than the plan shows.")]
pub struct ApplyArgs {
    /// The file of the plan
    #[arg(value_name = "PLAN-FILE")]
    plan: PathBuf,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn run(args: RunArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let servers = args.targets.resolve(&runtime.store)?;
    recipe_on(
        &runtime,
        &args.recipe,
        &servers,
        &args.set.parse()?,
        &args.confirm,
        context,
    )
}

/// Runs a recipe on servers, one after the other. All plans are made and consented to before the first one runs, so
/// that a person is asked everything at the beginning.
pub(super) fn recipe_on(
    runtime: &Runtime,
    recipe: &str,
    servers: &[Server],
    parameters: &Parameters,
    confirm: &ConfirmArgs,
    context: &Context,
) -> Result<Exit> {
    let found = super::find_recipe(&runtime.library, recipe)?;
    let mut ready = Vec::new();
    let mut exits = Vec::new();
    for server in servers {
        let live = match runtime.reach(server, &Terminal) {
            Ok(live) => live,
            Err(error) if servers.len() > 1 && error.exit() == Exit::Unreachable => {
                output::error(&error, context);
                exits.push(Exit::Unreachable);
                continue;
            }
            Err(error) => return Err(error),
        };
        let planned = runtime.plan(&found, &live, parameters.clone())?;
        let whole = command_that_shows(recipe, &server.name, parameters);
        ready.push((live, obtained(planned.plan, confirm, &planned.printed, Some(&whole))?));
    }
    // All are begun before the first one runs: a consent is for now, and another run may last.
    let mut begun = Vec::new();
    for (live, (consented, secrets)) in ready {
        match runtime.begin(consented, live, secrets) {
            Ok(one) => begun.push(one),
            Err(error) if servers.len() > 1 => {
                output::error(&error, context);
                exits.push(error.exit());
            }
            Err(error) => return Err(error),
        }
    }
    prompt::count_interrupts();
    for one in begun {
        exits.push(execute(runtime, one, context));
    }
    Ok(first_of(&exits))
}

/// The command that shows the same plan in full.
fn command_that_shows(recipe: &str, server: &str, parameters: &Parameters) -> String {
    let mut command = format!("infrakt plan {} --server {}", quote(recipe), quote(server));
    for (name, value) in parameters {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        command.push_str(&format!(" --set {}", quote(&format!("{name}={value}"))));
    }
    command
}

pub fn apply(args: ApplyArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let text = std::fs::read_to_string(&args.plan).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::usage_with(
            format!("there is no file {}", args.plan.display()),
            "make a plan: infrakt plan RECIPE --server NAME --out FILE",
        ),
        _ => Error::file("read", &args.plan)(error),
    })?;
    let plan = Plan::parse(&text, &format!("the plan {}", args.plan.display()))?;
    // What is refused in any case is refused before the server is asked.
    runtime.examine(&plan)?;
    let server = runtime.store.server(&plan.server.name)?;
    let live = runtime.reach(&server, &Terminal)?;
    runtime.recheck(&plan, &live)?;
    let (consented, secrets) = obtained(plan, &args.confirm, &[], None)?;
    let begun = runtime.begin(consented, live, secrets)?;
    prompt::count_interrupts();
    Ok(execute(&runtime, begun, context))
}

/// Everything that a person is asked for before a run begins.
fn obtained(
    plan: Plan,
    confirm: &ConfirmArgs,
    remarks: &[String],
    whole: Option<&str>,
) -> Result<(ConsentedPlan, Secrets)> {
    let consented = obtain(plan, confirm, remarks, whole)?;
    let secrets = gather_secrets(consented.plan(), &Terminal)?;
    Ok((consented, secrets))
}

fn execute(runtime: &Runtime, mut begun: Begun, context: &Context) -> Exit {
    let plan = begun.plan().clone();
    let mut reporter = Reporter::new(&plan, context.json, context.verbose > 0);
    reporter.begin(begun.run_id());
    let ended = runtime.execute(&mut begun, &prompt::interrupts, &mut |event| reporter.event(event));
    concluded(reporter, ended, context)
}

/// Shows how a run has ended.
pub(super) fn concluded(reporter: Reporter<'_>, ended: Result<Ended>, context: &Context) -> Exit {
    match ended {
        Ok(ended) => {
            if let Err(error) = reporter.end(&ended) {
                output::error(&error, context);
            }
            match ended.state {
                RunState::Done => Exit::Done,
                RunState::Failed => Exit::StepFailed,
                RunState::Interrupted | RunState::Running => Exit::Interrupted,
            }
        }
        Err(error) => {
            reporter.abandon();
            output::error(&error, context);
            error.exit()
        }
    }
}

/// Several servers, one exit code: the first that applies of interrupted, failed, unreachable, refused.
fn first_of(exits: &[Exit]) -> Exit {
    [
        Exit::Interrupted,
        Exit::StepFailed,
        Exit::Unreachable,
        Exit::Refused,
        Exit::Usage,
    ]
    .into_iter()
    .find(|exit| exits.contains(exit))
    .unwrap_or(Exit::Done)
}
