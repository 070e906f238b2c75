//! Where the parts of a plan come from: the recipe, its modules, and the line of each step.

use super::content::FileIdentity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a recipe or a module comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keeper {
    /// Part of infrakt.
    Shipped,
    /// In the folder `recipes` of the user's home.
    User,
    /// A recipe that was named by its path, or a module in its folder.
    #[default]
    Path,
}

/// Which recipe, and its exact text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipeIdentity {
    pub name: String,
    pub kept_by: Keeper,
    /// The user's own, found in place of a shipped one of the same name.
    pub overrides_shipped: bool,
    /// The recipe and each module that it imports, by unique name: `lib/apt.rhai` is infrakt's own,
    /// `./lib/app.rhai` is in the recipe's folder, `home:lib/app.rhai` in the folder `recipes` of the user's home.
    pub sources: BTreeMap<String, Source>,
    /// The files in the recipe's folder that it read as text, by their paths from there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, FileIdentity>,
}

/// A text that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub kept_by: Keeper,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

/// The line of a recipe that made a step or a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The recipe's name, or the name of a module as in [`RecipeIdentity::sources`]; never a path of this computer.
    pub file: String,
    pub kept_by: Keeper,
    pub line: usize,
    /// The file, not infrakt's own, that modified the step of a shipped module: with a guard, a variable or a timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered_by: Option<String>,
}

impl Origin {
    /// Whether the step is as infrakt's own library makes it.
    pub fn is_shipped(&self) -> bool {
        self.kept_by == Keeper::Shipped && self.altered_by.is_none()
    }
}
