//! Plans: what a recipe would do on a server.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::body::{SecretText, answers, short, short_in_query};
use super::call::{Call, ok};
use crate::document::plan::PlanShown;
use crate::runtime::{Parameters, Unattended};
use schemars::JsonSchema;
use serde::Deserialize;

/// The recipe that provisions, and that `keep_data` is a parameter of.
pub const PROVISION: &str = "provision";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanQuery {
    /// The name of a recipe. `shipped:NAME` is infrakt's own, even if the user has one of the same name.
    recipe: String,
    /// Only for `provision`: keep existing data.
    keep_data: Option<bool>,
}

/// A recipe and its parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// The name of a recipe. `shipped:NAME` is infrakt's own, even if the user has one of the same name.
    recipe: String,
    #[serde(default)]
    parameters: Parameters,
    /// The password for sudo on the server. It is used for this request only.
    sudo_password: Option<SecretText>,
}

/// With what the query can say.
pub fn get(call: &Call<'_>) -> Result<Answer, Problem> {
    let query: PlanQuery = call.request.query()?;
    short_in_query("recipe", Some(&query.recipe))?;
    let mut parameters = Parameters::new();
    match query.keep_data {
        Some(_) if !is_provision(&query.recipe) => {
            let message = format!("only the recipe {PROVISION} takes keep_data");
            return Err(Problem::invalid_query(Some("keep_data".to_owned()), message));
        }
        Some(true) => {
            parameters.insert("keep_data".to_owned(), true.into());
        }
        Some(false) | None => {}
    }
    show(call, &query.recipe, parameters, &Unattended::default())
}

fn is_provision(recipe: &str) -> bool {
    let bare = recipe.strip_prefix("shipped:").unwrap_or(recipe);
    bare.strip_suffix(".rhai").unwrap_or(bare) == PROVISION
}

/// With parameters.
pub fn post(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: PlanBody = call.request.json()?;
    short("recipe", Some(&body.recipe))?;
    let answers = answers(body.sudo_password)?;
    show(call, &body.recipe, body.parameters, &answers)
}

fn show(call: &Call<'_>, recipe: &str, parameters: Parameters, answers: &Unattended) -> Result<Answer, Problem> {
    let runtime = call.service.runtime()?;
    let server = runtime.server(call.name())?;
    let recipe = runtime.library.find_named(recipe)?;
    ok(&PlanShown::of(runtime.show(
        &recipe,
        &server,
        parameters,
        answers,
        call.service.shown(),
    )?))
}
