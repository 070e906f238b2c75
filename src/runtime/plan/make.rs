//! Evaluates a recipe to a plan: for a server that was reached, or from recorded facts.

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::plan::{Asked, Plan, Step, render};
use crate::recipe::{Answers, Evaluated, Inputs, KnownServer, Recipe, ServerView, evaluate_anyway_in_subprocess};
use crate::runtime::open::{Parameters, Runtime};
use crate::runtime::reach::live::Live;
use crate::runtime::reach::{protection, reading, route};
use crate::ssh::AskSecret;
use crate::store::{Home, Server, Store};
use serde_json::Value;

/// A plan and what was learned on the way to it.
pub struct Planned {
    pub plan: Plan,
    /// The facts it rests on, with the answers to the recipe's questions.
    pub facts: Facts,
    /// What the recipe printed.
    pub printed: Vec<String>,
    /// Whether its queries could have changed a file on the server; `None` if it asked none there.
    pub asked: Option<Asked>,
}

impl Planned {
    /// What a person should read before the plan is executed: what the recipe printed, and whether its queries may have
    /// changed something.
    pub fn remarks(&self) -> Vec<String> {
        let unguarded = self.asked.as_ref().and_then(render::unguarded);
        self.printed.iter().cloned().chain(unguarded).collect()
    }
}

impl Runtime {
    /// Reaches a server to execute a recipe there, and makes the plan. The facts are read only if something rests on them:
    /// they cost a server far more than most steps.
    ///
    /// # Errors
    /// As [`Runtime::reach`] and [`Runtime::plan`].
    pub fn reach_and_plan(
        &self,
        recipe: &Recipe,
        server: &Server,
        parameters: Parameters,
        secrets: &dyn AskSecret,
    ) -> Result<(Live, Planned)> {
        let mut live = Live::reach_known(&self.store, server, secrets)?;
        let planned = self.plan(recipe, &mut live, parameters, secrets)?;
        Ok((live, planned))
    }

    /// Makes the plan of a recipe for a server that was reached. Facts that were not read yet are read when the recipe
    /// first asks for them, or if the plan destroys anything.
    ///
    /// # Errors
    /// If the recipe is broken, refuses, or asks something that can't be answered.
    pub fn plan(
        &self,
        recipe: &Recipe,
        live: &mut Live,
        parameters: Parameters,
        person: &dyn AskSecret,
    ) -> Result<Planned> {
        let inputs = Inputs {
            server: live.view(self.store.variables_of(&live.server)?),
            known: live.known(),
            parameters,
            answers: live.answers(&self.home),
        };
        let mut evaluated = evaluate(recipe, inputs, person)?;
        live.take_over();
        if evaluated.steps.iter().any(Step::destroys) {
            live.read_once(&self.store)?;
        }
        Ok(Planned {
            asked: live.asked(),
            printed: std::mem::take(&mut evaluated.printed),
            facts: Facts {
                answers: std::mem::take(&mut evaluated.answers),
                ..live.facts.clone()
            },
            plan: recipe.with_files(evaluated.into_plan(live.identity.clone(), live.losses.clone(), false)),
        })
    }

    /// Makes the plan of a recipe from recorded facts. Contacts no server: the same inputs give the same bytes.
    ///
    /// # Errors
    /// As [`Runtime::plan`], or if the recipe asks what was not recorded.
    pub fn plan_offline(
        &self,
        recipe: &Recipe,
        server: &Server,
        facts: Facts,
        parameters: Parameters,
        person: &dyn AskSecret,
    ) -> Result<Planned> {
        let protected = protection::reasons(&self.store, server, &facts, server.host_key.as_ref())?;
        let identity = reading::identity(
            server,
            &route::target_of_row(server),
            server.host_key.clone(),
            facts.machine_id.clone(),
            protected,
        );
        let losses = reading::losses(&self.store, server, &facts)?;
        let recorded = RecordedAnswers {
            facts: facts.clone(),
            home: self.home.clone(),
        };
        let inputs = Inputs {
            server: reading::view(server, &identity, self.store.variables_of(server)?),
            known: Some(KnownServer {
                facts: facts.clone(),
                protected: !identity.protected.is_empty(),
            }),
            parameters,
            answers: Box::new(recorded),
        };
        let mut evaluated = evaluate(recipe, inputs, person)?;
        Ok(Planned {
            asked: None,
            printed: std::mem::take(&mut evaluated.printed),
            facts,
            plan: recipe.with_files(evaluated.into_plan(identity, losses, true)),
        })
    }
}

/// Evaluates a recipe. If it fails, the person sees what it printed until then; otherwise that comes with the plan.
fn evaluate(recipe: &Recipe, inputs: Inputs, person: &dyn AskSecret) -> Result<Evaluated> {
    let (outcome, evaluated) = evaluate_anyway_in_subprocess(recipe, inputs)?;
    if outcome.is_err() && !evaluated.printed.is_empty() {
        let printed = evaluated.printed.join("\n  ");
        person.tell(&format!("the recipe printed, before it failed:\n  {printed}"));
    }
    outcome.map(|()| evaluated)
}

/// Answers from recorded facts and the inventory: no server is asked.
struct RecordedAnswers {
    facts: Facts,
    home: Home,
}

impl Answers for RecordedAnswers {
    fn facts(&mut self) -> Result<KnownServer> {
        // They were given beforehand, and so this is never asked.
        Err(Error::usage("the recorded facts were not given to the recipe"))
    }

    fn query(&mut self, command: &str) -> Result<String> {
        // What was recorded is answered before this is asked.
        Err(Error::usage_with(
            format!("the answer to `{command}` is not recorded, and planning offline asks no server"),
            format!(
                "record the answer with the facts of a live server: infrakt plan RECIPE --server NAME --facts-out facts.json; then --offline --facts facts.json ({} answers are recorded)",
                self.facts.answers.len()
            ),
        ))
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        let recorded = self
            .facts
            .answers
            .get("db::apps")
            .cloned()
            .unwrap_or_else(|| Value::Array(Vec::new()));
        serde_json::from_value(recorded).map_err(|error| Error::Malformed {
            what: "the recorded answer of db::apps".to_owned(),
            reason: error.to_string(),
            hint: None,
        })
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        reading::views_of_tagged(&Store::open(&self.home)?, tag)
    }
}
