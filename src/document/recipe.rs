//! A recipe: its origin, its purpose and its parameters.

use super::error::ErrorShown;
use crate::error::Result;
use crate::recipe::{Keeper, Parameter, Recipe};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// A recipe in a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RecipeListed {
    pub name: String,
    pub kept_by: Keeper,
    /// The user's own, found in place of a shipped one of the same name.
    pub overrides_shipped: bool,
    pub description: String,
    /// Why it can't be read; the other fields are meaningless then.
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

/// A new recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecipeWritten {
    pub file: PathBuf,
}

/// A recipe that was evaluated for one kind of server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecipeChecked {
    /// The kind of server: `debian-12 as root`.
    pub case: String,
    /// How many its plan has there.
    pub steps: usize,
    /// What the recipe printed, and what infrakt and shellcheck note on it.
    pub notes: Vec<String>,
}

impl RecipeListed {
    /// A recipe that can be run by `name`, or why it can't be read.
    pub fn new(name: String, found: &Result<Recipe>) -> Self {
        match found {
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
                problem: Some(ErrorShown::of(error)),
            },
        }
    }

    pub fn all(found: Vec<(String, Result<Recipe>)>) -> Vec<Self> {
        found
            .into_iter()
            .map(|(name, recipe)| Self::new(name, &recipe))
            .collect()
    }
}

impl RecipeShown {
    pub fn new(recipe: &Recipe, parameters: Vec<Parameter>) -> Self {
        Self {
            name: recipe.name.clone(),
            kept_by: recipe.keeper,
            overrides_shipped: recipe.overrides_shipped(),
            description: recipe.description().to_owned(),
            parameters,
            source: recipe.text.clone(),
        }
    }
}
