//! A command on a group of servers: a recipe with its parameters, and the servers to run it on. It has three parts: reach and plan, ask,
//! execute. No server enters a part before all have finished the previous one.
//!
//! One server takes the same way as several. Only `report/` tells them apart.

use super::consent::{ConfirmArgs, Proposal, obtain_each};
use super::reach_each::reach_each;
use super::report::{One, Report, Row, Several};
use super::{Context, find_recipe};
use crate::consent::check_destroyable;
use crate::document::several::ServerOutcome;
use crate::error::{Error, Exit, Result};
use crate::plan::shell::quote;
use crate::prompt::{self, Terminal};
use crate::runtime::{
    AtOnce, Fate, Joining, LeftOut, Live, Parameters, Planned, Ready, RecipeCall, Runtime, WaitingRun, gather_secrets,
    make_room_for, secrets_of_plan,
};
use crate::store::{GroupId, Server};

/// The runs that a command is asked for.
pub(super) struct GroupCommand<'a> {
    /// A name or a path.
    pub recipe: &'a str,
    pub servers: &'a [Server],
    pub parameters: &'a Parameters,
    pub confirm: &'a ConfirmArgs,
    pub at_once: AtOnce,
    /// The group of runs whose servers are tried again.
    pub retry_of: Option<GroupId>,
    /// Whether what is said is in the form for several servers.
    pub several: bool,
}

impl GroupCommand<'_> {
    /// Plans, asks for consents and secrets, and executes.
    pub fn run(&self, runtime: &Runtime, context: &Context) -> Result<Exit> {
        let recipe = find_recipe(&runtime.library, self.recipe)?;
        let call = RecipeCall {
            recipe: &recipe,
            parameters: self.parameters,
            retry_of: self.retry_of,
            or_nothing: false,
        };
        make_room_for(self.servers.len(), self.at_once.parallel.get())?;
        let report: Box<dyn Report> = match self.several {
            true => Box::new(Several::new(context)),
            false => Box::new(One::new(context)),
        };
        let mut account = RunningAccount {
            rows: self.servers.iter().map(|server| Row::new(&server.name)).collect(),
            report: &*report,
        };
        let planned = self.plan(runtime, &call, &mut account)?;
        if self.at_once.fail_fast && account.first_left_out().is_some() {
            return Err(nothing_was_run(&account.rows));
        }
        let ready = self.ask(planned, &mut account)?;
        let (group, begun) = self.begin(runtime, &call, ready, &mut account)?;
        report.begun(group, &recipe.name, &account.rows)?;
        account.execute(runtime, self.at_once, begun)?;
        report.end(group, &account.rows)?;
        Ok(Row::worst(&account.rows))
    }

    /// Reaches and plans all servers at the same time. Reports servers where that fails, and leaves them out.
    fn plan(
        &self,
        runtime: &Runtime,
        call: &RecipeCall<'_>,
        account: &mut RunningAccount<'_>,
    ) -> Result<Vec<(usize, Live, Planned)>> {
        let results = reach_each(
            runtime,
            self.servers,
            self.at_once.parallel,
            &|runtime, server, person| {
                let (live, planned) = runtime.reach_and_plan(call.recipe, server, call.parameters.clone(), person)?;
                if planned.plan.destroys() {
                    // A plan that is refused even with consent is refused before anyone is asked.
                    check_destroyable(&planned.plan)?;
                }
                Ok((live, planned))
            },
        )?;
        let mut made = Vec::new();
        for (place, result) in results.into_iter().enumerate() {
            match result {
                Ok((live, planned)) => made.push((place, live, planned)),
                Err(error) => account.leave_out(place, error)?,
            }
        }
        Ok(made)
    }

    /// Asks for the names of all servers that lose data, and once for each secret.
    fn ask(
        &self,
        planned: Vec<(usize, Live, Planned)>,
        account: &mut RunningAccount<'_>,
    ) -> Result<Vec<(usize, Ready)>> {
        let mut lives = Vec::new();
        let mut proposals = Vec::new();
        for (place, live, planned) in planned {
            let server = &planned.plan.server.name;
            let remarks = planned.remarks();
            proposals.push(Proposal {
                remarks: remarks.iter().map(|line| account.report.remark(server, line)).collect(),
                whole: self.command_that_shows(server),
                plan: planned.plan,
            });
            lives.push((place, live));
        }
        let mut given = Vec::new();
        let answers = obtain_each(proposals, self.confirm, &account.left_out())?;
        for ((place, live), consented) in lives.into_iter().zip(answers) {
            match consented {
                Ok(consented) => given.push((place, live, consented)),
                Err(error) => account.leave_out(place, error)?,
            }
        }
        let plans: Vec<_> = given.iter().map(|(_, _, consented)| consented.plan()).collect();
        let all = gather_secrets(&plans, &Terminal)?;
        let ready = given.into_iter().map(|(place, live, consented)| {
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
        call: &RecipeCall<'_>,
        ready: Vec<(usize, Ready)>,
        account: &mut RunningAccount<'_>,
    ) -> Result<(GroupId, Vec<(usize, WaitingRun)>)> {
        let mut ready = ready.into_iter().peekable();
        let mut joining = Vec::new();
        let mut places = Vec::new();
        for (place, (row, server)) in account.rows.iter().zip(self.servers).enumerate() {
            match ready.next_if(|(of, _)| *of == place) {
                Some((_, ready)) => {
                    places.push(place);
                    joining.push(Joining::Ready(Box::new(ready)));
                }
                None => joining.push(as_left_out(row, server)),
            }
        }
        let (group, begun) = runtime.begin_group(call, joining)?;
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

    /// The command that shows the same plan in full.
    fn command_that_shows(&self, server: &str) -> String {
        let mut command = format!("infrakt plan {} --server {}", quote(self.recipe), quote(server));
        for (name, value) in self.parameters {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            command.push_str(&format!(" --set {}", quote(&format!("{name}={value}"))));
        }
        command + " --full"
    }
}

/// Executes one run that was begun, and reports it. Gives its exit code.
pub(super) fn execute_one(runtime: &Runtime, waiting: WaitingRun, context: &Context) -> Result<Exit> {
    let report = One::new(context);
    let mut account = RunningAccount {
        rows: vec![Row::new(&waiting.plan().server.name)],
        report: &report,
    };
    account.has_run(0, &waiting);
    account.execute(runtime, AtOnce::ONE, vec![(0, waiting)])?;
    report.show_values(&account.rows)?;
    Ok(Row::worst(&account.rows))
}

/// The state of each server so far, and who reports it.
struct RunningAccount<'a> {
    rows: Vec<Row>,
    report: &'a dyn Report,
}

impl RunningAccount<'_> {
    /// Leaves a server without a run, and reports it at once.
    fn leave_out(&mut self, place: usize, error: Error) -> Result<()> {
        let Some(row) = self.rows.get_mut(place) else {
            return Ok(());
        };
        row.fail(&error);
        self.report.left_out(row, error)
    }

    fn has_run(&mut self, place: usize, waiting: &WaitingRun) {
        if let Some(row) = self.rows.get_mut(place) {
            row.run = Some(waiting.run_id());
        }
    }

    fn first_left_out(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.is_left_out())
    }

    /// The servers that are left out, each with the reason.
    fn left_out(&self) -> Vec<(String, String)> {
        let left_out = self.rows.iter().filter(|row| row.is_left_out());
        left_out
            .map(|row| (row.server.clone(), row.reason.clone().unwrap_or_default()))
            .collect()
    }

    /// Executes the runs, each for the server at its place.
    fn execute(&mut self, runtime: &Runtime, at_once: AtOnce, begun: Vec<(usize, WaitingRun)>) -> Result<()> {
        prompt::count_interrupts();
        let (places, waiting): (Vec<usize>, Vec<WaitingRun>) = begun.into_iter().unzip();
        if at_once.fail_fast
            && let Some(refused) = self.first_left_out()
        {
            // Another run began first, or a consent was too old. This is the last check that can refuse a server.
            let reason = format!("not started, because '{}' failed (--fail-fast)", refused.server);
            runtime.skip(waiting, &reason)?;
            for place in places {
                self.skip(place, &reason, Exit::Done);
            }
            return Ok(());
        }
        let servers: Vec<&str> = waiting.iter().map(|run| run.plan().server.name.as_str()).collect();
        let progress = self.report.progress(&servers, self.rows.len() - servers.len());
        let fates = runtime.execute_all(
            waiting,
            at_once,
            &prompt::interrupts,
            &|number, told| progress.told(number, told),
            &mut || progress.beat(),
        );
        let mut counted = progress.close();
        for (number, (place, fate)) in places.into_iter().zip(fates?).enumerate() {
            match fate {
                Fate::Skipped { reason, by_user } => {
                    let exit = if by_user { Exit::Interrupted } else { Exit::Done };
                    self.skip(place, &reason, exit);
                }
                Fate::Ended(ended) => {
                    let Some(row) = self.rows.get_mut(place) else { continue };
                    row.account = counted.remove(&number);
                    row.end(&ended);
                    if let Some(run) = row.run {
                        row.report = runtime.report_of(run)?;
                    }
                    if let Err(error) = &ended {
                        self.report.broke(row, error);
                    }
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, place: usize, reason: &str, exit: Exit) {
        if let Some(row) = self.rows.get_mut(place) {
            row.skip(reason, exit);
            self.report.skipped(row, reason);
        }
    }
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

fn nothing_was_run(rows: &[Row]) -> Error {
    let left_out: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_left_out())
        .map(|row| row.server.as_str())
        .collect();
    Error::Run {
        message: format!(
            "nothing was run on any server, because '{}' can't be used (--fail-fast)",
            left_out.join("', '")
        ),
        exit: Row::worst(rows),
        hint: Some("to run on the others, repeat the command without --fail-fast".to_owned()),
    }
}
