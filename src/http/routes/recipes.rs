//! Recipes: found by name, never by path.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::call::{Call, ok};
use crate::document::recipe::{RecipeListed, RecipeShown};
use crate::runtime::parameters_of;

pub fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    ok(&RecipeListed::all(call.service.runtime()?.library.all()?))
}

pub fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    let recipe = call.service.runtime()?.library.find_named(call.name())?;
    ok(&RecipeShown::new(&recipe, parameters_of(&recipe)?))
}
