//! `infrakt runs`: the journal.

use super::report::values;
use super::resume::{ResumeArgs, resume};
use super::{Context, output};
use crate::document::run::{OutputShown, RunShown, StepShown};
use crate::error::{Error, Exit, Result};
use crate::event::{Outcome, RunState, Stream, why};
use crate::plan::printable::one_line;
use crate::plan::render;
use crate::reporter::outcome_word;
use crate::store::{Run, RunFilter};
use clap::{Args, Subcommand};
use jiff::Timestamp;

#[derive(Debug, Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List runs, newest first
    List {
        /// Maximum number of runs to show
        #[arg(long, default_value_t = 20, value_name = "COUNT")]
        limit: usize,
        /// Show only runs on this server
        #[arg(long, value_name = "NAME")]
        server: Option<String>,
    },
    /// Show a run step by step, with the beginning of each command
    Show {
        /// ID of the run (see `infrakt runs list`)
        id: i64,
        /// Show the command, the guards and the place of each step; so does -v
        #[arg(long)]
        full: bool,
        /// Show only this step, with its command, guards and place
        #[arg(long, value_name = "NUMBER", conflicts_with = "full")]
        step: Option<usize>,
    },
    /// Resume a failed or interrupted run from its first unfinished step
    Resume(ResumeArgs),
    /// Print the output of a run's steps
    Logs {
        /// ID of the run (see `infrakt runs list`)
        id: i64,
        /// Show only this step, by its number in `infrakt runs show`
        #[arg(long, value_name = "NUMBER")]
        step: Option<usize>,
    },
    Retry(super::retry::RetryArgs),
}

pub fn run(args: RunsArgs, context: &Context) -> Result<Exit> {
    match args.command {
        RunsCommand::List { limit, server } => list(limit, server.as_deref(), context),
        RunsCommand::Show { id, full, step } => show(id, full || context.verbose > 0, step, context),
        RunsCommand::Resume(args) => resume(&args, context),
        RunsCommand::Logs { id, step } => logs(id, step, context),
        RunsCommand::Retry(args) => super::retry::run(args, context),
    }
}

fn list(limit: usize, server: Option<&str>, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let filter = RunFilter {
        server,
        ..RunFilter::default()
    };
    let runs = runtime.runs(filter, limit)?;
    if context.json {
        output::json(&runs)?;
    } else if runs.is_empty() {
        match server {
            // The journal outlives its servers, so one that is not in the inventory may have runs too.
            Some(server) => output::note(&format!("no run on '{server}'; see all: infrakt runs list")),
            None => output::note(&format!(
                "no runs in {}; begin with: infrakt run RECIPE --server NAME",
                runtime.home_path().display()
            )),
        }
    } else {
        let row = |run: &Run| {
            [
                run.id.to_string(),
                run.server.clone(),
                run.recipe.clone(),
                run.state.as_str().to_owned(),
                run.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
                took(run),
                run.operator.clone(),
            ]
        };
        if runs.iter().all(|run| run.group.is_none()) {
            output::fitted_table(
                ["ID", "SERVER", "RECIPE", "STATE", "STARTED (UTC)", "TOOK", "BY"],
                runs.iter().map(row),
                &["BY", "RECIPE", "SERVER"],
            )?;
        } else {
            output::fitted_table(
                [
                    "ID",
                    "GROUP",
                    "SERVER",
                    "RECIPE",
                    "STATE",
                    "STARTED (UTC)",
                    "TOOK",
                    "BY",
                ],
                runs.iter().map(|run| {
                    let [id, server, recipe, state, started, took, by] = row(run);
                    let group = run.group.map_or(String::new(), |group| group.to_string());
                    [id, group, server, recipe, state, started, took, by]
                }),
                &["BY", "RECIPE", "SERVER"],
            )?;
        }
    }
    Ok(Exit::Done)
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn took(run: &Run) -> String {
    run.took()
        .map_or(String::new(), |took| format!("{:.1} s", took.as_secs_f64()))
}

fn show(id: i64, full: bool, step: Option<usize>, context: &Context) -> Result<Exit> {
    let shown = RunShown::from(context.runtime()?.run_record(id)?);
    if let Some(number) = step {
        check_number(id, number, shown.steps.len())?;
        let step = shown.steps.iter().find(|step| step.step == number);
        return match (step, context.json) {
            (Some(step), true) => output::json(step),
            (step, _) => step.map_or(Ok(()), |step| output::styled_line(&whole_step(step))),
        }
        .map(|()| Exit::Done);
    }
    if context.json {
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    let run = &shown.run;
    let consent = shown
        .consent
        .map(|consent| format!("by {} at {} ({})", consent.who, time(consent.at), consent.how.as_str()));
    output::pairs([
        ("run", Some(run.id.to_string())),
        ("group", run.group.map(|group| group.to_string())),
        ("stage", run.stage.clone()),
        ("recipe", Some(run.recipe.clone())),
        ("server", Some(run.server.clone())),
        ("state", Some(run.state.as_str().to_owned())),
        ("reason", run.reason.clone()),
        ("started", Some(format!("{} by {}", time(run.started_at), run.operator))),
        ("took", run.ended_at.map(|_| took(run))),
        ("consent", consent),
        ("digest", Some(run.digest.clone())),
    ])?;
    output::line("")?;
    if full {
        let steps: Vec<String> = shown.steps.iter().map(whole_step).collect();
        output::styled_line(&steps.join("\n"))?;
    } else {
        let columns = output::columns_of_stdout();
        let steps: String = shown.steps.iter().map(|step| step_in_brief(step, columns)).collect();
        output::styled_line(&steps)?;
        output::note(&format!(
            "whole commands, guards, places: infrakt runs show {id} --full, or --step NUMBER"
        ));
    }
    values::show(&shown.report, id, &run.server, context)?;
    for notice in &shown.notices {
        output::note(notice);
    }
    if run.state != RunState::Done {
        output::note(&format!("what it printed: infrakt runs logs {id}"));
    }
    Ok(Exit::Done)
}

fn duration_of(step: &StepShown) -> String {
    step.duration_ms
        .filter(|_| step.outcome != Some(Outcome::Skipped))
        .map_or(String::new(), |ms| format!("{:.1} s", ms as f64 / 1000.0))
}

/// A step with how it ended and the first line of its command, in as many columns as there are. One that did not end well
/// has all of it: its command, guards, place and exit status.
fn step_in_brief(step: &StepShown, columns: Option<usize>) -> String {
    if did_not_end_well(step) {
        return whole_step(step);
    }
    let mut text = head_of(step);
    let lines = step.action.as_ref().map(render::action_lines).unwrap_or_default();
    if let Some(first) = lines.first() {
        let more = match lines.len() - 1 {
            0 => String::new(),
            more => format!("  (+{})", output::count(more, "line")),
        };
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(6 + more.len()));
        text.push_str(&render::aside(&format!("{}{more}", output::cut(first, room))));
    }
    text
}

/// A step with how it ended, its command, its guards and its place.
fn whole_step(step: &StepShown) -> String {
    let mut text = head_of(step);
    if let Some(planned) = &step.planned {
        text.push_str(&render::done(planned));
    }
    text
}

/// The number of a step, how it ended and its title; and below that why it did not end well, with its exit status.
fn head_of(step: &StepShown) -> String {
    let (style, word) = step
        .outcome
        .map_or_else(Default::default, |outcome| outcome_word(outcome, step.effect));
    let why = match did_not_end_well(step) {
        true => Some(why(step.reason.as_deref(), step.exit_status)),
        false => step.reason.clone(),
    };
    let (took, title) = (duration_of(step), render::heading(&step.title));
    let mut text = format!("{:>4} {style}{word:<11}{style:#} {took:>8}  {title}\n", step.step);
    for line in why.iter().flat_map(|why| why.lines()) {
        text.push_str(&format!("      {style}{}{style:#}\n", one_line(line)));
    }
    text
}

fn did_not_end_well(step: &StepShown) -> bool {
    matches!(
        step.outcome,
        Some(Outcome::Failed | Outcome::Stopped | Outcome::Unknown)
    )
}

/// Refuses the number of a step that the run has not.
fn check_number(id: i64, number: usize, steps: usize) -> Result<()> {
    if (1..=steps).contains(&number) {
        return Ok(());
    }
    Err(Error::usage_with(
        format!("run {id} has no step {number}; it has {}", output::count(steps, "step")),
        format!("see them: infrakt runs show {id}"),
    ))
}

fn logs(id: i64, step: Option<usize>, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let steps = runtime.steps_of(id)?;
    if let Some(number) = step {
        check_number(id, number, steps.len())?;
    }
    let mut last = None;
    let mut line_is_open = false;
    let mut logs = [output::Log::new(), output::Log::new()];
    runtime.output_of(id, step.map(|number| number - 1), |chunk| {
        if context.json {
            return output::json_line(&OutputShown::from(chunk));
        }
        if last != Some(chunk.step) {
            logs.iter_mut().try_for_each(output::Log::finish)?;
            last = Some(chunk.step);
            if step.is_none() {
                let title = steps.get(chunk.step).map_or("", |step| step.title.as_str());
                let above = if line_is_open { "\n" } else { "" };
                output::heading(above, &format!("{}  {title}", chunk.step + 1))?;
            }
        }
        line_is_open = chunk.bytes.last().is_some_and(|last| *last != b'\n');
        let [out, err] = &mut logs;
        match chunk.stream {
            Stream::Stdout => out.write(&chunk.bytes),
            Stream::Stderr => err.write(&chunk.bytes),
        }
    })?;
    logs.iter_mut().try_for_each(output::Log::finish)?;
    Ok(Exit::Done)
}
