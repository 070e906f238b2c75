//! `infrakt plan`: what a run would do, without running any step.

use super::parallel::ParallelArgs;
use super::parameters::{SetArgs, shown_option};
use super::reach_each::reach_each;
use super::stages::Stages;
use super::targets::Targets;
use super::{Context, output};
use crate::consent::check_destroyable;
use crate::document::error::ErrorShown;
use crate::document::plan::{PlanMarked, PlanOfServer, PlanOrProblem, ServerName};
use crate::error::{Error, Exit, Result};
use crate::facts::Facts;
use crate::ownership;
use crate::plan::printable::json;
use crate::plan::shell::quote;
use crate::plan::{Mark, Plan, Preview, render, summary};
use crate::recipe::subprocess;
use crate::runtime::Planned;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Show step by step what a recipe would do on servers
///
/// No step is run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt plan provision --server prod-2
  infrakt plan provision --server prod-2 --full         with the commands and guards
  infrakt plan ./mine.rhai --server prod-2 --diff       with what changes in files
  infrakt plan wipe --server prod-2 --out wipe.plan      then: infrakt apply wipe.plan
  infrakt plan ./mine.rhai --server prod-2 --offline --facts debian-13 --json

Planning runs the recipe's queries and guards on the server, as root. They see
its file systems read-only where the server allows that; the plan says if not.
They can still reach services (Docker, systemd). --offline runs nothing there.")]
pub struct PlanArgs {
    /// Path (./mine.rhai) or name (provision) of a recipe; or a play (deploy.toml), which names recipes and servers
    #[arg(value_name = "RECIPE")]
    recipe: String,
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    parallel: ParallelArgs,
    #[command(flatten)]
    set: SetArgs,
    /// Show every step with its command and guards, and everything that would be deleted; so does -v
    #[arg(long)]
    full: bool,
    /// Show how each file would change, line by line; --full and -v show it too
    #[arg(long)]
    diff: bool,
    /// Contact no server; plan from recorded facts
    #[arg(long, requires = "facts")]
    offline: bool,
    /// Facts for --offline: debian-12, debian-13, ubuntu-22.04, ubuntu-24.04, or a file from `infrakt facts`
    #[arg(long, value_name = "FILE-or-NAME", requires = "offline")]
    facts: Option<String>,
    /// Save the plan to a file, for `infrakt apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Save the facts and the answers to the recipe's queries to a file, for --offline
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    facts_out: Option<PathBuf>,
}

pub fn run(args: PlanArgs, context: &Context) -> Result<Exit> {
    if args.offline {
        subprocess::start_ahead();
    }
    let runtime = context.runtime()?;
    let command = Stages::of_command(&runtime, &args.recipe, &args.targets, &args.set)?;
    if command.servers().count() > 1 && (args.out.is_some() || args.facts_out.is_some()) {
        return Err(Error::usage(
            "--out saves the plan of one server: choose it with --server",
        ));
    }
    let from_facts = match &args.facts {
        Some(facts) => {
            let read = Facts::by_name_or_path(facts)?;
            // A plan that is saved may be executed, so no other user may be able to change what it rests on.
            if args.out.is_some() && !Facts::profiles().any(|profile| profile == facts) {
                let path = Path::new(facts);
                ownership::check(path).map_err(|unusable| unusable.into_error(path))?;
            }
            Some(read)
        }
        None => None,
    };
    let several = command.are_several(&args.targets, context.json);
    let full = args.full || context.verbose > 0;
    let mut exits = Vec::new();
    let mut documents = Vec::new();
    let mut outlooks = Vec::new();
    let mut differing = 0;
    for (number, stage) in command.stages.iter().enumerate() {
        let recipe = super::find_recipe(&runtime.library, &stage.recipe)?;
        let made = reach_each(
            &runtime,
            &stage.servers,
            args.parallel.parallel,
            &|runtime, server, person| {
                let parameters = stage.parameters.clone();
                match &from_facts {
                    Some(facts) => Ok((
                        runtime.plan_offline(&recipe, server, facts.clone(), parameters, person)?,
                        None,
                        None,
                    )),
                    None => {
                        let (_, previewed) = runtime.reach_and_preview(&recipe, server, parameters, person)?;
                        Ok((previewed.planned, Some(previewed.preview), previewed.asked))
                    }
                }
            },
        )?;
        if let (Some(name), false) = (&stage.name, context.json) {
            let heading = output::stage_heading(number + 1, command.stages.len(), name, &recipe.name);
            output::styled_line(&heading)?;
        }
        for (server, made) in stage.servers.iter().zip(made) {
            let document = match made {
                Ok((mut planned, preview, asked)) => {
                    if args.out.is_some() {
                        planned.plan = planned.plan.to_be_saved(Timestamp::now());
                    }
                    keep(&planned, &args)?;
                    let plan = planned.plan;
                    if !context.json {
                        output::styled_line(&match full {
                            true => render::plan(&plan, preview.as_ref(), asked.as_ref()),
                            false => summary::summary(&plan, preview.as_ref(), asked.as_ref()),
                        })?;
                        if let Some(preview) = preview.as_ref().filter(|_| args.diff && !full) {
                            output::styled_line(&render::diffs(&plan, preview))?;
                        }
                        outlooks.push(Outlook::of(&plan, preview.as_ref()));
                        differing += preview.as_ref().map_or(0, |preview| preview.changes.len());
                    }
                    PlanOrProblem::Planned(Box::new(PlanMarked::new(plan, preview, asked)))
                }
                Err(error) if !several => return Err(error),
                Err(error) => {
                    exits.push(error.exit());
                    if !context.json {
                        output::error(&error, context);
                    }
                    PlanOrProblem::LeftOut {
                        server: ServerName {
                            name: server.name.clone(),
                        },
                        error: ErrorShown::of(&error),
                    }
                }
            };
            if context.json {
                let stage = stage.name.clone();
                documents.push(PlanOfServer { stage, plan: document });
            }
        }
    }
    if context.json {
        match documents.as_slice() {
            [one] if !several => output::json(one)?,
            all => output::json(&all)?,
        }
    } else if !outlooks.is_empty() {
        let mut text = String::new();
        if !full && args.diff {
            text.push('\n');
        }
        if !full && !args.diff && differing > 0 {
            text.push_str("Changes of files, line by line: add --diff\n");
        }
        if !full {
            text.push_str("Commands and guards: add --full\n");
        }
        text.push_str(&next(&args, &command, &outlooks));
        output::line(&text)?;
    }
    Ok(Exit::worst(&exits))
}

/// What a run of a plan would come to.
enum Outlook {
    Runs,
    /// The reason.
    Refused(String),
    /// A check fails as things stand.
    WouldFail,
    Offline,
}

impl Outlook {
    fn of(plan: &Plan, preview: Option<&Preview>) -> Self {
        if plan.offline {
            return Self::Offline;
        }
        if plan.destroys()
            && let Err(refusal) = check_destroyable(plan)
        {
            return Self::Refused(refusal.to_string());
        }
        match preview.is_some_and(|preview| preview.marks.contains(&Mark::WouldFail)) {
            true => Self::WouldFail,
            false => Self::Runs,
        }
    }
}

/// What to type next.
fn next(args: &PlanArgs, planned: &Stages, outlooks: &[Outlook]) -> String {
    let command = |verb: &str| {
        let mut command = format!("infrakt {verb} {}", quote(&args.recipe));
        let targets = &args.targets;
        if targets.all {
            command.push_str(" --all");
        }
        for tag in &targets.tag {
            command.push_str(&format!(" --tag {}", quote(tag)));
        }
        let named: Vec<&str> = match targets.are_given() || planned.play.is_some() {
            true => targets.server.iter().map(String::as_str).collect(),
            false => planned.servers().map(|server| server.name.as_str()).collect(),
        };
        for server in named {
            command.push_str(&format!(" --server {}", quote(server)));
        }
        let set: Option<String> = args.set.set.iter().map(|pair| shown_option(pair)).collect();
        match set {
            Some(set) => format!("{command}{set}"),
            None => format!("{command}, with the same --set options"),
        }
    };
    match (outlooks, &args.out) {
        ([Outlook::Refused(reason)], _) => format!("A run of it would be refused: {reason}"),
        (outlooks, _) if outlooks.iter().any(|outlook| matches!(outlook, Outlook::WouldFail)) => {
            format!("Fix what would fail, then plan again: {}", command("plan"))
        }
        ([Outlook::Offline, ..], _) => format!("Plan it for the server as it is: {}", command("plan")),
        (_, Some(out)) => format!("Next: infrakt apply {}", quote(&out.display().to_string())),
        (_, None) => format!("Next: {}", command("run")),
    }
}

/// Says what the recipe printed, and saves what is to be saved.
fn keep(planned: &Planned, args: &PlanArgs) -> Result<()> {
    let Planned {
        plan, facts, printed, ..
    } = planned;
    for line in printed {
        output::note(line);
    }
    if let Some(path) = &args.facts_out {
        save(path, facts)?;
    }
    if let Some(path) = &args.out {
        save(path, plan)?;
        output::note(&match plan.offline && plan.destroys() {
            true => "saved; made offline and with destructive steps, it can be read but not executed".to_owned(),
            false => format!(
                "saved; to execute it{}: infrakt apply {}",
                if plan.made_at.is_some() { " within 24 hours" } else { "" },
                quote(&path.display().to_string())
            ),
        });
    }
    Ok(())
}

/// Writes a whole file or none.
fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::file("write", path))?;
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::file("write", path)(error.into()))?;
    file.write_all(json(&text).as_bytes())
        .map_err(Error::file("write", path))?;
    file.persist(path)
        .map_err(|error| Error::file("write", path)(error.error))?;
    Ok(())
}
