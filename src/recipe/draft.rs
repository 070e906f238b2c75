//! A draft of a plan, which the primitives write into while a recipe is evaluated.

use super::beside::LocalFiles;
use super::parameter::Parameter;
use super::server_view::ServerView;
use super::used::{Sources, lock};
use crate::error::{Error, RecipeError};
use crate::facts::Facts;
use crate::plan::form::MOST_STEPS;
use crate::plan::{Action, FileIdentity, InventoryRead, Keeper, Piece, Query, ReportedValues, Step, lint};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most queries; each costs a round trip.
const MAX_QUERIES: usize = 500;
/// The most text that a recipe may print and put into steps, in bytes.
const MAX_BYTES: usize = 32 << 20;

/// Where the answers to questions come from that a recipe asks while it is evaluated: the live server and the database,
/// or a record of what they said.
pub trait Answers: Send {
    /// What is read from the server, when the recipe first asks for it.
    ///
    /// # Errors
    /// If the server can't be asked or understood, or (offline) nothing was recorded.
    fn facts(&mut self) -> Result<KnownServer, Error>;

    /// The standard output of a read-only command on the server, as root.
    ///
    /// # Errors
    /// If the command fails, the server can't be asked, or (offline) the answer was not recorded.
    fn query(&mut self, command: &str) -> Result<String, Error>;

    /// As [`Answers::query`], where the recipe says what a server may answer. Only those who ask no server take that.
    ///
    /// # Errors
    /// As [`Answers::query`].
    fn query_or(&mut self, command: &str, _sample: &str) -> Result<String, Error> {
        self.query(command)
    }

    /// The server's apps, as `name` and `image`.
    ///
    /// # Errors
    /// If the database can't be read, or (offline) the answer was not recorded.
    fn apps(&mut self) -> Result<Vec<(String, String)>, Error>;

    /// The servers with a tag, by name.
    ///
    /// # Errors
    /// If the database can't be read.
    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>, Error>;
}

/// What was read from the server, as far as recipes may know it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct KnownServer {
    pub facts: Facts,
    /// Whether there is any reason not to destroy anything there.
    pub protected: bool,
}

/// The same, as Rhai holds it.
pub struct ReadFacts {
    pub values: Map,
    pub protected: bool,
}

impl ReadFacts {
    /// # Errors
    /// If a value has no counterpart in Rhai.
    pub fn of(known: KnownServer) -> Result<Self, Box<EvalAltResult>> {
        // Recorded answers go to the primitives that ask for them. The recipe never sees their keys.
        let facts = Facts {
            answers: BTreeMap::new(),
            ..known.facts
        };
        let major = facts
            .os
            .version
            .split('.')
            .next()
            .and_then(|major| major.parse::<i64>().ok());
        let mut values = rhai::serde::to_dynamic(facts)?.try_cast::<Map>().unwrap_or_default();
        // It follows from the version, so that no record of facts can contradict itself.
        if let Some(mut os) = values.get_mut("os").and_then(|os| os.write_lock::<Map>()) {
            os.insert("major".into(), major.map_or(Dynamic::UNIT, Dynamic::from));
        }
        Ok(Self {
            values,
            protected: known.protected,
        })
    }
}

/// What the evaluation of a recipe has said so far.
pub struct Draft {
    /// The recipe and the modules that it has imported so far.
    pub sources: Sources,
    pub server: String,
    pub steps: Vec<Step>,
    /// What was asked of the server, each command once.
    pub queries: Vec<Query>,
    pub report: ReportedValues,
    /// The numbers of the steps whose output a later one uses.
    pub outputs: BTreeSet<usize>,
    pub section: Option<String>,
    pub consent_before: Option<usize>,
    pub parameters: Vec<Parameter>,
    /// The parameters that were given, as they were given.
    pub given: BTreeMap<String, serde_json::Value>,
    /// The parameters that were declared, with the value that holds.
    pub values: BTreeMap<String, serde_json::Value>,
    /// What was read of the inventory.
    pub inventory: InventoryRead,
    /// The servers that were asked for, by their tag.
    pub tagged: BTreeMap<String, Vec<Shared<ServerView>>>,
    pub secrets: BTreeSet<String>,
    pub printed: Vec<String>,
    /// The text that was printed or put into steps so far, in bytes.
    pub bytes: usize,
    pub answers: Box<dyn Answers>,
    pub files: Box<dyn LocalFiles>,
    /// The files beside the recipe that it read as text.
    pub texts: BTreeMap<String, FileIdentity>,
    /// The texts of copied files that may be scripts, by the steps that copy them.
    pub scripts: BTreeMap<usize, String>,
    /// `None` until the recipe asks for them.
    pub facts: Option<ReadFacts>,
    pub recorded: BTreeMap<String, serde_json::Value>,
    /// An error that is not the recipe's fault, kept whole while Rhai carries a stand-in for it.
    pub foreign: Option<Error>,
    /// A problem, with its source and place, that Rhai may have swallowed: it counts even if the evaluation continued.
    pub swallowed: Option<(Problem, String, rhai::Position)>,
    /// Steps that destroy without saying so, unless what follows in the recipe excuses them; with source and place.
    pub pending: Vec<(usize, Problem, String, rhai::Position)>,
    /// What lists and maps looked like that became a part of a text, and which of both they are.
    pub shown: BTreeMap<String, &'static str>,
}

/// The most lists and maps in texts that are remembered, and the longest of them in bytes.
const MOST_SHOWN: (usize, usize) = (1000, 10_000);

/// The draft as Rhai carries it, as the tag of an evaluation.
#[derive(Clone)]
pub struct SharedDraft(Arc<Mutex<Draft>>);

impl SharedDraft {
    pub fn new(draft: Draft) -> Self {
        Self(Arc::new(Mutex::new(draft)))
    }

    /// The draft of the evaluation that makes this call.
    ///
    /// # Errors
    /// If the engine was set up without one: a primitive was called outside an evaluation.
    pub fn of(context: &NativeCallContext) -> Result<Self, Box<EvalAltResult>> {
        context
            .tag()
            .and_then(|tag| tag.clone().try_cast::<Self>())
            .ok_or_else(|| Problem::new("this can only be called during planning").at(context))
    }

    pub fn lock(&self) -> MutexGuard<'_, Draft> {
        // A panic while the lock was held leaves a draft that is thrown away with the evaluation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft {
    /// Who keeps a file of this evaluation.
    pub fn keeper_of(&self, file: &str) -> Keeper {
        let sources = lock(&self.sources);
        sources
            .get(file)
            .map_or_else(Keeper::default, |used| used.module.kept_by)
    }

    /// Counts what a recipe makes of text.
    ///
    /// # Errors
    /// If it is more than a plan can reasonably hold.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(
                Problem::new("the recipe prints, uploads and queries more than 32 MiB of text in total")
                    .help("let the server fetch large files itself, in a step"),
            );
        }
        Ok(())
    }

    /// Keeps a line for the reader of the plan. Printing can't fail in Rhai, so what is too much counts as a problem of
    /// the whole evaluation.
    pub fn print(&mut self, text: &str) {
        match self.charge(text.len()) {
            Ok(()) => self.printed.push(text.to_owned()),
            Err(problem) => {
                self.swallowed
                    .get_or_insert((problem, String::new(), rhai::Position::NONE));
            }
        }
    }

    /// Keeps what a list or map looked like that became a part of a text. `[]` and `[1]` may stand in any command.
    pub fn remember_shown(&mut self, text: &str, kind: &'static str) {
        if (4..=MOST_SHOWN.1).contains(&text.len()) && self.shown.len() < MOST_SHOWN.0 {
            self.shown.insert(text.to_owned(), kind);
        }
    }

    /// Notes a query, once however often it is asked.
    ///
    /// # Errors
    /// If there are too many.
    pub fn ask(&mut self, query: Query) -> Result<(), Problem> {
        if self.queries.iter().any(|known| known.command == query.command) {
            return Ok(());
        }
        self.charge(query.command.len())?;
        if self.queries.len() >= MAX_QUERIES {
            return Err(Problem::new(format!("a recipe can make at most {MAX_QUERIES} queries"))
                .help("read several values with one command, and split its output"));
        }
        self.queries.push(query);
        Ok(())
    }

    /// The first step that destroys without saying so, after all that the recipe has said.
    pub fn unexcused(&mut self) -> Option<(Problem, String, rhai::Position)> {
        let pending = std::mem::take(&mut self.pending);
        let still = |(index, ..): &(usize, Problem, String, rhai::Position)| self.destroys_unsaid(*index).is_some();
        let found = pending.into_iter().find(still);
        let found = found.map(|(_, problem, source, position)| (problem, source, position));
        found.or_else(|| {
            let (index, _, what) = lint::runs_allowed_script(&self.steps)?;
            let origin = &self.steps.get(index)?.origin;
            let line = u16::try_from(origin.line).unwrap_or(u16::MAX).max(1);
            Some((
                Problem::of_allowed(&what),
                origin.file.clone(),
                rhai::Position::new(line, 1),
            ))
        })
    }

    /// The destructive command in a step that does not say so, also in a script that it copies.
    pub fn destroys_unsaid(&self, index: usize) -> Option<lint::Unsaid> {
        let step = self.steps.get(index)?;
        match self.scripts.get(&index) {
            Some(script) => lint::script_destroys(step, script),
            None => lint::destroys_unsaid(step),
        }
    }

    /// Adds a step and tells its index.
    ///
    /// # Errors
    /// If there are too many.
    pub fn add(&mut self, step: Step) -> Result<usize, Problem> {
        self.charge(bytes_of(&step))?;
        if self.steps.len() >= MOST_STEPS {
            return Err(Problem::new(format!("a plan has at most {MOST_STEPS} steps"))
                .help("the usual cause is a loop that never ends"));
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }
}

/// The text that a recipe put into a step, in bytes.
pub fn bytes_of(step: &Step) -> usize {
    let action = match &step.action {
        Action::Run { command } => command.len(),
        Action::Reach { otherwise, .. } => otherwise.len(),
        Action::Upload { content, .. } => match content.file() {
            Some(file) => file.file.len(),
            None => content.pieces().iter().map(bytes_of_piece).sum(),
        },
        Action::Reconnect { .. } | Action::Survey { .. } | Action::State { .. } => 0,
    };
    let guards = step.unless.iter().chain(&step.only_if);
    let undo = step.undo.iter().map(|undo| &undo.command);
    let guards: usize = guards.chain(undo).map(String::len).sum();
    let checks: usize = step.file_checks().map(|(_, check)| check.len()).sum();
    let env: usize = step.env.values().map(bytes_of_piece).sum();
    step.title.len() + action + guards + checks + env
}

fn bytes_of_piece(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.len(),
        Piece::Secret { secret } => secret.len(),
    }
}

/// What a primitive has to say against its call.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: ProblemKind,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
    /// The line of a text in the recipe that it is about: it is shown there, if the file has that line once.
    pub line_of: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The call is wrong.
    Script,
    /// The recipe is wrong whatever it is given.
    Broken,
    /// A command destroys where it must not.
    Lint,
    /// The recipe itself refuses, with `fail`.
    Failed,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            kind: ProblemKind::Script,
            message: message.into(),
            label: String::new(),
            help: None,
            line_of: None,
        }
    }

    /// As [`Problem::new`], for a recipe that is wrong whatever it is given.
    pub fn broken(message: impl Into<String>) -> Self {
        Self {
            kind: ProblemKind::Broken,
            ..Self::new(message)
        }
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As Rhai carries it, with the place of the call.
    pub fn at(self, context: &NativeCallContext) -> Box<EvalAltResult> {
        EvalAltResult::ErrorRuntime(Dynamic::from(self), context.call_position()).into()
    }

    /// The problem of a destructive shell text; `None` if it is not destructive.
    pub fn of_destroying(shell: &str, part: &str) -> Option<Self> {
        lint::destroying(shell).map(|what| Self {
            kind: ProblemKind::Lint,
            message: format!("`{what}` destroys data, and {part} must not"),
            label: format!("`{what}` in {part}"),
            help: Some(
                "put the command into ssh::destroy(\"What is destroyed\", \"…\"), so that the plan shows it \
                        and asks for consent"
                    .to_owned(),
            ),
            line_of: None,
        })
    }

    /// The problem of a script that is uploaded and destroys when it is run. `script`: which one, in words.
    pub fn of_script(found: &lint::Unsaid, script: &str, text: &str) -> Self {
        let line = found.line.unwrap_or(1);
        Self {
            kind: ProblemKind::Lint,
            message: format!("line {line} of {script} destroys data: `{}`", found.what),
            label: format!("`{}` in the script", found.what),
            help: Some(
                "if the script must do this, say why, for the readers of the plan: \
                 ssh::upload(…).allow_destroying(\"removes dumps older than a week\")"
                    .to_owned(),
            ),
            line_of: text.lines().nth(line - 1).map(|line| line.trim().to_owned()),
        }
    }

    /// The problem of a step that runs an uploaded script which may destroy.
    fn of_allowed(what: &str) -> Self {
        Self {
            kind: ProblemKind::Lint,
            message: format!("`{what}` destroys data, and this step runs it now"),
            label: format!("runs `{what}`"),
            help: Some(
                "`allow_destroying` is for what runs later, such as a timer; what a step of the recipe destroys belongs into \
                 ssh::destroy(\"What is destroyed\", \"…\"), so that the plan asks for consent"
                    .to_owned(),
            ),
            line_of: None,
        }
    }

    /// The problem of a query or a guard that does more than look, if it does.
    pub fn of_more_than_looking(shell: &str, part: &str) -> Option<Self> {
        lint::not_a_look(shell).map(|(what, does)| Self {
            kind: ProblemKind::Lint,
            message: format!("`{what}` {does}, and {part} must not"),
            label: format!("`{what}` in {part}"),
            help: Some(match does {
                "destroys data" => "put the command into ssh::destroy(\"What is destroyed\", \"…\"), so that the plan \
                                    shows it and asks for consent"
                    .to_owned(),
                _ => format!(
                    "{part} must not change anything; put the command into a step: ssh::run(\"What is \
                              changed\", \"…\")"
                ),
            }),
            line_of: None,
        })
    }

    pub fn into_error(self, position: Option<crate::error::Position>) -> RecipeError {
        let Self {
            kind,
            message,
            label,
            help,
            line_of: _,
        } = self;
        match kind {
            ProblemKind::Script | ProblemKind::Broken => RecipeError::Script {
                message,
                label,
                position,
                help,
                is_broken: kind == ProblemKind::Broken,
            },
            ProblemKind::Lint => RecipeError::Lint {
                message,
                label,
                position,
                help: help.unwrap_or_default(),
            },
            ProblemKind::Failed => RecipeError::Failed {
                message,
                position,
                help,
            },
        }
    }
}
