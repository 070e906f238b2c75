//! `infrakt runs retry`: runs the same recipe with the same parameters and a new plan, on the servers of an earlier
//! command that are not done.

use super::consent::ConfirmArgs;
use super::group_command::GroupCommand;
use super::parallel::PaceArgs;
use super::{Context, output};
use crate::document::several::GroupEvent;
use crate::error::{Error, Exit, Result, StoreError};
use crate::event::RunState;
use crate::runtime::Runtime;
use crate::store::GroupId;
use clap::Args;
use std::str::FromStr;

/// Run a recipe again, with a new plan, on the servers of a group that are not done
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt runs retry g3                    the servers of the group g3 that are not done
  infrakt runs retry 17                    the same group, by one of its runs
  infrakt runs retry g3 --confirm a        if the recipe destroys data on 'a'

The runs that one command starts are a group. A retry runs the recipe, as it is
now, with the same parameters, on the servers of the group that are not done:
their run failed, was interrupted or never started, or they were unreachable or
refused. infrakt plans, shows and asks for everything again, including secrets.
To continue one run where it stopped, with its plan: infrakt runs resume 17")]
pub struct RetryArgs {
    /// A group of runs (g3) or one of its runs (17), as `infrakt runs list` shows them
    #[arg(value_name = "ID")]
    id: Id,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Debug, Clone, Copy)]
enum Id {
    Run(i64),
    Group(GroupId),
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let run = text.parse().map(Self::Run);
        run.or_else(|_| text.parse().map(Self::Group))
            .map_err(|_| "give the number of a run (17) or of a group (g3)".to_owned())
    }
}

pub fn run(args: RetryArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let group = runtime.group(group_of(&runtime, args.id)?)?;
    let mut servers = Vec::new();
    for member in &group.servers {
        let name = &member.server;
        match (member.state, member.run) {
            (Some(RunState::Done), _) => {}
            (Some(RunState::Running), Some(run)) => {
                output::note(&format!("{name} is left out: run {run} is still in progress there"));
            }
            (Some(RunState::Running), None) | (Some(RunState::Failed | RunState::Interrupted) | None, _) => {
                match runtime.server(name) {
                    Ok(server) => servers.push(server),
                    Err(Error::Store(StoreError::Unknown { .. })) => {
                        output::note(&format!("{name} is left out: it is no longer in the inventory"));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
    if servers.is_empty() {
        if context.json {
            output::json_line(&GroupEvent::Summary {
                group: group.id,
                exit: Exit::Done as i32,
                servers: Vec::new(),
                next: Vec::new(),
            })?;
        } else {
            output::note(&format!("nothing to retry: all servers in {} are done", group.id));
        }
        return Ok(Exit::Done);
    }
    let command = GroupCommand {
        recipe: &group.recipe,
        servers: &servers,
        parameters: &group.parameters,
        confirm: &args.confirm,
        at_once: args.pace.at_once(),
        retry_of: Some(group.id),
        several: group.servers.len() > 1,
    };
    command.run(&runtime, context)
}

fn group_of(runtime: &Runtime, id: Id) -> Result<GroupId> {
    match id {
        Id::Group(group) => Ok(group),
        Id::Run(run) => runtime.group_of_run(run)?.ok_or_else(|| {
            Error::usage_with(
                format!("run {run} executed a saved plan, which can't be used twice"),
                "make a new plan: infrakt plan RECIPE --server NAME --out FILE",
            )
        }),
    }
}
