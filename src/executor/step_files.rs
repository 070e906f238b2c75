//! The files of a step in the run's folder on the server: its command, its guards, its undo, and what it uploads. It must
//! not know when they are executed.

use super::step_outputs;
use super::uploads;
use crate::plan::digest::sha256;
use crate::plan::secret::{Secret, Secrets};
use crate::plan::shell::quote;
use crate::plan::{Action, Piece, Step};
use std::borrow::Cow;
use std::fmt::Write as _;

/// A step of a stretch, with its files.
pub(super) struct StepFiles<'a> {
    /// The place of the step in the plan.
    pub index: usize,
    pub step: &'a Step,
    pub files: Vec<StepFile<'a>>,
    /// Sets the step's variables, before each of its scripts.
    exports: String,
    /// The run's folder.
    folder: String,
}

pub(super) struct StepFile<'a> {
    pub name: String,
    pub purpose: Purpose,
    pub part: Part<'a>,
}

/// What a file of a step is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    OnlyIf,
    Unless,
    /// The step's own action.
    Act,
    Undo,
    /// The content of an upload.
    Content,
}

pub(super) enum Part<'a> {
    Script(String),
    Data(Cow<'a, str>),
}

impl<'a> StepFiles<'a> {
    /// `folder`: the run's. Every secret of the plan has a value before files are made; see [`super::Execution::execute`].
    pub fn new(index: usize, step: &'a Step, folder: &str, files_folder: &str, secrets: &'a Secrets) -> Self {
        let mut files = Vec::new();
        let mut add = |purpose, name: &str, part| {
            let name = format!("{index}.{name}");
            files.push(StepFile { name, purpose, part });
        };
        let guard = |command: &String| Part::Script(step.invocation.guard(command));
        // Conditions first: what `unless` asks may need the program that `only_if` asks for.
        for (number, command) in step.only_if.iter().enumerate() {
            add(Purpose::OnlyIf, &format!("only_if.{number}"), guard(command));
        }
        match &step.action {
            Action::Run { command } => {
                add(Purpose::Act, "sh", Part::Script(step.invocation.command(command)));
                if let Some(undo) = &step.undo {
                    add(Purpose::Undo, "undo", Part::Script(undo.command.clone()));
                }
            }
            Action::Upload {
                path,
                content,
                mode,
                owner,
            } => {
                let (data, sum) = match content.file() {
                    Some(file) => (format!("{files_folder}/{}", file.sha256), file.sha256.clone()),
                    None => {
                        let content = content.with(|secret| value_of(secret, secrets).into());
                        let sum = sha256(content.as_bytes());
                        add(Purpose::Content, "data", Part::Data(content));
                        (format!("{folder}/{index}.data"), sum)
                    }
                };
                add(
                    Purpose::Act,
                    "sh",
                    Part::Script(uploads::place(step, &data, path, mode, owner)),
                );
                if let Some(undo) = &step.undo {
                    add(Purpose::Undo, "undo", Part::Script(uploads::undo(path, &undo.command)));
                }
                if step.restore_unless.is_some() {
                    add(Purpose::Undo, "restore", Part::Script(uploads::restore(path)));
                }
                let is_in_place = uploads::is_in_place(step, path, &sum, mode, owner);
                add(Purpose::Unless, "unless.content", Part::Script(is_in_place));
            }
            Action::Survey { check } => {
                let functions = format!("{folder}/survey");
                let script = format!(". {}\n{}", quote(&functions), check.command());
                add(Purpose::Act, "sh", Part::Script(script));
            }
            Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. } => {}
        }
        for (number, command) in step.unless.iter().enumerate() {
            add(Purpose::Unless, &format!("unless.{number}"), guard(command));
        }
        Self {
            index,
            step,
            files,
            exports: exports(step, secrets),
            folder: folder.to_owned(),
        }
    }

    /// The bytes of one of its files.
    pub fn content_of<'f>(&self, file: &'f StepFile<'a>) -> Cow<'f, str> {
        match &file.part {
            Part::Script(script) => {
                let otherwise = match file.purpose {
                    // A guard that can't be asked, which is no answer.
                    Purpose::OnlyIf | Purpose::Unless => Some(126),
                    Purpose::Undo => None,
                    Purpose::Act | Purpose::Content => Some(1),
                };
                let outputs = step_outputs::exports(self.step, &self.folder, otherwise);
                Cow::Owned(format!("{}{outputs}{script}\n", self.exports))
            }
            Part::Data(data) => Cow::Borrowed(data.as_ref()),
        }
    }
}

fn exports(step: &Step, secrets: &Secrets) -> String {
    let mut exports = String::new();
    for (name, value) in &step.env {
        let value = match value {
            Piece::Text(value) => value.as_str(),
            Piece::Secret { secret } => value_of(secret, secrets),
        };
        let _ = writeln!(exports, "export {name}={}", quote(value));
    }
    exports
}

fn value_of<'a>(name: &str, secrets: &'a Secrets) -> &'a str {
    secrets.get(name).map_or("", Secret::expose)
}
