//! Evaluates a recipe for an example server, so that it can be shown and checked without a real one.

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::recipe::{
    Answers, Evaluated, Inputs, KnownServer, Parameter, Recipe, ServerView, evaluate_anyway_in_subprocess,
};
use crate::runtime::open::Parameters;
use crate::variables::{Variables, in_effect};
use std::collections::BTreeMap;

/// The parameters that a recipe declares on a fresh Debian 13.
///
/// # Errors
/// If there are no facts to evaluate it with.
pub fn parameters_of(recipe: &Recipe) -> Result<Vec<Parameter>> {
    let facts = Facts::by_name_or_path("debian-13")?;
    // Parameters that must be given make the evaluation fail; by then they are declared.
    let (_, evaluated) = evaluate_example(recipe, facts, Parameters::new(), &Variables::new())?;
    Ok(evaluated.declared)
}

/// Evaluates a recipe for an unprotected server with these facts and variables that is logged in to as root: what came of it, and what the
/// recipe said up to there.
///
/// # Errors
/// If the evaluation came to no end.
pub fn evaluate_example(
    recipe: &Recipe,
    facts: Facts,
    parameters: Parameters,
    vars: &Variables,
) -> Result<(Result<()>, Evaluated)> {
    let inputs = Inputs {
        server: ServerView {
            vars: in_effect(vars, &BTreeMap::new()),
            ..example_row()
        },
        known: Some(KnownServer {
            facts,
            protected: false,
        }),
        parameters,
        answers: Box::new(NoServer),
    };
    evaluate_anyway_in_subprocess(recipe, inputs)
}

/// The row of a server that there is not.
pub(in crate::runtime) fn example_row() -> ServerView {
    ServerView {
        name: "example".to_owned(),
        host: "192.0.2.1".to_owned(),
        port: 22,
        user: "root".to_owned(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: false,
        vars: BTreeMap::new(),
    }
}

/// Two servers with a tag, so that what a recipe does with each of them is evaluated too.
pub(in crate::runtime) fn example_servers(tag: &str) -> Vec<ServerView> {
    let named = [("1", "192.0.2.11"), ("2", "192.0.2.12")];
    let server = |(number, host): (&str, &str)| ServerView {
        name: format!("{tag}-{number}"),
        host: host.to_owned(),
        tags: vec![tag.to_owned()],
        ..example_row()
    };
    named.into_iter().map(server).collect()
}

/// There is no server to ask: a question is answered with the recipe's own sample, or with nothing.
struct NoServer;

impl Answers for NoServer {
    fn facts(&mut self) -> Result<KnownServer> {
        Err(Error::usage("there is no server to read facts from"))
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        Ok(String::new())
    }

    fn query_or(&mut self, _command: &str, sample: &str) -> Result<String> {
        Ok(sample.to_owned())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        Ok(example_servers(tag))
    }
}
