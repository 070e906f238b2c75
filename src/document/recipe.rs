//! A recipe: who keeps it, what it is for, and what it takes.

use super::error::ErrorShown;
use crate::error::Result;
use crate::recipe::{Keeper, Library, Parameter, Recipe};
use schemars::JsonSchema;
use serde::Serialize;

/// A recipe in a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RecipeListed {
    pub name: String,
    pub kept_by: Keeper,
    /// The user's own, found in place of a shipped one of the same name.
    pub overrides_shipped: bool,
    pub description: String,
    /// Why it can't be read; then the rest says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ErrorShown>,
}

/// A recipe with its text.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RecipeShown {
    pub name: String,
    pub kept_by: Keeper,
    pub overrides_shipped: bool,
    pub description: String,
    pub parameters: Vec<Parameter>,
    pub source: String,
}

impl RecipeListed {
    /// All that can be run by name. One that can't be read does not hide the others.
    ///
    /// # Errors
    /// If the folder of the user's own recipes can't be read.
    pub fn all(library: &Library) -> Result<Vec<Self>> {
        let listed = library
            .names()?
            .into_iter()
            .map(|name| match library.find_named(&name) {
                Ok(recipe) => Self {
                    name,
                    kept_by: recipe.keeper,
                    overrides_shipped: recipe.overrides_shipped(),
                    description: recipe.description().to_owned(),
                    problem: None,
                },
                Err(error) => Self {
                    name,
                    kept_by: Keeper::User,
                    overrides_shipped: false,
                    description: String::new(),
                    problem: Some(ErrorShown::of(&error)),
                },
            });
        Ok(listed.collect())
    }
}

impl RecipeShown {
    /// # Errors
    /// If the recipe can't be evaluated far enough to know its parameters.
    pub fn of(recipe: &Recipe) -> Result<Self> {
        Ok(Self {
            name: recipe.name.clone(),
            kept_by: recipe.keeper,
            overrides_shipped: recipe.overrides_shipped(),
            description: recipe.description().to_owned(),
            parameters: crate::runtime::parameters_of(recipe)?,
            source: recipe.text.clone(),
        })
    }
}
