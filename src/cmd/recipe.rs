//! `infrakt recipe`: lists recipes, shows their parameters, and checks them.

use super::{Context, output};
use crate::document::recipe::{RecipeChecked, RecipeListed, RecipeShown, RecipeWritten};
use crate::error::{Error, Exit, Result};
use crate::facts::Facts;
use crate::plan::invocation::Interpreter;
use crate::plan::shell::quote;
use crate::plan::{Action, Effect, Step, lint};
use crate::recipe::{Evaluated, Keeper, Library, engine, evaluate_anyway_in_subprocess, reference};
use crate::runtime::{example, parameters_of, shellcheck};
use crate::store::Home;
use clap::{Args, Subcommand};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct RecipeArgs {
    #[command(subcommand)]
    command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
enum RecipeCommand {
    /// List the recipes that can be run by name: yours (folder recipes in infrakt's home) and the shipped ones
    List,
    /// Show a recipe's parameters and source
    Show {
        /// Path (./mine.rhai) or name (provision) of a recipe
        #[arg(value_name = "RECIPE")]
        recipe: String,
    },
    /// Create a recipe from a template
    New {
        /// File to create, ending in .rhai; an existing file is not overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Check a recipe without a server: evaluate it for a fresh Debian 13 and report what is wrong
    Check(CheckArgs),
    /// Evaluate a recipe for every supported system, as root and through sudo, and for a protected server
    Test(CheckArgs),
    /// Print the reference of everything a recipe can call
    Docs {
        /// Print definitions for editors (.d.rhai) instead
        #[arg(long)]
        definitions: bool,
    },
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Path (./mine.rhai) or name (provision) of a recipe
    #[arg(value_name = "RECIPE")]
    recipe: String,
    #[command(flatten)]
    set: super::parameters::SetArgs,
}

const TEMPLATE: &str = r#"//! Say hello, and make sure that there is a file.

let greeting = param("greeting", "hello", "What to say");

section("Hello");
ssh::run("Say hello", `echo ${quote(greeting)}`);
ssh::upload("Write the message of the day", "/etc/motd", greeting + "\n");
ssh::check("The message is there", "test -s /etc/motd");
"#;

pub fn run(args: RecipeArgs, context: &Context) -> Result<Exit> {
    match args.command {
        RecipeCommand::List => list(context),
        RecipeCommand::Show { recipe } => show(&recipe, context),
        RecipeCommand::New { file } => new(&file, context),
        RecipeCommand::Check(args) => check(&args, context, &["debian-13"], &[("root", false)]),
        RecipeCommand::Test(args) => {
            let profiles: Vec<&str> = Facts::profiles().collect();
            check(
                &args,
                context,
                &profiles,
                &[("root", false), ("deploy", false), ("root", true)],
            )
        }
        RecipeCommand::Docs { definitions: false } => {
            if context.json {
                output::json(&reference::functions(&engine()))?;
            } else {
                output::line(&reference::markdown(&engine()))?;
            }
            Ok(Exit::Done)
        }
        RecipeCommand::Docs { definitions: true } => {
            output::line(&reference::definitions(&engine()))?;
            Ok(Exit::Done)
        }
    }
}

fn library(context: &Context) -> Result<Library> {
    // Recipes are of use without an inventory.
    Ok(Library::new(Home::find(context.home.clone())?.recipes_dir()))
}

fn list(context: &Context) -> Result<Exit> {
    let library = library(context)?;
    let listed = RecipeListed::all(library.all()?);
    let mut exit = Exit::Done;
    for problem in listed.iter().filter_map(|one| one.problem.as_ref()) {
        output::note(&format!("error: {}", problem.message));
        exit = Exit::Usage;
    }
    if context.json {
        output::json(&listed)?;
    } else {
        let readable = listed.into_iter().filter(|one| one.problem.is_none());
        output::table(
            ["NAME", "ORIGIN", "DESCRIPTION"],
            readable.map(|one| {
                [
                    one.name,
                    keeper(one.kept_by, one.overrides_shipped).to_owned(),
                    one.description,
                ]
            }),
        )?;
    }
    Ok(exit)
}

fn keeper(keeper: Keeper, overrides_shipped: bool) -> &'static str {
    match keeper {
        Keeper::Shipped => "infrakt",
        Keeper::User if overrides_shipped => "you, instead of infrakt's",
        Keeper::User => "you",
        Keeper::Path => "a file",
    }
}

fn show(name: &str, context: &Context) -> Result<Exit> {
    let recipe = library(context)?.find(name)?;
    let shown = RecipeShown::new(&recipe, parameters_of(&recipe)?);
    if context.json {
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    output::pairs([
        ("recipe", Some(shown.name)),
        (
            "origin",
            Some(keeper(shown.kept_by, shown.overrides_shipped).to_owned()),
        ),
        ("description", Some(shown.description)),
    ])?;
    if !shown.parameters.is_empty() {
        output::line("")?;
        output::table(
            ["PARAMETER", "TYPE", "DEFAULT", "DESCRIPTION"],
            shown.parameters.into_iter().map(|parameter| {
                let default = parameter
                    .default
                    .map_or("(must be given)".to_owned(), |default| default.to_string());
                let choices = match parameter.choices.len() {
                    0 => String::new(),
                    _ => format!(" (one of: {})", parameter.choices.join(", ")),
                };
                [
                    parameter.name,
                    parameter.kind.into_owned(),
                    default,
                    format!("{}{choices}", parameter.help),
                ]
            }),
        )?;
    }
    output::line(&format!("\n{}", shown.source))?;
    Ok(Exit::Done)
}

fn new(file: &Path, context: &Context) -> Result<Exit> {
    if file.extension().is_none_or(|extension| extension != "rhai") {
        return Err(Error::usage_with(
            format!("{} does not end in .rhai", file.display()),
            format!("infrakt recipe new {}", word(&file.with_extension("rhai"))),
        ));
    }
    let mut new = std::fs::File::create_new(file).map_err(|error| not_created(file, error))?;
    new.write_all(TEMPLATE.as_bytes()).map_err(Error::file("write", file))?;
    if context.json {
        output::json(&RecipeWritten { file: file.to_owned() })?;
        return Ok(Exit::Done);
    }
    output::line(&format!("wrote {}", file.display()))?;
    // A recipe's name without a folder could also be found among the others.
    let path = if file.components().count() > 1 {
        file.to_owned()
    } else {
        Path::new(".").join(file)
    };
    output::note(&format!(
        "show what it would do: infrakt plan {} --server NAME",
        word(&path)
    ));
    Ok(Exit::Done)
}

fn not_created(file: &Path, error: std::io::Error) -> Error {
    match (error.kind(), file.parent()) {
        (ErrorKind::AlreadyExists, _) => Error::usage_with(
            format!("{} already exists", file.display()),
            "choose another name for the new recipe",
        ),
        (ErrorKind::NotFound, Some(folder)) => Error::usage_with(
            format!("there is no folder {}", folder.display()),
            format!("mkdir -p {}", word(folder)),
        ),
        _ => Error::file("create", file)(error),
    }
}

/// A path as a word that can be pasted.
fn word(path: &Path) -> String {
    quote(&path.display().to_string()).into_owned()
}

fn check(args: &CheckArgs, context: &Context, profiles: &[&str], logins: &[(&str, bool)]) -> Result<Exit> {
    let recipe = library(context)?.find(&args.recipe)?;
    let parameters = args.set.parse()?;
    let mut checked = Vec::new();
    // What was noted in one case is not repeated in the next.
    let mut noted = BTreeSet::new();
    for profile in profiles {
        let facts = Facts::by_name_or_path(profile)?;
        for (user, protected) in logins {
            let inputs = example(facts.clone(), user, *protected, parameters.clone());
            let (outcome, Evaluated { steps, printed, .. }) = evaluate_anyway_in_subprocess(&recipe, inputs)?;
            let mut notes = printed;
            if outcome.is_ok() {
                notes.extend(notes_on_pipes(&steps));
                // The commands are mostly the same in all cases.
                if checked.is_empty() {
                    notes.extend(shellcheck(&steps)?);
                }
            }
            for note in &notes {
                if noted.insert(note.clone()) {
                    output::note(note);
                }
            }
            outcome?;
            let protected = if *protected { ", protected" } else { "" };
            checked.push(RecipeChecked {
                case: format!("{profile} as {user}{protected}"),
                steps: steps.len(),
                notes,
            });
        }
    }
    if context.json {
        output::json(&checked)?;
    } else {
        for RecipeChecked { case, steps, .. } in checked {
            output::line(&format!("ok  {case}: {}", output::count(steps, "step")))?;
        }
    }
    Ok(Exit::Done)
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
