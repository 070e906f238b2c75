//! A command on a group of servers: recipes with their parameters, and the servers to run them on, in stages; mostly there is
//! one. It has three parts:
//! reach and plan, ask, execute. No server of any stage enters a part before all have finished the previous one. The last
//! part has the stages one after the other.
//!
//! One server takes the same way as several. Only `report/` tells them apart.

use super::account::RunningAccount;
use super::consent::{ConfirmArgs, Proposal, obtain_each};
use super::parameters::{as_typed, shown_option};
use super::reach_each::reach_each;
use super::report::{One, Report, Row, Several, StageHead};
use super::stages::{Stage, Stages};
use super::{Context, find_recipe};
use crate::consent::check_destroyable;
use crate::document::several::ServerOutcome;
use crate::error::{Error, Exit, Result};
use crate::plan::shell::quote;
use crate::prompt::{self, Terminal};
use crate::recipe::Recipe;
use crate::runtime::{
    AtOnce, FailFast, GroupCall, Joining, LeftOut, Live, Parameters, Planned, Ready, Runtime, WaitingRun,
    gather_secrets, make_room_for, secrets_of_plan,
};
use crate::store::{GroupId, GroupStage, NewStage, Server};
use std::ops::Range;
use std::path::Path;

/// The runs that a command is asked for.
pub(super) struct GroupCommand<'a> {
    pub stages: Stages,
    pub confirm: &'a ConfirmArgs,
    pub at_once: AtOnce<'a>,
    /// The group of runs whose servers are tried again.
    pub retry_of: Option<GroupId>,
    /// Whether what is said is in the form for several servers.
    pub several: bool,
}

/// A server's place among those of all stages, and what was made for it.
type Placed<T> = (usize, T);

impl GroupCommand<'_> {
    /// Plans, asks for consents and secrets, and executes.
    pub fn run(&self, runtime: &Runtime, context: &Context) -> Result<Exit> {
        let recipes = self
            .stages()
            .iter()
            .map(|stage| find_recipe(&runtime.library, &stage.recipe));
        let recipes: Vec<Recipe> = recipes.collect::<Result<_>>()?;
        let parallel = self
            .stages()
            .iter()
            .map(|stage| stage.at_once(self.at_once).parallel.get());
        make_room_for(self.stages.servers().count(), parallel.max().unwrap_or(1))?;
        let report: Box<dyn Report> = match self.several {
            true => Box::new(Several::new(context)),
            false => Box::new(One::new(context)),
        };
        let rows = self.stages().iter().flat_map(|stage| {
            let row = |server: &Server| Row::new(&server.name, stage.name.as_deref());
            stage.servers.iter().map(row)
        });
        let mut account = RunningAccount {
            rows: rows.collect(),
            report: &*report,
        };
        let planned = self.plan(runtime, &recipes, &mut account)?;
        let hurried = self.staged().find_map(|(stage, places)| {
            let fail_fast = stage.at_once(self.at_once).fail_fast?;
            account.first_left_out(&places).map(|_| (fail_fast, places))
        });
        if let Some((fail_fast, places)) = hurried {
            return Err(self.nothing_was_run(fail_fast, &places, &account));
        }
        let planned = self.without_blocked(planned, &mut account);
        let ready = self.ask(planned, &mut account)?;
        let (group, begun) = self.begin(runtime, &recipes, ready, &mut account)?;
        report.begun(group, &self.name(&recipes), &account.rows)?;
        self.execute(runtime, &recipes, begun, &mut account)?;
        report.end(group, &account.rows)?;
        Ok(Row::worst(&account.rows))
    }

    fn stages(&self) -> &[Stage] {
        &self.stages.stages
    }

    /// The stages, each with the places of its servers.
    fn staged(&self) -> impl Iterator<Item = (&Stage, Range<usize>)> {
        let mut next = 0;
        self.stages().iter().map(move |stage| {
            let first = next;
            next += stage.servers.len();
            (stage, first..next)
        })
    }

    /// What people know it by.
    fn name(&self, recipes: &[Recipe]) -> String {
        let file = |play: &String| {
            Path::new(play)
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        let recipe = || recipes.first().map(|recipe| recipe.name.clone());
        let play = self.stages.play.as_ref();
        play.and_then(file).or_else(recipe).unwrap_or_default()
    }

    /// Reaches and plans all servers, those of a stage at the same time. Reports servers where
    /// that fails, and leaves them out.
    fn plan(
        &self,
        runtime: &Runtime,
        recipes: &[Recipe],
        account: &mut RunningAccount<'_>,
    ) -> Result<Vec<Placed<(Live, Planned)>>> {
        let mut made = Vec::new();
        let staged = self.staged().zip(recipes);
        for ((stage, places), recipe) in staged.filter(|((stage, _), _)| !stage.servers.is_empty()) {
            let results = reach_each(
                runtime,
                &stage.servers,
                stage.at_once(self.at_once).parallel,
                &|runtime, server, person| {
                    let (live, planned) = runtime.reach_and_plan(recipe, server, stage.parameters.clone(), person)?;
                    if planned.plan.destroys() {
                        // A plan that is refused even with consent is refused before anyone is asked.
                        check_destroyable(&planned.plan)?;
                    }
                    Ok((live, planned))
                },
            )?;
            for (place, result) in places.zip(results) {
                match result {
                    Ok(planned) => made.push((place, planned)),
                    Err(error) => account.leave_out(place, error)?,
                }
            }
        }
        Ok(made)
    }

    /// Leaves out the stages after the first one with a server that is left out. They can't begin, so infrakt must not ask for
    /// their consents and secrets.
    fn without_blocked<T>(&self, made: Vec<Placed<T>>, account: &mut RunningAccount<'_>) -> Vec<Placed<T>> {
        let blocking = self
            .staged()
            .find_map(|(_, places)| Some((places.end, not_started(account.first_left_out(&places)?))));
        let Some((end, reason)) = blocking else {
            return made;
        };
        account.skip_from(end, &reason);
        made.into_iter().filter(|(place, _)| *place < end).collect()
    }

    /// Asks for the names of all servers that lose data, and once for each secret.
    fn ask(
        &self,
        planned: Vec<Placed<(Live, Planned)>>,
        account: &mut RunningAccount<'_>,
    ) -> Result<Vec<Placed<Ready>>> {
        let mut lives = Vec::new();
        let mut proposals = Vec::new();
        for (place, (live, planned)) in planned {
            let server = &planned.plan.server.name;
            let remarks = planned.remarks();
            let stage = self.staged().find(|(_, places)| places.contains(&place));
            proposals.push(Proposal {
                remarks: remarks.iter().map(|line| account.report.remark(server, line)).collect(),
                whole: stage.and_then(|(stage, _)| command_that_shows(stage, server)),
                plan: planned.plan,
            });
            lives.push((place, live));
        }
        let mut given = Vec::new();
        let answers = obtain_each(proposals, self.confirm, &account.left_out())?;
        for ((place, live), consented) in lives.into_iter().zip(answers) {
            match consented {
                Ok(consented) => given.push((place, (live, consented))),
                Err(error) => account.leave_out(place, error)?,
            }
        }
        let given = self.without_blocked(given, account);
        let plans: Vec<_> = given.iter().map(|(_, (_, consented))| consented.plan()).collect();
        let all = gather_secrets(&plans, &Terminal)?;
        let ready = given.into_iter().map(|(place, (live, consented))| {
            let secrets = secrets_of_plan(&all, consented.plan());
            let ready = Ready {
                live,
                consented,
                secrets,
            };
            (place, ready)
        });
        Ok(ready.collect())
    }

    /// Records the group with all its servers, and begins their runs. A server that another run was faster on is left out.
    fn begin(
        &self,
        runtime: &Runtime,
        recipes: &[Recipe],
        ready: Vec<Placed<Ready>>,
        account: &mut RunningAccount<'_>,
    ) -> Result<(GroupId, Vec<Placed<WaitingRun>>)> {
        let mut ready = ready.into_iter().peekable();
        let mut joining = Vec::new();
        let mut places = Vec::new();
        for (place, (row, server)) in account.rows.iter().zip(self.stages.servers()).enumerate() {
            match ready.next_if(|(of, _)| *of == place) {
                Some((_, ready)) => {
                    places.push(place);
                    joining.push(Joining::Ready(Box::new(ready)));
                }
                None => joining.push(as_left_out(row, server)),
            }
        }
        let references: Vec<String> = recipes.iter().map(Recipe::reference).collect();
        let (recipe, parameters) = match (&self.stages.play, references.first(), self.stages().first()) {
            (None, Some(recipe), Some(stage)) => (recipe.as_str(), stage.parameters.clone()),
            (play, ..) => (play.as_deref().unwrap_or_default(), Parameters::new()),
        };
        let call = GroupCall {
            recipe,
            parameters: &parameters,
            stages: &recorded(self.stages(), &references),
            retry_of: self.retry_of,
            or_nothing: false,
        };
        let (group, begun) = runtime.begin_group(&call, joining)?;
        let mut admitted = Vec::new();
        for (place, begun) in places.into_iter().zip(begun) {
            match begun {
                Ok(waiting) => {
                    account.has_run(place, &waiting);
                    admitted.push((place, waiting));
                }
                Err(error) => account.leave_out(place, error)?,
            }
        }
        Ok((group, admitted))
    }

    /// Executes the stages in their order. One that follows a stage which is not done on all of its servers does not begin.
    fn execute(
        &self,
        runtime: &Runtime,
        recipes: &[Recipe],
        begun: Vec<Placed<WaitingRun>>,
        account: &mut RunningAccount<'_>,
    ) -> Result<()> {
        prompt::count_interrupts();
        let mut begun = begun.into_iter().peekable();
        for (number, ((stage, places), recipe)) in self.staged().zip(recipes).enumerate() {
            let own = std::iter::from_fn(|| begun.next_if(|(place, _)| places.contains(place)));
            let own: Vec<Placed<WaitingRun>> = own.collect();
            if own.is_empty() {
                continue;
            }
            if let Some(row) = account.first_not_done(places.start) {
                let reason = not_started(row);
                account.skip_all(runtime, own, &reason)?;
                continue;
            }
            if let Some(name) = &stage.name {
                account.report.stage(&StageHead {
                    name,
                    number: number + 1,
                    of: recipes.len(),
                    recipe: &recipe.name,
                    servers: own.iter().map(|(_, run)| run.plan().server.name.as_str()).collect(),
                })?;
            }
            account.execute(runtime, stage.at_once(self.at_once), &places, own)?;
        }
        Ok(())
    }

    /// `places` are those of the stage whose server can't be used.
    fn nothing_was_run(&self, fail_fast: FailFast<'_>, places: &Range<usize>, account: &RunningAccount<'_>) -> Error {
        let (rows, hint) = match (fail_fast, &self.stages.play) {
            (FailFast::Stage(stage), Some(play)) => (
                account.at(places),
                format!(
                    "to run on the others, remove fail_fast from the stage '{stage}', then: infrakt run {}",
                    quote(play)
                ),
            ),
            _ => (
                account.rows.as_slice(),
                "to run on the others, repeat the command without --fail-fast".to_owned(),
            ),
        };
        let left_out = rows.iter().filter(|row| row.is_left_out());
        let left_out: Vec<&str> = left_out.map(|row| row.server.as_str()).collect();
        Error::Run {
            message: format!(
                "nothing was run on any server, because '{}' can't be used ({fail_fast})",
                left_out.join("', '")
            ),
            exit: Row::worst(&account.rows),
            hint: Some(hint),
        }
    }
}

/// Why no stage after that of `row` begins.
fn not_started(row: &Row) -> String {
    let stage = row.stage.as_deref().unwrap_or_default();
    format!("not started: the stage '{stage}' is not done on '{}'", row.server)
}

/// The command that shows the same plan in full; `None` if a parameter can't be shown in it.
fn command_that_shows(stage: &Stage, server: &str) -> Option<String> {
    let mut command = format!("infrakt plan {} --server {}", quote(&stage.recipe), quote(server));
    let typed = |name: &str| {
        let mut pairs = stage.set.iter().filter_map(|pair| pair.split_once('='));
        pairs.any(|(key, _)| key == name)
    };
    let others = stage.parameters.iter().filter(|(name, _)| !typed(name));
    let others = others.map(|(name, value)| format!("{name}={}", as_typed(value)));
    for pair in stage.set.iter().cloned().chain(others) {
        command.push_str(&shown_option(&pair)?);
    }
    Some(command + " --full")
}

/// The stages of a play as the journal keeps them; none without a play.
fn recorded(stages: &[Stage], references: &[String]) -> Vec<NewStage> {
    let recorded = stages.iter().zip(references).filter_map(|(stage, recipe)| {
        Some(NewStage {
            stage: GroupStage {
                name: stage.name.clone()?,
                recipe: recipe.clone(),
                parameters: stage.parameters.clone(),
                parallel: stage.parallel,
                fail_fast: stage.fail_fast,
            },
            servers: stage.servers.len(),
        })
    });
    recorded.collect()
}

/// Executes one run that was begun, and reports it. Gives its exit code.
pub(super) fn execute_one(runtime: &Runtime, waiting: WaitingRun, context: &Context) -> Result<Exit> {
    let report = One::new(context);
    let mut account = RunningAccount {
        rows: vec![Row::new(&waiting.plan().server.name, None)],
        report: &report,
    };
    account.has_run(0, &waiting);
    prompt::count_interrupts();
    account.execute(runtime, AtOnce::ONE, &(0..1), vec![(0, waiting)])?;
    report.show_values(&account.rows)?;
    Ok(Row::worst(&account.rows))
}

fn as_left_out(row: &Row, server: &Server) -> Joining {
    Joining::LeftOut {
        server_id: server.id,
        server: server.name.clone(),
        why: match row.outcome {
            ServerOutcome::Unreachable => LeftOut::Unreachable,
            ServerOutcome::Done
            | ServerOutcome::Failed
            | ServerOutcome::Interrupted
            | ServerOutcome::Skipped
            | ServerOutcome::Refused => LeftOut::Refused,
        },
        reason: row.reason.clone().unwrap_or_default(),
    }
}
