//! Evaluates a recipe for an example server, so that it can be shown and checked without a real one.

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::recipe::{Answers, Inputs, KnownServer, Parameter, Recipe, ServerView, evaluate_anyway_in_subprocess};
use crate::runtime::open::Parameters;

/// The parameters that a recipe declares on a fresh Debian 13.
///
/// # Errors
/// If there are no facts to evaluate it with.
pub fn parameters_of(recipe: &Recipe) -> Result<Vec<Parameter>> {
    let facts = Facts::by_name_or_path("debian-13")?;
    // Parameters that must be given make the evaluation fail; by then they are declared.
    let (_, evaluated) = evaluate_anyway_in_subprocess(recipe, example(facts, "root", false, Parameters::new()))?;
    Ok(evaluated.declared)
}

/// What a recipe is given about a server that there is not: with these facts, logged in to as `user`, protected or not.
pub fn example(facts: Facts, user: &str, protected: bool, parameters: Parameters) -> Inputs {
    let server = ServerView {
        name: "example".to_owned(),
        host: "192.0.2.1".to_owned(),
        port: 22,
        user: user.to_owned(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: protected,
    };
    Inputs {
        server,
        known: Some(KnownServer { facts, protected }),
        parameters,
        answers: Box::new(NoServer),
    }
}

/// There is no server to ask: every question is answered with nothing.
struct NoServer;

impl Answers for NoServer {
    fn facts(&mut self) -> Result<KnownServer> {
        Err(Error::usage("there is no server to read facts from"))
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        Ok(String::new())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }
}
