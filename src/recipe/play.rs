//! A play: a file that names recipes and their servers, in stages. A stage begins when the one before it has succeeded on all
//! of its servers. It must not know which servers there are, nor how stages are executed.

use super::formats::without_dates;
use crate::error::{Error, Result};
use crate::ownership;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Bytes of a play.
const LARGEST: usize = 1 << 20;

#[derive(Debug, Clone)]
pub struct Play {
    /// The whole path of its file.
    pub path: PathBuf,
    pub stages: Vec<PlayStage>,
}

/// One recipe on some servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayStage {
    /// What people know the stage by; the recipe, if it is not said.
    #[serde(default)]
    pub name: String,
    /// A name, or the path of a file; a path begins in the folder of the play.
    pub recipe: String,
    #[serde(default)]
    pub servers: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, toml::Value>,
    /// How many of its servers at once, if not as many as the command says.
    pub parallel: Option<NonZeroUsize>,
    /// Whether the others stop after a failure on one of its servers.
    #[serde(default)]
    pub fail_fast: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlayFile {
    stage: Vec<PlayStage>,
}

impl PlayStage {
    /// The parameters of its recipe.
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        let set = self.set.iter();
        set.map(|(name, value)| (name.clone(), without_dates(value.clone())))
            .collect()
    }
}

impl Play {
    /// Whether a word in the place of a recipe names a play.
    pub fn is_named_by(word: &str) -> bool {
        Path::new(word).extension().is_some_and(|extension| extension == "toml")
    }

    /// # Errors
    /// If the file can't be read, other users can change it, or it is no play.
    pub fn read(path: &Path) -> Result<Self> {
        let real = ownership::follow(path).map_err(|unusable| match unusable.is_missing() {
            true => Error::usage_with(
                format!("there is no play {}", path.display()),
                "a play is a file that ends in .toml and has a [[stage]] for each recipe",
            ),
            false => unusable.into_error(path),
        })?;
        let text = std::fs::read_to_string(&real).map_err(Error::file("read", path))?;
        let malformed = |reason: String| Error::Malformed {
            what: format!("the play {}", path.display()),
            reason,
            hint: Some("for example: [[stage]] with recipe = \"./db.rhai\" and tags = [\"db\"]".to_owned()),
        };
        if text.len() > LARGEST {
            return Err(malformed(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        let read: PlayFile = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            malformed(format!(
                "line {}: {}",
                before.matches('\n').count() + 1,
                error.message()
            ))
        })?;
        let folder = real.parent().unwrap_or(Path::new("/"));
        let mut stages = read.stage;
        for stage in &mut stages {
            if stage.name.is_empty() {
                stage.name.clone_from(&stage.recipe);
            }
            if !crate::plan::form::is_title(&stage.name) {
                return Err(malformed("the name of a stage must be one line".to_owned()));
            }
            if stage.recipe.contains('/') {
                stage.recipe = folder.join(&stage.recipe).display().to_string();
            }
            if stage.servers.is_empty() && stage.tags.is_empty() {
                return Err(malformed(format!(
                    "the stage '{}' has neither servers nor tags",
                    stage.name
                )));
            }
        }
        if stages.is_empty() {
            return Err(malformed("it has no stage".to_owned()));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = stages.iter().find(|stage| !names.insert(&stage.name)) {
            return Err(malformed(format!("two stages have the name '{}'", twice.name)));
        }
        Ok(Self { path: real, stages })
    }
}
