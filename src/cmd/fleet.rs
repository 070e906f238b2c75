//! A recipe on several servers: reach and plan all of them, ask for everything, execute at the same time, sum up.

use super::consent::{Proposal, obtain_each};
use super::job::Job;
use super::summary::{Row, ServerOutcome, Summary};
use super::{Context, output};
use crate::consent::check_destroyable;
use crate::document::error::ErrorShown;
use crate::error::{Error, Exit, Result};
use crate::event::RunState;
use crate::plan::printable::one_line;
use crate::plan::secret::Secret;
use crate::prompt::{self, Remembering, Terminal};
use crate::reporter::{Fleet, Reaching};
use crate::runtime::{
    AskSecret, Fate, Joining, LeftOut, Live, Planned, Ready, RecipeCall, Runtime, Told, WaitingRun, gather_secrets,
    secrets_of_plan,
};
use crate::store::{GroupId, Server};
use serde_json::json;
use std::num::NonZeroUsize;

pub(super) fn run(job: &Job<'_>, runtime: &Runtime, call: &RecipeCall<'_>, context: &Context) -> Result<Exit> {
    runtime.make_room(job.servers.len(), job.at_once)?;
    let mut rows: Vec<Row> = job.servers.iter().map(|server| Row::new(&server.name)).collect();
    let ready = planned(job, runtime, call, &mut rows, context)?;
    if job.at_once.fail_fast && rows.iter().any(Row::is_left_out) {
        return Err(nothing_was_run(&rows));
    }
    let mut consented = consented(job, ready, &mut rows, context)?.into_iter().peekable();
    let mut joining = Vec::new();
    let mut places = Vec::new();
    for (place, (row, server)) in rows.iter().zip(job.servers).enumerate() {
        match consented.next_if(|(consented, _)| *consented == place) {
            Some((_, ready)) => {
                places.push(place);
                joining.push(Joining::Ready(Box::new(ready)));
            }
            None => joining.push(row.as_left_out(server)),
        }
    }
    let (group, begun) = runtime.begin_group(call, joining)?;
    let mut admitted = Vec::new();
    for (place, begun) in places.into_iter().zip(begun) {
        match begun {
            Ok(begun) => admitted.push((place, begun)),
            Err(error) => leave_out(rows.get_mut(place), &error, context),
        }
    }
    begin(group, call, &admitted, &mut rows, context)?;
    prompt::count_interrupts();
    execute(job, runtime, admitted, &mut rows, context)?;
    let summary = Summary { group, rows: &rows };
    summary.show(context)
}

/// Reaches and plans all servers at the same time. Those where it does not work are left out, and said.
fn planned(
    job: &Job<'_>,
    runtime: &Runtime,
    call: &RecipeCall<'_>,
    rows: &mut [Row],
    context: &Context,
) -> Result<Vec<(usize, Live, Planned)>> {
    let results = reach_each(
        "planning",
        runtime,
        job.servers,
        job.at_once.parallel,
        &|runtime, server, person| {
            let (live, planned) = runtime.reach_and_plan(call.recipe, server, call.parameters.clone(), person)?;
            if planned.plan.destroys() {
                // A plan that is refused even with consent is refused before anyone is asked.
                check_destroyable(&planned.plan)?;
            }
            Ok((live, planned))
        },
    )?;
    let mut ready = Vec::new();
    for (place, result) in results.into_iter().enumerate() {
        match result {
            Ok((live, planned)) => ready.push((place, live, planned)),
            Err(error) => leave_out(rows.get_mut(place), &error, context),
        }
    }
    Ok(ready)
}

/// Works on several servers at the same time, with a line that tells how far it is, and a person who is asked nothing
/// twice.
pub(super) fn reach_each<R: Send>(
    doing: &'static str,
    runtime: &Runtime,
    servers: &[Server],
    parallel: NonZeroUsize,
    work: &(dyn Fn(&Runtime, &Server, &dyn AskSecret) -> Result<R> + Sync),
) -> Result<Vec<Result<R>>> {
    let progress = Reaching::new(doing, servers.len());
    let aside = Aside { progress: &progress };
    let person = Remembering::new(&aside);
    runtime.on_each(
        servers,
        parallel,
        &|runtime, server| work(runtime, server, &person.one()),
        &mut |done| progress.done(done),
    )
}

/// A person who is asked while the line of progress is out of the way.
struct Aside<'a> {
    progress: &'a Reaching,
}

impl AskSecret for Aside<'_> {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        self.progress.aside(|| Terminal.ask(prompt))
    }

    fn tell(&self, remark: &str) {
        self.progress.aside(|| Terminal.tell(remark));
    }
}

/// Asks for the names of all servers that lose data, and once for each secret.
fn consented(
    job: &Job<'_>,
    ready: Vec<(usize, Live, Planned)>,
    rows: &mut [Row],
    context: &Context,
) -> Result<Vec<(usize, Ready)>> {
    let mut lives = Vec::new();
    let mut proposals = Vec::new();
    for (place, live, planned) in ready {
        let server = &planned.plan.server.name;
        proposals.push(Proposal {
            remarks: planned
                .remarks()
                .iter()
                .map(|line| format!("{server}: {line}"))
                .collect(),
            whole: Some(job.command_that_shows(server)),
            plan: planned.plan,
        });
        lives.push((place, live));
    }
    let left_out: Vec<(String, String)> = rows
        .iter()
        .filter(|row| row.is_left_out())
        .map(|row| (row.server.clone(), row.reason.clone().unwrap_or_default()))
        .collect();
    let mut given = Vec::new();
    for ((place, live), plan) in lives.into_iter().zip(obtain_each(proposals, job.confirm, &left_out)?) {
        match plan {
            Ok(plan) => given.push((place, live, plan)),
            Err(error) => leave_out(rows.get_mut(place), &error, context),
        }
    }
    let plans: Vec<_> = given.iter().map(|(_, _, plan)| plan.plan()).collect();
    let all = gather_secrets(&plans, &Terminal)?;
    Ok(given
        .into_iter()
        .map(|(place, live, consented)| {
            let secrets = secrets_of_plan(&all, consented.plan());
            let ready = Ready {
                live,
                consented,
                secrets,
            };
            (place, ready)
        })
        .collect())
}

/// A server goes without a run: it is said at once, and stands in the table.
fn leave_out(row: Option<&mut Row>, error: &Error, context: &Context) {
    let Some(row) = row else { return };
    row.fail(error);
    if context.json {
        // A reader that has gone away must not end what is under way.
        let _ = output::json_line(&json!({
            "event": "server_left_out", "server": row.server, "run": null, "outcome": row.outcome.as_str(),
            "error": ErrorShown::of(error),
        }));
        return;
    }
    if !error.names_server() {
        output::note(&format!("{}:", row.server));
    }
    output::error(error, context);
}

fn nothing_was_run(rows: &[Row]) -> Error {
    let left_out: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_left_out())
        .map(|row| row.server.as_str())
        .collect();
    let exits: Vec<Exit> = rows.iter().map(|row| row.exit).collect();
    Error::Run {
        message: format!(
            "nothing was run on any server, because '{}' can't be used (--fail-fast)",
            left_out.join("', '")
        ),
        exit: Exit::worst(&exits),
        hint: Some("to run on the others, repeat the command without --fail-fast".to_owned()),
    }
}

/// The group is known from here on.
fn begin(
    group: GroupId,
    call: &RecipeCall<'_>,
    admitted: &[(usize, WaitingRun)],
    rows: &mut [Row],
    context: &Context,
) -> Result<()> {
    for (place, begun) in admitted {
        if let Some(row) = rows.get_mut(*place) {
            row.run = Some(begun.run_id());
        }
    }
    if context.json {
        let runs: Vec<_> = rows
            .iter()
            .map(|row| json!({ "server": row.server, "run": row.run }))
            .collect();
        output::json_line(&json!({
            "event": "group_started", "group": group, "recipe": call.recipe.name, "servers": runs,
        }))?;
    }
    Ok(())
}

fn execute(
    job: &Job<'_>,
    runtime: &Runtime,
    admitted: Vec<(usize, WaitingRun)>,
    rows: &mut [Row],
    context: &Context,
) -> Result<()> {
    let (places, begun): (Vec<usize>, Vec<WaitingRun>) = admitted.into_iter().unzip();
    let runs: Vec<i64> = begun.iter().map(WaitingRun::run_id).collect();
    let refused = rows.iter().find(|row| row.is_left_out());
    if job.at_once.fail_fast
        && let Some(refused) = refused
    {
        // Another run came first, or a consent was too old: the last that can speak against one of them.
        let reason = format!("not started, because '{}' failed (--fail-fast)", refused.server);
        runtime.skip(begun, &reason)?;
        for place in places {
            skip(rows.get_mut(place), &reason, Exit::Done, context);
        }
        return Ok(());
    }
    let names: Vec<&str> = job.servers.iter().map(|server| server.name.as_str()).collect();
    let here: Vec<&str> = places.iter().filter_map(|place| names.get(*place).copied()).collect();
    let left_out = names.len() - here.len();
    let fleet = Fleet::new(&here, left_out, context.json, context.verbose > 0);
    let mut told = 0;
    let mut beat = || {
        let interrupts = prompt::interrupts();
        if interrupts > told {
            fleet.interrupted(interrupts);
            told = interrupts;
        }
        fleet.tick();
    };
    let fates = runtime.execute_all(
        begun,
        job.at_once,
        &prompt::interrupts,
        &|number, told| match told {
            Told::Begins(plan) => fleet.begin(number, runs.get(number).copied().unwrap_or_default(), plan),
            Told::Event(event) => fleet.event(number, event),
            Told::Ended(Ok(ended)) => fleet.end(number, Ok(ended)),
            Told::Ended(Err(error)) => fleet.end(number, Err(&error.to_string())),
        },
        &mut beat,
    );
    let mut accounts = fleet.close();
    for (number, (place, fate)) in places.into_iter().zip(fates?).enumerate() {
        let row = rows.get_mut(place);
        match fate {
            Fate::Skipped { reason, by_user } => {
                let exit = if by_user { Exit::Interrupted } else { Exit::Done };
                skip(row, &reason, exit, context);
            }
            Fate::Ended(ended) => {
                let Some(row) = row else { continue };
                row.account = accounts.remove(&number);
                match ended {
                    Ok(ended) => row.end(&ended),
                    Err(error) => {
                        row.fail(&error);
                        if let (Some(hint), false) = (error.hint(), context.json) {
                            output::note(&format!("{}: {}", one_line(&row.server), hint));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

fn skip(row: Option<&mut Row>, reason: &str, exit: Exit, context: &Context) {
    let Some(row) = row else { return };
    row.outcome = ServerOutcome::Skipped;
    row.reason = Some(reason.to_owned());
    row.exit = exit;
    if context.json {
        // A reader that has gone away must not end what is under way.
        let _ = output::json_line(&json!({
            "event": "run_skipped", "server": row.server, "run": row.run, "reason": reason,
        }));
    }
}

impl Row {
    fn as_left_out(&self, server: &Server) -> Joining {
        Joining::LeftOut {
            server_id: server.id,
            server: server.name.clone(),
            why: match self.outcome {
                ServerOutcome::Unreachable => LeftOut::Unreachable,
                _ => LeftOut::Refused,
            },
            reason: self.reason.clone().unwrap_or_default(),
        }
    }

    fn end(&mut self, ended: &crate::event::Ended) {
        (self.outcome, self.exit) = match ended.state {
            RunState::Done => (ServerOutcome::Done, Exit::Done),
            RunState::Failed => (ServerOutcome::Failed, Exit::StepFailed),
            RunState::Interrupted | RunState::Running => (ServerOutcome::Interrupted, Exit::Interrupted),
        };
        self.reason = ended.reason.clone();
    }
}
