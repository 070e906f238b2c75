//! `infrakt recipe test`: the cases of a recipe, each with its result.

use super::check::notes_on;
use super::lab::{self, LabArgs};
use crate::cmd::parameters::SetArgs;
use crate::cmd::variables::VarArgs;
use crate::cmd::{Context, output};
use crate::document::recipe::{RecipeTested, TestResult};
use crate::error::{Error, Exit, Result};
use crate::recipe::Recipe;
use crate::runtime::{CaseVerdict, Parameters, Snapshots, TestFile, verdict};
use crate::variables::Variables;
use clap::Args;
use std::collections::BTreeSet;

/// Test recipes without a server: with the cases of NAME.test.toml, or for every supported system
///
/// The cases are in a file beside the recipe: shop.rhai has shop.test.toml. Without
/// that file, a recipe is evaluated for every supported system, as root and through
/// sudo, and for a protected server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt recipe test ./shop.rhai
  infrakt recipe test ./shop.rhai --update         keep the plans as they are now
  infrakt recipe test ./shop.rhai --lab            run it twice on a disposable machine
  infrakt recipe test recipes/*.rhai --json

Exit codes: 0 all cases passed, 1 a case failed, 2 a recipe or a test file is
broken, 3 the recipe refuses every system.
How a test file is written: infrakt recipe docs 'Tests of your own'")]
pub struct TestArgs {
    /// Paths (./mine.rhai) or names (provision) of recipes
    #[arg(value_name = "RECIPE", required = true)]
    recipes: Vec<String>,
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    vars: VarArgs,
    /// Facts in place of those of the cases: debian-13 or another system, or a file from `infrakt facts`
    #[arg(long, value_name = "FILE-or-NAME")]
    facts: Option<String>,
    /// Test only cases that have this text in their name
    #[arg(long, value_name = "TEXT", conflicts_with = "update")]
    case: Option<String>,
    /// Keep the plans of the cases with `snapshot = true` as they are now
    #[arg(long, conflicts_with = "facts")]
    update: bool,
    #[command(flatten)]
    lab: LabArgs,
}

pub fn run(args: &TestArgs, context: &Context) -> Result<Exit> {
    let parameters = args.set.parse()?;
    let vars = args.vars.parse()?;
    let library = context.library()?;
    let mut tested = Vec::new();
    let mut exits = Vec::new();
    for name in &args.recipes {
        let outcome = library.find(name).and_then(|recipe| match args.lab.lab {
            true => lab::test(&recipe, &args.lab, &parameters, context, &mut tested),
            false => test(&recipe, args, (&parameters, &vars), context, &mut tested),
        });
        match outcome {
            Ok(exit) => exits.push(exit),
            Err(error) if args.recipes.len() == 1 => return Err(error),
            Err(error) => {
                exits.push(error.exit());
                match context.json {
                    // It goes into the list, so that stdout stays one document.
                    true => tested.push(RecipeTested::broken(name, &error)),
                    false => output::error(&error, context),
                }
            }
        }
    }
    if context.json {
        output::json(&tested)?;
    }
    Ok(Exit::worst(&exits))
}

fn test(
    recipe: &Recipe,
    args: &TestArgs,
    (parameters, vars): (&Parameters, &Variables),
    context: &Context,
    tested: &mut Vec<RecipeTested>,
) -> Result<Exit> {
    let file = TestFile::of(recipe)?;
    let own = file.is_some();
    let mut snapshots = Snapshots::of(recipe, args.update)?;
    let mut report = TestReport::new(recipe, context, args.recipes.len() > 1);
    for case in file.unwrap_or_else(TestFile::usual).cases {
        if args
            .case
            .as_ref()
            .is_some_and(|wanted| !case.name.contains(wanted.as_str()))
        {
            continue;
        }
        let mut case = case;
        case.parameters.extend(parameters.clone());
        case.server.vars.extend(vars.clone());
        let systems = args.facts.clone().map_or_else(|| case.systems(), |facts| vec![facts]);
        for system in systems {
            let facts = case.facts(&system, recipe)?;
            let verdict = verdict(recipe, &case, &system, facts, own, &mut snapshots)?;
            report.show(verdict, tested)?;
        }
    }
    if args.update && report.has_failed() {
        output::note(&format!(
            "the kept plans of {} stay as they are, because a case failed",
            recipe.name
        ));
    } else if args.update && own && report.passed > 0 && snapshots.write(recipe)? {
        output::note(&format!("kept the plans of {}", recipe.name));
    }
    Ok(report.end())
}

/// Shows the results of one recipe as they come.
struct TestReport<'a> {
    recipe: &'a Recipe,
    context: &'a Context,
    /// Whether the name of the recipe must be shown.
    named: bool,
    noted: BTreeSet<String>,
    errors: BTreeSet<String>,
    passed: usize,
    refused: usize,
    /// One of each failed case.
    exits: Vec<Exit>,
    /// Whether steps were looked at already.
    has_steps: bool,
}

impl<'a> TestReport<'a> {
    fn new(recipe: &'a Recipe, context: &'a Context, named: bool) -> Self {
        Self {
            recipe,
            context,
            named,
            noted: BTreeSet::new(),
            errors: BTreeSet::new(),
            passed: 0,
            refused: 0,
            exits: Vec::new(),
            has_steps: false,
        }
    }

    fn show(&mut self, verdict: CaseVerdict, tested: &mut Vec<RecipeTested>) -> Result<()> {
        let mut notes = verdict.notes.clone();
        // The commands are mostly the same in all cases.
        if let Some(steps) = verdict.steps.as_ref().filter(|_| !self.has_steps) {
            notes.extend(notes_on(steps)?);
            self.has_steps = true;
        }
        for note in &notes {
            if self.noted.insert(note.clone()) {
                output::note(note);
            }
        }
        let document = RecipeTested::of(self.recipe, &verdict, notes);
        let result = document.result;
        if !self.context.json {
            let name = if self.named {
                format!("{}, ", self.recipe.name)
            } else {
                String::new()
            };
            let case = format!("{name}{}", verdict.case);
            let steps = verdict.steps.as_ref().map(Vec::len);
            output::line(&match (result, &verdict.refused) {
                (TestResult::Failed, _) => format!("FAILED  {case}"),
                (TestResult::Refused, refused) => {
                    format!("refused  {case}: {}", refused.as_deref().unwrap_or_default())
                }
                (TestResult::Passed, Some(_)) => format!("ok  {case}: refused"),
                (TestResult::Passed, None) => format!("ok  {case}: {}", output::count(steps.unwrap_or(0), "step")),
            })?;
            for problem in &verdict.problems {
                output::line(&format!("        {}", problem.replace('\n', "\n    ")))?;
            }
            // One mistake fails in most cases in the same way.
            if let Some(error) = verdict
                .error
                .as_ref()
                .filter(|error| self.errors.insert(error.to_string()))
            {
                output::error(error, self.context);
            }
        }
        match result {
            TestResult::Passed => self.passed += 1,
            TestResult::Refused => self.refused += 1,
            TestResult::Failed => self
                .exits
                .push(verdict.error.as_ref().map_or(Exit::StepFailed, Error::exit)),
        }
        tested.push(document);
        Ok(())
    }

    fn has_failed(&self) -> bool {
        !self.exits.is_empty()
    }

    fn end(self) -> Exit {
        let all = self.passed + self.refused + self.exits.len();
        if self.has_failed() {
            output::note(&format!(
                "{} of {} failed",
                self.exits.len(),
                output::count(all, "case")
            ));
        }
        match (self.passed, self.refused) {
            (0, 0) if self.exits.is_empty() => {
                output::note("no case was tested");
                Exit::Usage
            }
            // It may refuse some systems, but there must be one that it is for.
            (0, 1..) if self.exits.is_empty() => Exit::Refused,
            _ => Exit::worst(&self.exits),
        }
    }
}
