//! `infrakt recipe check`: evaluates recipes without a server, and reports what is wrong with them.

use super::watch::{Watched, watch};
use crate::cmd::parameters::SetArgs;
use crate::cmd::variables::VarArgs;
use crate::cmd::{Context, output};
use crate::document::error::ErrorShown;
use crate::document::recipe::RecipeChecked;
use crate::error::{Exit, Result};
use crate::facts::Facts;
use crate::plan::invocation::Interpreter;
use crate::plan::{Action, Effect, Step, lint};
use crate::recipe::{Evaluated, Keeper, Recipe};
use crate::runtime::{Parameters, evaluate_example, shellcheck};
use crate::variables::Variables;
use clap::Args;

/// Check recipes without a server: evaluate them for a fresh Debian 13 and report what is wrong
///
/// Prints what the recipes print, and notes on what is valid and hardly meant.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Paths (./mine.rhai) or names (provision) of recipes
    #[arg(value_name = "RECIPE", required = true)]
    recipes: Vec<String>,
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    vars: VarArgs,
    /// Facts to check with: debian-12, debian-13, ubuntu-22.04, ubuntu-24.04, or a file from `infrakt facts`
    #[arg(long, value_name = "FILE-or-NAME", default_value = "debian-13")]
    facts: String,
    /// Check again whenever a file beside one of the recipes changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub fn run(args: &CheckArgs, context: &Context) -> Result<Exit> {
    let parameters = args.set.parse()?;
    let vars = args.vars.parse()?;
    if args.watch {
        let watched = Watched::of(&context.library()?, &args.recipes)?;
        return watch(&watched, || {
            if let Err(error) = all(args, context, &parameters, &vars) {
                output::error(&error, context);
            }
        });
    }
    all(args, context, &parameters, &vars)
}

/// Checks all recipes; what is wrong with one does not hide the others.
fn all(args: &CheckArgs, context: &Context, parameters: &Parameters, vars: &Variables) -> Result<Exit> {
    let library = context.library()?;
    let mut checked = Vec::new();
    let mut exits = Vec::new();
    for name in &args.recipes {
        let outcome = library
            .find(name)
            .and_then(|recipe| check(&recipe, &args.facts, parameters, vars));
        match outcome {
            Ok(done) => checked.push(done),
            Err(error) if args.recipes.len() == 1 => return Err(error),
            Err(error) => {
                exits.push(error.exit());
                match context.json {
                    // It goes into the list, so that stdout stays one document.
                    true => checked.push(RecipeChecked {
                        recipe: name.clone(),
                        case: case_of(&args.facts),
                        steps: None,
                        error: Some(ErrorShown::of(&error)),
                        notes: Vec::new(),
                    }),
                    false => output::error(&error, context),
                }
            }
        }
    }
    if context.json {
        output::json(&checked)?;
    } else {
        for RecipeChecked {
            recipe, case, steps, ..
        } in &checked
        {
            let recipe = if args.recipes.len() == 1 {
                String::new()
            } else {
                format!("{recipe}, ")
            };
            output::line(&format!(
                "ok  {recipe}{case}: {}",
                output::count(steps.unwrap_or(0), "step")
            ))?;
        }
    }
    Ok(Exit::worst(&exits))
}

fn check(recipe: &Recipe, facts: &str, parameters: &Parameters, vars: &Variables) -> Result<RecipeChecked> {
    let known = Facts::by_name_or_path(facts)?;
    let (outcome, evaluated) = evaluate_example(recipe, known, parameters.clone(), vars)?;
    let Evaluated { steps, printed, .. } = evaluated;
    let mut notes = printed;
    if outcome.is_ok() {
        notes.extend(notes_on(&steps)?);
    }
    notes.iter().for_each(|note| output::note(note));
    outcome?;
    Ok(RecipeChecked {
        recipe: recipe.name.clone(),
        case: case_of(facts),
        steps: Some(steps.len()),
        error: None,
        notes,
    })
}

fn case_of(facts: &str) -> String {
    format!("{facts} as root")
}

/// What is noted on the author's own steps, beside what the evaluation noted.
pub fn notes_on(steps: &[Step]) -> Result<Vec<String>> {
    let mut notes = notes_on_pipes(steps);
    notes.extend(shellcheck(steps)?);
    Ok(notes)
}

/// A pipe in a step of the author's own that changes something.
fn notes_on_pipes(steps: &[Step]) -> Vec<String> {
    let own = steps
        .iter()
        .filter(|step| step.origin.kept_by != Keeper::Shipped && step.effect != Effect::Check);
    let notes = own.filter_map(|step| {
        let Action::Run { command } = &step.action else { return None };
        // In bash, steps have pipefail.
        if step.invocation.shell == Interpreter::Bash {
            return None;
        }
        let program = lint::lost_failure(command)?;
        Some(format!(
            "{}:{}: if `{program}` fails in '{}', the step does not: sh only looks at the last command of a pipe; write its output to a file first, or add .shell(\"bash\")",
            step.origin.file, step.origin.line, step.title
        ))
    });
    notes.collect()
}
