//! The cases of a test file: what a recipe is given, and what its plan must be.

use crate::error::{Error, Result, beginning};
use crate::facts::Facts;
use crate::plan::form::is_title;
use crate::recipe::Recipe;
use crate::recipe::formats::without_dates;
use crate::runtime::open::Parameters;
use crate::variables::Variables;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The ending of the name of a test file: `shop.rhai` has `shop.test.toml`.
const ENDING: &str = ".test.toml";

/// The cases beside a recipe.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    #[serde(rename = "case", default)]
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// A fresh system (`debian-13`), several, or `all`.
    #[serde(default)]
    pub system: Systems,
    /// Facts in place of those of the fresh system.
    #[serde(default, deserialize_with = "data")]
    pub facts: Map<String, Value>,
    #[serde(default)]
    pub server: ServerGiven,
    #[serde(default, deserialize_with = "data")]
    pub parameters: Parameters,
    /// Answers to the recipe's queries, by command.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// The server's apps.
    #[serde(default)]
    pub apps: Vec<AppGiven>,
    /// The servers that the recipe finds by their tags. Without any, each tag has two.
    #[serde(default)]
    pub servers: Vec<ServerGiven>,
    /// A part of the message with which the recipe must refuse to make a plan. Of what else is expected, only `prints` can
    /// stand beside it.
    pub refused: Option<String>,
    /// Titles of steps that the plan must have, in this order; others may be between them.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Texts that must be in the plan, as `plan --full` shows it.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Texts that must not be in it.
    #[serde(default)]
    pub without: Vec<String>,
    /// Texts that the recipe must print.
    #[serde(default)]
    pub prints: Vec<String>,
    /// The names of all secrets that the plan needs.
    pub secrets: Option<BTreeSet<String>>,
    /// Whether the whole plan is kept, and must stay as it is.
    #[serde(default)]
    pub snapshot: bool,
    /// Whether `recipe test --lab` runs the recipe with these parameters.
    #[serde(default)]
    pub lab: bool,
    /// A shell script that prepares the machine for it.
    pub setup: Option<String>,
}

/// What the inventory has of the server; the rest is as for a server that was just added.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerGiven {
    pub name: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub provider: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default, deserialize_with = "data")]
    pub vars: Variables,
    #[serde(default)]
    pub is_infrakt_host: bool,
    #[serde(default)]
    pub is_protected: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppGiven {
    pub name: String,
    pub image: String,
}

/// One system or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Systems {
    One(String),
    Several(Vec<String>),
}

impl Default for Systems {
    fn default() -> Self {
        Self::One("debian-13".to_owned())
    }
}

impl TestFile {
    /// The file beside a recipe, if it has one.
    ///
    /// # Errors
    /// If it can't be read, or says what no test file can say.
    pub fn of(recipe: &Recipe) -> Result<Option<Self>> {
        let Some(text) = recipe.beside(ENDING)? else {
            return Ok(None);
        };
        let file: Self =
            toml::from_str(&text).map_err(|error| malformed(recipe, error.to_string().trim_end().to_owned()))?;
        if let Some(mistake) = file.cases.iter().find_map(Case::mistake) {
            return Err(malformed(recipe, mistake));
        }
        let mut names = BTreeSet::new();
        match file.cases.iter().find(|case| !names.insert(&case.name)) {
            Some(case) => Err(Error::usage(format!(
                "{} has two cases named '{}'",
                recipe.name_beside(ENDING),
                case.name
            ))),
            None => Ok(Some(file)),
        }
    }

    /// What is tested of a recipe without a test file: every supported system, as root and through sudo, and a protected
    /// server.
    pub fn usual() -> Self {
        let logins = [
            ("as root", "root", false),
            ("as deploy", "deploy", false),
            ("as root, protected", "root", true),
        ];
        let cases = logins.map(|(name, user, protected)| Case {
            name: name.to_owned(),
            system: Systems::One("all".to_owned()),
            server: ServerGiven {
                user: Some(user.to_owned()),
                is_infrakt_host: protected,
                is_protected: protected,
                ..ServerGiven::default()
            },
            ..Case::default()
        });
        Self { cases: cases.into() }
    }
}

/// The error of a test file that says what no test file can say.
fn malformed(recipe: &Recipe, reason: String) -> Error {
    Error::Malformed {
        what: recipe.name_beside(ENDING),
        reason,
        hint: Some("see what a case can have: infrakt recipe docs 'Tests of your own'".to_owned()),
    }
}

/// Values by name, with dates as the texts that they are written with.
fn data<'de, D, M>(deserializer: D) -> std::result::Result<M, D::Error>
where
    D: Deserializer<'de>,
    M: FromIterator<(String, Value)>,
{
    let values = toml::Table::deserialize(deserializer)?.into_iter();
    Ok(values.map(|(name, value)| (name, without_dates(value))).collect())
}

impl Case {
    /// What the case says and no case can say.
    fn mistake(&self) -> Option<String> {
        let name = &self.name;
        if !is_title(name) {
            return Some(format!(
                "the name of a case must be one line, and {:?} is not",
                beginning(name)
            ));
        }
        if matches!(&self.system, Systems::Several(several) if several.is_empty()) {
            return Some(format!("`system` of the case '{name}' is an empty list"));
        }
        let refused = self.refused.as_ref()?;
        if refused.trim().is_empty() {
            return Some(format!(
                "`refused` of the case '{name}' is empty, and must be a part of the message"
            ));
        }
        let of_a_plan = [
            ("steps", !self.steps.is_empty()),
            ("contains", !self.contains.is_empty()),
            ("without", !self.without.is_empty()),
            ("secrets", self.secrets.is_some()),
            ("snapshot", self.snapshot),
        ];
        let (key, _) = of_a_plan.into_iter().find(|(_, is_given)| *is_given)?;
        Some(format!(
            "the case '{name}' has `{key}` beside `refused`, and a recipe that refuses makes no plan"
        ))
    }

    /// The systems that it is for.
    pub fn systems(&self) -> Vec<String> {
        match &self.system {
            Systems::One(one) if one == "all" => Facts::profiles().map(str::to_owned).collect(),
            Systems::One(one) => vec![one.clone()],
            Systems::Several(several) => several.clone(),
        }
    }

    /// The facts of a system, with what the case of this recipe changes in them.
    ///
    /// # Errors
    /// If there is no such system, or a changed fact is none.
    pub fn facts(&self, system: &str, recipe: &Recipe) -> Result<Facts> {
        let facts = Facts::by_name_or_path(system)?;
        if self.facts.is_empty() {
            return Ok(facts);
        }
        let wrong = |key: &str, reason: String| {
            malformed(recipe, format!("`facts.{key}` of the case '{}': {reason}", self.name))
        };
        let mut changed = serde_json::to_value(&facts).map_err(|error| Error::usage(error.to_string()))?;
        merge(&mut changed, &Value::Object(self.facts.clone()));
        let changed: Facts = serde_path_to_error::deserialize(changed)
            .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
        match changed.format == facts.format {
            true => Ok(changed),
            false => Err(wrong("format", format!("it must stay {}", facts.format))),
        }
    }
}

/// Puts values in the place of others; maps are merged key by key.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
