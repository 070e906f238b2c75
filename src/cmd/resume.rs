//! `infrakt runs resume`: resumes a run that ended early.

use super::consent::{ConfirmArgs, obtain_again};
use super::report::{Lines, exit_of, values};
use super::{Context, output};
use crate::consent::ConsentedPlan;
use crate::error::{Exit, Result};
use crate::event::RunEvent;
use crate::plan::Plan;
use crate::plan::printable::one_line;
use crate::prompt::{self, Terminal};
use crate::runtime::{BegunRun, Companion, Unknown, gather_secrets};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt runs list
  infrakt runs resume 12
  infrakt runs resume 12 --unknown again

A resumed run keeps its plan. Its consent stays valid for 24 hours, and only if no
other run was started on the machine. Steps that kept running after the connection
was lost are not repeated: infrakt reads their outcome from the server. If the
outcome can't be known, as after a restart of the server in the middle of a step,
infrakt asks you, unless the step has a guard or is marked idempotent.")]
pub struct ResumeArgs {
    /// ID of the run (see `infrakt runs list`)
    id: i64,
    /// What to do about a step that may or may not have run, instead of asking
    #[arg(long, value_name = "WHAT")]
    unknown: Option<UnknownArg>,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnknownArg {
    /// Run it again
    Again,
    /// Treat it as done and continue with the next step
    Done,
}

pub fn resume(args: &ResumeArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let resumable = runtime.resumable(args.id)?;
    let live = runtime.reach(&resumable.server, &Terminal)?;
    let consented = match resumable.consent {
        None => obtain_again(resumable.plan, &args.confirm, &live.losses)?,
        given => ConsentedPlan::readmit(resumable.plan, given)?,
    };
    let secrets = gather_secrets(&[consented.plan()], &Terminal)?;
    let mut begun = runtime.resume(args.id, consented, live, secrets)?;
    prompt::count_interrupts();
    let plan = begun.plan().clone();
    let mut companion = Person {
        plan: &plan,
        run_id: begun.run_id(),
        given: args.unknown,
        lines: Lines::new(context),
    };
    let ended = runtime.continue_run(&mut begun, &prompt::interrupts, &mut companion);
    companion.lines().end(&ended);
    values::show(&runtime.report_of(args.id)?, args.id, &plan.server.name, context)?;
    Ok(match &ended {
        Ok(ended) => exit_of(ended.state),
        Err(error) => {
            output::error(error, context);
            error.exit()
        }
    })
}

/// A person who reads what happens, and can be asked.
struct Person<'a> {
    plan: &'a Plan,
    run_id: i64,
    given: Option<UnknownArg>,
    lines: Lines,
}

impl Person<'_> {
    /// The lines of the run, which begin with the first thing to show.
    fn lines(&self) -> &Lines {
        self.lines.begin(self.run_id, self.plan);
        &self.lines
    }
}

impl Companion for Person<'_> {
    fn event(&mut self, event: &RunEvent) {
        self.lines().event(event);
    }

    fn decide(&mut self, begun: &BegunRun, step: usize) -> Result<Unknown> {
        // A progress bar and a question can't share the last line.
        self.lines.pause();
        match self.given {
            Some(UnknownArg::Again) => Ok(Unknown::Again),
            Some(UnknownArg::Done) => Ok(Unknown::Done),
            None => ask(begun, step),
        }
    }
}

/// Asks a person who has looked at the server.
fn ask(begun: &BegunRun, index: usize) -> Result<Unknown> {
    let plan = begun.plan();
    let step = plan.steps.get(index);
    let title = one_line(step.map_or("", |step| step.title.as_str()));
    let name = &plan.server.name;
    output::note(&format!(
        "Step {} of run {}, '{title}', may have run on '{name}': infrakt did not see it end.\n\
         Check on the server: infrakt server ssh {name}",
        index + 1,
        begun.run_id(),
    ));
    let answer = prompt::line("Did it run? `done` continues with the next step, `again` runs it again: ")?;
    match answer.as_deref().map(str::trim) {
        Some("done") => Ok(Unknown::Done),
        Some("again") => Ok(Unknown::Again),
        _ => Err(begun.unknown_step(index).into()),
    }
}
