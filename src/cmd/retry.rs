//! `infrakt runs retry`: runs the same recipe with the same parameters and a new plan, on the servers of an earlier
//! command that are not done.

use super::consent::ConfirmArgs;
use super::group_command::GroupCommand;
use super::parallel::PaceArgs;
use super::parameters::SetArgs;
use super::stages::{Stage, Stages};
use super::{Context, output};
use crate::document::several::GroupEvent;
use crate::error::{Error, Exit, Result, StoreError};
use crate::event::RunState;
use crate::runtime::Runtime;
use crate::store::{GroupId, RunGroup, Server};
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
Of a play, the stages keep their order.
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
    let mut servers: Vec<(Option<&str>, Server)> = Vec::new();
    for member in &group.servers {
        let name = &member.server;
        match (member.state, member.run) {
            (Some(RunState::Done), _) => {}
            (Some(RunState::Running), Some(run)) if member.stage.is_some() => {
                return Err(Error::usage_with(
                    format!("run {run} is still in progress on '{name}', and the stages after it wait for it"),
                    format!("when it has ended: infrakt runs retry {}", group.id),
                ));
            }
            (Some(RunState::Running), Some(run)) => {
                output::note(&format!("{name} is left out: run {run} is still in progress there"));
            }
            (Some(RunState::Running), None) | (Some(RunState::Failed | RunState::Interrupted) | None, _) => {
                match runtime.server(name) {
                    Ok(server) => servers.push((member.stage.as_deref(), server)),
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
        stages: stages_of(&group, servers),
        confirm: &args.confirm,
        at_once: args.pace.at_once(),
        retry_of: Some(group.id),
        several: group.servers.len() > 1 || !group.stages.is_empty(),
    };
    command.run(&runtime, context)
}

/// What the group did, for these of its servers, each with its stage.
fn stages_of(group: &RunGroup, servers: Vec<(Option<&str>, Server)>) -> Stages {
    if group.stages.is_empty() {
        let servers = servers.into_iter().map(|(_, server)| server).collect();
        return Stages {
            play: None,
            stages: vec![Stage::of_recipe(
                &group.recipe,
                servers,
                group.parameters.clone(),
                &SetArgs::default(),
            )],
        };
    }
    let of_stage = |name: &str| {
        let own = servers.iter().filter(|(stage, _)| *stage == Some(name));
        own.map(|(_, server)| server.clone()).collect()
    };
    let stages = group.stages.iter();
    Stages {
        play: Some(group.recipe.clone()),
        stages: stages.map(|stage| Stage::again(stage, of_stage(&stage.name))).collect(),
    }
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
