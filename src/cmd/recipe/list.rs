//! `infrakt recipe list`: the recipes that can be run by name, or the examples.

use crate::cmd::{Context, output};
use crate::document::recipe::RecipeListed;
use crate::error::{Exit, Result};
use crate::recipe::{Keeper, Recipe};

pub fn run(examples: bool, context: &Context) -> Result<Exit> {
    let library = context.library()?;
    let listed = match examples {
        true => {
            let name = |recipe: &Recipe| recipe.name.trim_end_matches(".rhai").to_owned();
            RecipeListed::all(
                library
                    .examples()
                    .into_iter()
                    .map(|recipe| (name(&recipe), Ok(recipe)))
                    .collect(),
            )
        }
        false => RecipeListed::all(library.all()?),
    };
    let mut exit = Exit::Done;
    for problem in listed.iter().filter_map(|one| one.problem.as_ref()) {
        output::note(&format!("error: {}", problem.message));
        exit = Exit::Usage;
    }
    if context.json {
        output::json(&listed)?;
    } else {
        let readable = listed.into_iter().filter(|one| one.problem.is_none());
        output::fitted_table(
            ["NAME", "ORIGIN", "DESCRIPTION"],
            readable.map(|one| {
                [
                    one.name,
                    keeper(one.kept_by, one.overrides_shipped).to_owned(),
                    one.description,
                ]
            }),
            &["DESCRIPTION"],
        )?;
        output::note(match examples {
            true => "a copy to start from: infrakt recipe new FILE --template examples/NAME",
            false => "recipes to start from: infrakt recipe list --examples",
        });
    }
    Ok(exit)
}

/// Whose a recipe is, in words.
pub fn keeper(keeper: Keeper, overrides_shipped: bool) -> &'static str {
    match keeper {
        Keeper::Shipped => "infrakt",
        Keeper::User if overrides_shipped => "you, instead of infrakt's",
        Keeper::User => "you",
        Keeper::Path => "a file",
    }
}
