//! What a command is to do: one recipe on the servers that its options name, or the stages of a play.

use super::parameters::SetArgs;
use super::targets::Targets;
use crate::error::{Error, Result};
use crate::recipe::{Play, PlayStage};
use crate::runtime::{AtOnce, FailFast, Parameters, Runtime};
use crate::store::{GroupStage, Server};
use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;

/// One recipe on some servers.
pub(super) struct Stage {
    /// Its name in the play; `None` if there is no play.
    pub name: Option<String>,
    /// A name or a path.
    pub recipe: String,
    pub servers: Vec<Server>,
    pub parameters: Parameters,
    /// Those that were given with `--set`, as they were typed.
    pub set: Vec<String>,
    /// How many of its servers at once, if the play says it.
    pub parallel: Option<NonZeroU32>,
    /// Whether the play says that the others stop after a failure.
    pub fail_fast: bool,
}

/// All that a command is to do.
pub(super) struct Stages {
    /// The whole path of the play, if there is one.
    pub play: Option<String>,
    pub stages: Vec<Stage>,
}

impl Stage {
    /// The only stage of a command without a play.
    pub fn of_recipe(recipe: &str, servers: Vec<Server>, parameters: Parameters, set: &SetArgs) -> Self {
        Self {
            name: None,
            recipe: recipe.to_owned(),
            servers,
            parameters,
            set: set.set.clone(),
            parallel: None,
            fail_fast: false,
        }
    }

    /// A stage of an earlier command, on these of its servers.
    pub fn again(stage: &GroupStage, servers: Vec<Server>) -> Self {
        Self {
            name: Some(stage.name.clone()),
            recipe: stage.recipe.clone(),
            servers,
            parameters: stage.parameters.clone(),
            set: Vec::new(),
            parallel: stage.parallel,
            fail_fast: stage.fail_fast,
        }
    }

    fn of_play(stage: &PlayStage, runtime: &Runtime, set: &SetArgs, given: &Parameters) -> Result<Self> {
        let targets = Targets {
            server: stage.servers.clone(),
            tag: stage.tags.clone(),
            all: false,
        };
        let mut parameters = stage.parameters();
        parameters.extend(given.clone());
        Ok(Self {
            name: Some(stage.name.clone()),
            recipe: stage.recipe.clone(),
            servers: targets.resolve(runtime)?,
            parameters,
            set: set.set.clone(),
            parallel: stage.parallel.and_then(|count| NonZeroU32::try_from(count).ok()),
            fail_fast: stage.fail_fast,
        })
    }

    /// How its servers are worked on, where the command says `at_once`.
    pub fn at_once<'a>(&'a self, at_once: AtOnce<'a>) -> AtOnce<'a> {
        AtOnce {
            parallel: self
                .parallel
                .and_then(|count| NonZeroUsize::try_from(count).ok())
                .unwrap_or(at_once.parallel),
            fail_fast: match &self.name {
                Some(name) if self.fail_fast => Some(FailFast::Stage(name)),
                _ => at_once.fail_fast,
            },
        }
    }
}

impl Stages {
    /// `recipe` is the name or the path of a recipe, or the path of a play.
    ///
    /// # Errors
    /// If there is no such recipe, play or server, or a server is in two stages.
    pub fn of_command(runtime: &Runtime, recipe: &str, targets: &Targets, set: &SetArgs) -> Result<Self> {
        if !Play::is_named_by(recipe) {
            // A recipe that doesn't exist is reported before the user chooses servers for it.
            runtime.library.find(recipe)?;
            let parameters = set.parse()?;
            let servers = targets.resolve(runtime)?;
            return Ok(Self {
                play: None,
                stages: vec![Stage::of_recipe(recipe, servers, parameters, set)],
            });
        }
        if targets.are_given() {
            return Err(Error::usage_with(
                format!("{recipe} is a play, which names its servers itself"),
                "leave out --server, --tag and --all",
            ));
        }
        let play = Play::read(Path::new(recipe))?;
        for stage in &play.stages {
            runtime.library.find(&stage.recipe)?;
        }
        let given = set.parse()?;
        let stage = |stage| Stage::of_play(stage, runtime, set, &given);
        let stages = play.stages.iter().map(stage);
        let stages: Vec<Stage> = stages.collect::<Result<_>>()?;
        each_server_once(&stages)?;
        Ok(Self {
            play: Some(play.path.display().to_string()),
            stages,
        })
    }

    /// Whether the output is the one for several servers; a play always has it.
    pub fn are_several(&self, targets: &Targets, json: bool) -> bool {
        self.play.is_some() || targets.are_several(self.servers().count(), json)
    }

    /// The servers of all stages, in their order.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.stages.iter().flat_map(|stage| &stage.servers)
    }
}

/// All runs of a command begin together, and a server can have one run at a time.
fn each_server_once(stages: &[Stage]) -> Result<()> {
    let mut seen: BTreeMap<i64, &Stage> = BTreeMap::new();
    for stage in stages {
        for server in &stage.servers {
            if let Some(earlier) = seen.insert(server.id, stage) {
                let name = |stage: &Stage| stage.name.clone().unwrap_or_default();
                return Err(Error::usage_with(
                    format!(
                        "'{}' is in two stages, '{}' and '{}', and a server can be in one stage of a play",
                        server.name,
                        name(earlier),
                        name(stage)
                    ),
                    "let one recipe do both on it, or write two plays",
                ));
            }
        }
    }
    Ok(())
}
