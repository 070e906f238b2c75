//! A recipe: its origin, its purpose and its parameters.

use super::error::ErrorShown;
use crate::error::{Error, Result};
use crate::recipe::reference::Function;
use crate::recipe::{Keeper, Parameter, Recipe};
use crate::runtime::CaseVerdict;
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
    /// The files beside it that belong to it.
    pub beside: Vec<PathBuf>,
}

/// A recipe that was evaluated for one kind of server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecipeChecked {
    pub recipe: String,
    /// The kind of server: `debian-12 as root`.
    pub case: String,
    /// How many its plan has there; null if it has none.
    pub steps: Option<usize>,
    /// What is wrong with the recipe, if it is one of several.
    pub error: Option<ErrorShown>,
    /// What the recipe printed, and what infrakt and shellcheck note on it.
    pub notes: Vec<String>,
}

/// A case of a recipe's tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecipeTested {
    pub recipe: String,
    /// The case's name, or the kind of server: `debian-12 as root`. Null if one of several recipes can't be tested.
    pub case: Option<String>,
    pub result: TestResult,
    /// How many its plan has; null if the recipe makes none.
    pub steps: Option<usize>,
    /// Why the recipe refuses, where that is no failure.
    pub refused: Option<String>,
    /// What is not as the case expects.
    pub problems: Vec<String>,
    /// What is wrong with the recipe.
    pub error: Option<ErrorShown>,
    /// What the recipe printed, and what infrakt and shellcheck note on it.
    pub notes: Vec<String>,
}

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    Passed,
    /// The recipe refuses this kind of server, and no case says that it must not.
    Refused,
    Failed,
}

impl RecipeTested {
    pub fn of(recipe: &Recipe, verdict: &CaseVerdict, notes: Vec<String>) -> Self {
        let result = match (verdict.is_passed(), &verdict.refused) {
            (false, _) => TestResult::Failed,
            (true, Some(_)) if !verdict.own => TestResult::Refused,
            (true, _) => TestResult::Passed,
        };
        Self {
            recipe: recipe.name.clone(),
            case: Some(verdict.case.clone()),
            result,
            steps: verdict.steps.as_ref().map(Vec::len),
            refused: verdict.refused.clone(),
            problems: verdict.problems.clone(),
            error: verdict.error.as_ref().map(ErrorShown::of),
            notes,
        }
    }

    /// A recipe, by the name that was given, that can't be tested.
    pub fn broken(name: &str, error: &Error) -> Self {
        Self {
            recipe: name.to_owned(),
            case: None,
            result: TestResult::Failed,
            steps: None,
            refused: None,
            problems: Vec::new(),
            error: Some(ErrorShown::of(error)),
            notes: Vec::new(),
        }
    }
}

/// A module of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleShown {
    pub name: String,
    pub description: String,
    pub functions: Vec<Function>,
    pub source: String,
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
