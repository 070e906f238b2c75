//! All errors, as data. Each room has its own variants in its own file; this file gives all of them the same form: a
//! message, a hint that can be pasted, a stable code for machines, and the exit code.
//!
//! It must not know how errors are printed: each reporter renders the text itself.

mod exit;
mod key_problem;
mod obstacle;
mod protection_hint;
mod quoted;
mod recipe;
mod refusal;
mod server;
mod ssh;
mod store;

pub use exit::Exit;
pub use key_problem::KeyProblem;
pub use obstacle::{Obstacle, SudoObstacle};
pub use quoted::beginning;
pub use recipe::{Position, RecipeError};
pub use refusal::Refusal;
pub use server::ServerError;
pub use ssh::SshError;
pub use store::{StoreError, StoreKind, VariableOf};

use crate::plan::shell::quote;
use crate::reason::Reason;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The result of everything that can fail in infrakt.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Recipe(#[from] Box<RecipeError>),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Ssh(#[from] SshError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The command line or the arguments of a call are wrong.
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    /// A file of this computer could not be read or written.
    #[error("cannot {action} {}: {}", path.display(), io_reason(source))]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file or an answer that does not have the expected form.
    #[error("{what} is not valid: {reason}")]
    Malformed {
        what: String,
        reason: String,
        hint: Option<String>,
    },
    /// The server answered the probe with something that can't be understood.
    #[error("cannot read the facts of '{server}': {reason}")]
    Facts { server: String, reason: String },
    /// A recipe's secret has no value.
    #[error("the secret {name} has no value, and there is no terminal to ask for it on")]
    SecretMissing { name: String },
    /// A run failed. What happened has been shown step by step; this is the summary.
    #[error("{message}")]
    Run {
        message: String,
        exit: Exit,
        hint: Option<String>,
    },
    /// Ctrl-C at a prompt or between two actions.
    #[error("interrupted; nothing was changed")]
    Interrupted,
}

impl From<RecipeError> for Error {
    fn from(error: RecipeError) -> Self {
        Self::Recipe(Box::new(error))
    }
}

impl Error {
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// A usage error with what to do next.
    pub fn usage_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// For `map_err` on file operations: `read(&path).map_err(Error::file("read", &path))`.
    pub fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// The exit code that a process ends with when this error ends it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(_) => Exit::Refused,
            Self::Ssh(error) => error.exit(),
            Self::Facts { .. } => Exit::Unreachable,
            Self::Server(error) => error.exit(),
            Self::Run { exit, .. } => *exit,
            Self::Interrupted => Exit::Interrupted,
            Self::Store(error) => error.exit(),
            Self::Recipe(error) => error.exit(),
            Self::Usage { .. } | Self::File { .. } | Self::Malformed { .. } | Self::SecretMissing { .. } => Exit::Usage,
        }
    }

    /// A code for machines. It stays the same when the message is reworded.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Recipe(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Ssh(error) => error.code(),
            Self::Server(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Usage { .. } => "usage",
            Self::File { .. } => "file",
            Self::Malformed { .. } => "malformed",
            Self::Facts { .. } => "facts",
            Self::SecretMissing { .. } => "secret_missing",
            Self::Run { .. } => "run_failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Why infrakt refused to act, as data, where the code has several kinds of reasons.
    pub fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::Refused(refusal) => refusal.reasons(),
            Self::Recipe(_)
            | Self::Ssh(_)
            | Self::Server(_)
            | Self::Store(_)
            | Self::Usage { .. }
            | Self::File { .. }
            | Self::Malformed { .. }
            | Self::Facts { .. }
            | Self::SecretMissing { .. }
            | Self::Run { .. }
            | Self::Interrupted => Vec::new(),
        }
    }

    /// The place in a recipe, and the text under the caret.
    pub fn place(&self) -> Option<(&Position, &str)> {
        match self {
            Self::Recipe(error) => error.place(),
            Self::Server(ServerError::Query { at, .. }) => at.as_deref().map(|at| (at, "asked here")),
            _ => None,
        }
    }

    /// The same error, with the line of the recipe that asked, if it is about a query.
    #[must_use]
    pub fn asked_at(mut self, place: Option<Position>) -> Self {
        if let Self::Server(ServerError::Query { at, .. }) = &mut self {
            *at = place.map(Box::new);
        }
        self
    }

    /// Whether the message names the server. If it does not, a report about several servers must add the name.
    pub fn names_server(&self) -> bool {
        match self {
            Self::Ssh(error) => error.names_server(),
            Self::Server(_) | Self::Facts { .. } => true,
            Self::Refused(refusal) => !matches!(refusal, Refusal::Busy { .. }),
            Self::Recipe(_)
            | Self::Store(_)
            | Self::Usage { .. }
            | Self::File { .. }
            | Self::Malformed { .. }
            | Self::SecretMissing { .. }
            | Self::Run { .. }
            | Self::Interrupted => false,
        }
    }

    /// What to do next, as a command that can be pasted where possible.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe(error) => error.help(),
            Self::Refused(refusal) => refusal.hint(),
            Self::Ssh(error) => error.hint(),
            Self::Server(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Usage { hint, .. } | Self::Malformed { hint, .. } | Self::Run { hint, .. } => hint.clone(),
            Self::Facts { server, .. } => Some(format!("log in and check: infrakt server ssh {server}")),
            Self::File { path, source, .. } => file_hint(path, source.kind()),
            Self::SecretMissing { name } => Some(format!("export INFRAKT_SECRET_{name}=…")),
            Self::Interrupted => None,
        }
    }
}

/// The system's description of a failed operation, without its error number.
pub fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((reason, _)) => reason.to_lowercase(),
        None => text,
    }
}

fn file_hint(path: &Path, kind: ErrorKind) -> Option<String> {
    if path.starts_with("/dev") {
        return None;
    }
    let word = quote(&path.display().to_string()).into_owned();
    match kind {
        ErrorKind::PermissionDenied => Some(format!("check its permissions: ls -ld {word}")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(format!("free some space: df -h {word}")),
        ErrorKind::ReadOnlyFilesystem => Some(format!("check how its file system is mounted: findmnt -T {word}")),
        _ => None,
    }
}

/// The candidate that was probably meant, if one is similar enough: `did you mean 'provision'?`. One letter in three may
/// differ, so that `nope` does not lead to `wipe`.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(wanted, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance < wanted.len() && *distance <= (candidate.len().max(wanted.len()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_the_name_and_a_stranger_does_not() {
        assert_eq!(nearest("provison", ["wipe", "provision"]), Some("provision"));
        assert_eq!(nearest("prod2", ["prod-1", "prod-2"]), Some("prod-2"));
        assert_eq!(nearest("database", ["wipe", "provision"]), None);
        assert_eq!(nearest("wpie", ["wipe", "provision"]), Some("wipe"));
        assert_eq!(
            nearest("nope", ["wipe", "provision"]),
            None,
            "half of the letters are others"
        );
    }
}
