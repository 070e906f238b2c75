//! Evaluates a recipe for a case, and compares its plan with what the case expects.

use super::case::{Case, ServerGiven};
use super::snapshots::Snapshots;
use crate::error::{Error, RecipeError, Result};
use crate::facts::Facts;
use crate::plan::{Losses, Plan, ServerIdentity, Step, render};
use crate::recipe::{Answers, Evaluated, Inputs, KnownServer, Recipe, ServerView, evaluate_anyway_in_subprocess};
use crate::runtime::plan::example::{example_row, example_servers};
use crate::variables::in_effect;
use std::collections::BTreeMap;

/// What came of a case on one system.
pub struct CaseVerdict {
    /// `debian-13 as root`, or the name of the case.
    pub case: String,
    /// The steps of its plan; none if the recipe refused.
    pub steps: Option<Vec<Step>>,
    /// Why the recipe made no plan, where that is no failure.
    pub refused: Option<String>,
    /// Whether the author expects exactly this, and not only allows it.
    pub own: bool,
    /// What is not as expected.
    pub problems: Vec<String>,
    /// What is wrong with the recipe.
    pub error: Option<Error>,
    /// What the recipe printed, and what infrakt notes on it.
    pub notes: Vec<String>,
}

impl CaseVerdict {
    pub fn is_passed(&self) -> bool {
        self.problems.is_empty() && self.error.is_none()
    }
}

/// Evaluates and compares. `own`: the case is the author's, so a refusal must be expected and a query must have an answer.
///
/// # Errors
/// If the case itself is wrong, or the evaluation came to no end.
pub fn verdict(
    recipe: &Recipe,
    case: &Case,
    system: &str,
    facts: Facts,
    own: bool,
    snapshots: &mut Snapshots,
) -> Result<CaseVerdict> {
    let server = row(&case.server);
    let identity = ServerIdentity {
        id: 0,
        name: server.name.clone(),
        host: server.host.clone(),
        port: server.port,
        user: server.user.clone(),
        host_key: None,
        machine_id: facts.machine_id.clone(),
        protected: Vec::new(),
    };
    let inputs = Inputs {
        server,
        known: Some(KnownServer {
            facts,
            protected: case.server.is_protected,
        }),
        parameters: case.parameters.clone(),
        answers: Box::new(CaseAnswers {
            answers: case.answers.clone(),
            apps: case
                .apps
                .iter()
                .map(|app| (app.name.clone(), app.image.clone()))
                .collect(),
            servers: case.servers.iter().map(row).collect(),
            own,
        }),
    };
    let (outcome, evaluated) = evaluate_anyway_in_subprocess(recipe, inputs)?;
    let several = case.systems().len() > 1;
    let mut verdict = CaseVerdict {
        case: match (own, several) {
            (true, false) => case.name.clone(),
            (true, true) => format!("{} ({system})", case.name),
            (false, _) => format!("{system} {}", case.name),
        },
        steps: None,
        refused: None,
        own,
        problems: Vec::new(),
        error: None,
        notes: evaluated.printed.clone(),
    };
    verdict.problems.extend(unasked(case, &evaluated));
    match (outcome, &case.refused) {
        (Err(Error::Recipe(refusal)), Some(expected)) if refusal.is_refusal() => {
            let message = refusal.to_string();
            if !message.contains(expected.as_str()) {
                verdict
                    .problems
                    .push(format!("it is refused with other words: {message}"));
            }
            verdict.problems.extend(unsaid(case, &verdict.notes));
            verdict.refused = Some(message);
        }
        (Err(error), None) if !own && is_failed(&error) => verdict.refused = Some(error.to_string()),
        (Err(error), _) => verdict.error = Some(error),
        (Ok(()), Some(expected)) => {
            verdict
                .problems
                .push(format!("the recipe makes a plan, and should refuse: {expected}"));
        }
        (Ok(()), None) => {
            verdict.steps = Some(evaluated.steps.clone());
            let plan = evaluated.into_plan(identity, Losses::default(), true);
            verdict.problems.extend(unexpected(case, &plan, &verdict.notes));
            if case.snapshot {
                verdict.problems.extend(snapshots.compare(&verdict.case, &shown(&plan)));
            }
        }
    }
    Ok(verdict)
}

/// Whether the recipe itself refuses with `fail`, which may be right for this server.
fn is_failed(error: &Error) -> bool {
    matches!(error, Error::Recipe(recipe) if matches!(**recipe, RecipeError::Failed { .. }))
}

fn row(given: &ServerGiven) -> ServerView {
    let usual = example_row();
    ServerView {
        name: given.name.clone().unwrap_or(usual.name),
        host: given.host.clone().unwrap_or(usual.host),
        port: given.port.unwrap_or(usual.port),
        user: given.user.clone().unwrap_or(usual.user),
        provider: given.provider.clone().unwrap_or(usual.provider),
        tags: given.tags.clone(),
        is_infrakt_host: given.is_infrakt_host,
        vars: in_effect(&given.vars, &BTreeMap::new()),
    }
}

/// The plan as `plan --full` shows it, without what changes with every line of the recipe: its digest, and the lines of its
/// queries.
fn shown(plan: &Plan) -> String {
    let text = render::plain(&render::plan(plan, None, None));
    let lines = text.lines().filter(|line| !line.starts_with("digest "));
    let lines = lines.map(|line| match line.rsplit_once(':') {
        Some((file, _)) if line.starts_with("      query ") => file,
        _ => line.trim_end(),
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Answers that the recipe never asks for: their command is probably misspelt.
fn unasked(case: &Case, evaluated: &Evaluated) -> Vec<String> {
    let asked = |command: &String| evaluated.queries.iter().any(|query| query.command == *command);
    let unasked = case.answers.keys().filter(|command| !asked(command));
    unasked
        .map(|command| format!("it never asks `{command}`, for which the case has an answer"))
        .collect()
}

/// What the recipe should print, and does not.
fn unsaid<'a>(case: &'a Case, notes: &'a [String]) -> impl Iterator<Item = String> {
    let unsaid = case
        .prints
        .iter()
        .filter(|part| !notes.iter().any(|note| note.contains(part.as_str())));
    unsaid.map(|part| format!("the recipe does not print: {part}"))
}

fn unexpected(case: &Case, plan: &Plan, notes: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut titles = plan.steps.iter().map(|step| step.title.as_str());
    for expected in &case.steps {
        if !titles.any(|title| title == expected) {
            let there = plan.steps.iter().any(|step| step.title == *expected);
            problems.push(match there {
                true => format!("the step '{expected}' comes too early"),
                false => format!("there is no step '{expected}'"),
            });
            break;
        }
    }
    let text = shown(plan);
    let missing = case.contains.iter().filter(|part| !text.contains(part.as_str()));
    problems.extend(missing.map(|part| format!("the plan does not contain: {part}")));
    let present = case.without.iter().filter(|part| text.contains(part.as_str()));
    problems.extend(present.map(|part| format!("the plan contains: {part}")));
    problems.extend(unsaid(case, notes));
    if let Some(expected) = case.secrets.as_ref().filter(|expected| **expected != plan.secrets) {
        let names = |names: &std::collections::BTreeSet<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        problems.push(format!(
            "it needs the secrets {}, not {}",
            names(&plan.secrets),
            names(expected)
        ));
    }
    problems
}

/// Answers of a case: to a query, the case's own, or the recipe's sample.
struct CaseAnswers {
    answers: BTreeMap<String, String>,
    apps: Vec<(String, String)>,
    servers: Vec<ServerView>,
    own: bool,
}

impl Answers for CaseAnswers {
    fn facts(&mut self) -> Result<KnownServer> {
        Err(Error::usage("there is no server to read facts from"))
    }

    fn query(&mut self, command: &str) -> Result<String> {
        match self.answers.get(command) {
            Some(answer) => Ok(answer.clone()),
            None if !self.own => Ok(String::new()),
            None => Err(Error::usage_with(
                format!("the case has no answer to `{command}`"),
                "add it to the case, as answers.\"COMMAND\" = \"ANSWER\", or give the query a sample: \
                 ssh::query(\"…\", #{ sample: \"…\" })",
            )),
        }
    }

    fn query_or(&mut self, command: &str, sample: &str) -> Result<String> {
        Ok(self.answers.get(command).cloned().unwrap_or_else(|| sample.to_owned()))
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.apps.clone())
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        if self.servers.is_empty() {
            return Ok(example_servers(tag));
        }
        let tagged = self
            .servers
            .iter()
            .filter(|server| server.tags.iter().any(|one| one == tag));
        Ok(tagged.cloned().collect())
    }
}
