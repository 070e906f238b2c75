//! `infrakt runs resume`: goes on with a run that has ended early.

use super::consent::{ConfirmArgs, obtain};
use super::{Context, output, run};
use crate::consent::ConsentedPlan;
use crate::error::{Exit, Refusal, Result};
use crate::plan::printable::one_line;
use crate::prompt::{self, Terminal};
use crate::reporter::Reporter;
use crate::runtime::{Begun, Runtime, gather_secrets};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt runs list
  infrakt runs resume 12
  infrakt runs resume 12 --unknown again

The plan is the one that the run was begun with, and so is the consent, for a day
and as long as no other run was begun on the machine. Steps that went on while
nobody followed are not run again: what became of them is read from the server.
Where that can't be known, as after the server was restarted in the middle of a
step, you are asked, unless the step has a guard or is marked idempotent.")]
pub struct ResumeArgs {
    /// The run, as `infrakt runs list` numbers it
    id: i64,
    /// What to do about a step of which nobody knows whether it ran, in place of being asked
    #[arg(long, value_name = "WHAT")]
    unknown: Option<Unknown>,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// Run it again
    Again,
    /// Take it as done, and go on with the next one
    Done,
}

pub fn resume(args: &ResumeArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let resumable = runtime.resumable(args.id)?;
    let live = runtime.reach(&resumable.server, &Terminal)?;
    let consented = match resumable.consent {
        None => obtain(resumable.plan, &args.confirm, &[], None)?,
        given => ConsentedPlan::readmit(resumable.plan, given)?,
    };
    let secrets = gather_secrets(&[consented.plan()], &Terminal)?;
    let mut begun = runtime.resume(args.id, consented, live, secrets)?;
    prompt::count_interrupts();
    let plan = begun.plan().clone();
    let run_id = begun.run_id();
    let begin_report = || {
        let mut reporter = Reporter::new(&plan, context.json, context.verbose > 0);
        reporter.begin(run_id);
        reporter
    };
    let mut reporter = begin_report();
    let caught_up = runtime.catch_up(&mut begun, &prompt::interrupts, &mut |event| reporter.event(event));
    match caught_up {
        Ok(None) => {}
        Ok(Some(ended)) => return Ok(run::concluded(reporter, Ok(ended), context)),
        Err(error) => return Ok(run::concluded(reporter, Err(error), context)),
    }
    while let Some(step) = runtime.next_unknown(&begun)? {
        // A progress bar and a question can't share the last line.
        reporter.abandon();
        let decision = decide(&begun, step, args.unknown);
        reporter = begin_report();
        match decision {
            Ok(Unknown::Again) => break,
            Ok(Unknown::Done) => runtime.settle_as_done(&mut begun, step)?,
            Err(error) => {
                runtime.leave(&mut begun, error.to_string())?;
                return Ok(run::concluded(reporter, Err(error), context));
            }
        }
    }
    let ended = runtime.execute(&mut begun, &prompt::interrupts, &mut |event| reporter.event(event));
    Ok(run::concluded(reporter, ended, context))
}

/// Asks a person who has looked at the server.
fn decide(begun: &Begun, index: usize, given: Option<Unknown>) -> Result<Unknown> {
    if let Some(given) = given {
        return Ok(given);
    }
    let plan = begun.plan();
    let step = plan.steps.get(index);
    let title = one_line(step.map_or("", |step| step.title.as_str()));
    let name = &plan.server.name;
    output::note(&format!(
        "Step {} of run {}, '{title}', may have run on '{name}': its end was not seen.\nLook there: infrakt server ssh {name}",
        index + 1,
        begun.run_id(),
    ));
    let answer = prompt::line("Did it run? `done` goes on with the next step, `again` runs it again: ")?;
    match answer.as_deref().map(str::trim) {
        Some("done") => Ok(Unknown::Done),
        Some("again") => Ok(Unknown::Again),
        _ => Err(Refusal::UnknownStep {
            server: name.clone(),
            run: begun.run_id(),
            step: index + 1,
            title: title.into_owned(),
        }
        .into()),
    }
}
