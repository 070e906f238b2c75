//! `infrakt run` and `infrakt apply`: plans, consents, executes, and says what happened.

use super::consent::{Beside, ConfirmArgs, obtain, obtain_again};
use super::job::Job;
use super::parallel::PaceArgs;
use super::parameters::SetArgs;
use super::targets::Targets;
use super::{Context, output};
use crate::error::{Error, Exit, Result};
use crate::event::{Ended, RunState};
use crate::ownership;
use crate::plan::Plan;
use crate::prompt::{self, Terminal};
use crate::reporter::Reporter;
use crate::runtime::{BegunRun, Joining, Ready, RecipeCall, Runtime, gather_secrets};
use crate::store::Server;
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

Several servers are worked on at once. infrakt first plans all of them and asks
all its questions; only then does the first step run. A server that is
unreachable or refused is left out. A failure on one server does not stop the
others. A table at the end shows how each server ended; `infrakt runs retry`
runs the recipe again on those that are not done.

Environment variables, for use without a terminal:
  INFRAKT_SSH_PASSPHRASE  passphrase of the private key
  INFRAKT_SSH_PASSWORD    password of the user on the server
  INFRAKT_SUDO_PASSWORD   password for sudo on the server
  INFRAKT_SECRET_<NAME>   value of a recipe's secret")]
pub struct RunArgs {
    /// Path (./mine.rhai) or name (provision) of a recipe
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
/// It is refused if it no longer fits its server.
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
    // A name that leads to no recipe is said before anybody chooses servers for it.
    runtime.library.find(&args.recipe)?;
    let servers = args.targets.resolve(&runtime)?;
    let job = Job {
        recipe: &args.recipe,
        servers: &servers,
        parameters: &args.set.parse()?,
        confirm: &args.confirm,
        at_once: args.pace.at_once(),
        retry_of: None,
        // A request for several servers gets the output for several, however many there are.
        several: servers.len() > 1 || (context.json && !args.targets.names_one()),
    };
    perform(&job, &runtime, context)
}

/// Plans, asks for everything that has to be asked, and executes.
pub(super) fn perform(job: &Job<'_>, runtime: &Runtime, context: &Context) -> Result<Exit> {
    let found = super::find_recipe(&runtime.library, job.recipe)?;
    let call = RecipeCall {
        recipe: &found,
        parameters: job.parameters,
        retry_of: job.retry_of,
        or_nothing: false,
    };
    match job.servers {
        [server] if !job.several => on_one(job, runtime, &call, server, context),
        _ => super::fleet::run(job, runtime, &call, context),
    }
}

fn on_one(job: &Job<'_>, runtime: &Runtime, call: &RecipeCall<'_>, server: &Server, context: &Context) -> Result<Exit> {
    let (live, planned) = runtime.reach_and_plan(call.recipe, server, job.parameters.clone(), &Terminal)?;
    let whole = job.command_that_shows(&server.name);
    let remarks = planned.remarks();
    let beside = Beside {
        remarks: &remarks,
        whole: Some(&whole),
        left_out: &[],
    };
    let consented = obtain(planned.plan, job.confirm, &beside)?;
    let secrets = gather_secrets(&[consented.plan()], &Terminal)?;
    let ready = Ready {
        live,
        consented,
        secrets,
    };
    let (_, waiting) = runtime.begin_group(call, vec![Joining::Ready(Box::new(ready))])?;
    prompt::count_interrupts();
    let mut exits = Vec::new();
    for one in waiting {
        exits.push(execute(runtime, one?.begin()?, context));
    }
    Ok(Exit::worst(&exits))
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
    let begun = runtime.begin(consented, live, secrets)?;
    prompt::count_interrupts();
    Ok(execute(&runtime, begun, context))
}

fn execute(runtime: &Runtime, mut begun: BegunRun, context: &Context) -> Exit {
    let plan = begun.plan().clone();
    let mut reporter = Reporter::new(&plan, context.json, context.verbose > 0);
    reporter.begin(begun.run_id());
    prompt::tell_of_interrupts(reporter.tell_of_interrupts());
    let ended = runtime.execute(&mut begun, &prompt::interrupts, &mut |event| reporter.event(event));
    concluded(reporter, ended, context)
}

/// Shows how a run has ended.
pub(super) fn concluded(reporter: Reporter<'_>, ended: Result<Ended>, context: &Context) -> Exit {
    prompt::tell_of_interrupts(None);
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
