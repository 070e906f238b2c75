//! Errors of the files on this computer: the database, the env files and their key.

use super::Exit;
use super::quoted::beginning;
use std::path::PathBuf;

/// Why the local state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database {} cannot be used: {source}", path.display())]
    Database {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the database {} is locked by another program", path.display())]
    Locked { path: PathBuf },
    #[error("the database {} is corrupt or not a database: {reason}", path.display())]
    Corrupt { path: PathBuf, reason: String },
    #[error("the disk is full: cannot write to {}", path.display())]
    Full { path: PathBuf },
    #[error("the database {} cannot be written: {reason}", path.display())]
    Unwritable { path: PathBuf, reason: String },
    #[error(
        "the database {} was made by a newer infrakt (its version is {found}, this infrakt supports {known}); nothing \
         was changed",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{} can't be used as infrakt's home: {reason}", path.display())]
    Home {
        path: PathBuf,
        reason: String,
        hint: String,
    },
    /// No entry has this name.
    #[error("there is no {kind} '{name}'")]
    Unknown {
        kind: StoreKind,
        name: String,
        nearest: Option<String>,
    },
    #[error("there is no run {id}")]
    UnknownRun { id: i64 },
    #[error("there is no group of runs g{id}")]
    UnknownGroup { id: i64 },
    #[error("run {id} is done: nothing to resume")]
    RunIsDone { id: i64 },
    #[error("run {id} was on '{server}', which is no longer in the inventory")]
    RunsServerIsGone { id: i64, server: String },
    #[error("run {id} has already ended: it is {state}")]
    RunHasEnded { id: i64, state: &'static str },
    #[error("run {id} was started by an older infrakt, which recorded it in a form that this one can't resume")]
    RunIsTooOld { id: i64 },
    #[error("{of} has no variable '{name}'")]
    UnknownVariable {
        of: VariableOf,
        name: String,
        nearest: Option<String>,
    },
    #[error("server '{server}' has no tag '{tag}'")]
    UnknownTag {
        server: String,
        tag: String,
        nearest: Option<String>,
    },
    #[error("{} named '{name}' already exists", kind.with_article())]
    Exists { kind: StoreKind, name: String },
    /// A value that breaks the rule for its kind. `what` names the kind: `server name`.
    #[error("'{}' is not a valid {what}: {reason}", beginning(value).escape_debug())]
    Invalid {
        what: &'static str,
        value: String,
        reason: String,
        hint: Option<String>,
    },
    #[error("server '{server}' still has {}: {}", if apps.len() == 1 { "an app" } else { "apps" }, apps.join(", "))]
    ServerHasApps { server: String, apps: Vec<String> },
    #[error("server '{server}' has a different host key on record: {known}, not {offered}")]
    HostKeyDiffers {
        server: String,
        known: String,
        offered: String,
    },
    #[error("{} already exists, although app '{app}' is new: another database left it behind", path.display())]
    LeftoverEnvFile { path: PathBuf, app: String },
    #[error("the key of the env files, {}, is missing; their values can't be read without it", path.display())]
    KeyGone { path: PathBuf },
    #[error("{} is not a key file of infrakt: {reason}", path.display())]
    KeyMalformed { path: PathBuf, reason: String },
    #[error("the values in {} were encrypted with a key other than {}", file.display(), key.display())]
    WrongKey { key: PathBuf, file: PathBuf },
    #[error("the env file {} is corrupt: {reason}", path.display())]
    EnvFile { path: PathBuf, reason: String },
}

/// What has variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableOf {
    App(String),
    Server(String),
    Tag(String),
}

impl VariableOf {
    /// The command that shows its variables.
    fn shown_by(&self) -> String {
        match self {
            Self::App(name) => format!("infrakt env list {name}"),
            Self::Server(name) => format!("infrakt server show {name}"),
            Self::Tag(name) => format!("infrakt tag show {name}"),
        }
    }
}

impl std::fmt::Display for VariableOf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::App(name) => write!(formatter, "app '{name}'"),
            Self::Server(name) => write!(formatter, "server '{name}'"),
            Self::Tag(name) => write!(formatter, "tag '{name}'"),
        }
    }
}

/// The kinds of entries that have a name in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    Server,
    App,
    Tag,
}

impl StoreKind {
    fn with_article(self) -> &'static str {
        match self {
            Self::Server => "a server",
            Self::App => "an app",
            Self::Tag => "a tag",
        }
    }
}

impl std::fmt::Display for StoreKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Server => "server",
            Self::App => "app",
            Self::Tag => "tag",
        })
    }
}

impl StoreError {
    pub(crate) fn unknown(kind: StoreKind, name: &str, nearest: Option<&str>) -> Self {
        Self::Unknown {
            kind,
            name: name.to_owned(),
            nearest: nearest.map(str::to_owned),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        Exit::Usage
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Database { .. } => "database",
            Self::Locked { .. } => "database_locked",
            Self::Corrupt { .. } => "database_corrupt",
            Self::Full { .. } => "disk_full",
            Self::Unwritable { .. } => "database_unwritable",
            Self::Newer { .. } => "database_newer",
            Self::Home { .. } => "home",
            Self::Unknown {
                kind: StoreKind::Server,
                ..
            } => "unknown_server",
            Self::Unknown {
                kind: StoreKind::App, ..
            } => "unknown_app",
            Self::Unknown {
                kind: StoreKind::Tag, ..
            } => "unknown_tag",
            Self::UnknownRun { .. } => "unknown_run",
            Self::UnknownGroup { .. } => "unknown_group",
            Self::RunIsDone { .. } | Self::RunIsTooOld { .. } | Self::RunsServerIsGone { .. } => "not_resumable",
            Self::RunHasEnded { .. } => "not_running",
            Self::UnknownVariable { .. } => "unknown_variable",
            Self::UnknownTag { .. } => "unknown_tag",
            Self::Exists { .. } => "exists",
            Self::Invalid { .. } => "invalid",
            Self::ServerHasApps { .. } => "server_has_apps",
            Self::HostKeyDiffers { .. } => "host_key_differs",
            Self::LeftoverEnvFile { .. } => "leftover_env_file",
            Self::KeyGone { .. } => "master_key_gone",
            Self::KeyMalformed { .. } => "master_key_malformed",
            Self::WrongKey { .. } => "master_key_wrong",
            Self::EnvFile { .. } => "env_file",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Database { .. } => None,
            Self::Locked { path } => Some(format!(
                "find out which program uses it, and try again when it is done: fuser -v {}",
                shown(path)
            )),
            Self::Corrupt { path, .. } => Some(format!(
                "restore a backup, or recover what is readable: sqlite3 {} .recover",
                shown(path)
            )),
            Self::Full { path } => Some(format!("free some space: df -h {}", shown(path))),
            Self::Unwritable { path, .. } => Some(format!("check who may write there: ls -la {}", shown(path))),
            Self::Newer { .. } => {
                Some("use that newer infrakt, or another home: infrakt --home DIRECTORY …".to_owned())
            }
            Self::Home { hint, .. } => Some(hint.clone()),
            Self::Unknown { kind, nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean '{nearest}'? See: infrakt {kind} list"),
                None => format!("list them: infrakt {kind} list"),
            }),
            Self::RunIsDone { id } | Self::RunHasEnded { id, .. } => {
                Some(format!("show what it did: infrakt runs show {id}"))
            }
            Self::RunsServerIsGone { id, .. } => Some(format!("show what it did: infrakt runs show {id}")),
            Self::RunIsTooOld { .. } => Some("run its recipe again: infrakt run RECIPE --server NAME".to_owned()),
            Self::UnknownRun { .. } | Self::UnknownGroup { .. } => Some("list them: infrakt runs list".to_owned()),
            Self::UnknownVariable { of, nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean '{nearest}'? See: {}", of.shown_by()),
                None => format!("list them: {}", of.shown_by()),
            }),
            Self::UnknownTag { server, nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean '{nearest}'? See: infrakt server show {server}"),
                None => format!("show its tags: infrakt server show {server}"),
            }),
            Self::Exists { kind, name } => Some(format!("infrakt {kind} show {name}")),
            Self::Invalid { hint, .. } => hint.clone(),
            Self::ServerHasApps { server, apps } => Some(match apps.as_slice() {
                [app] => format!("remove it first: infrakt app remove {app}"),
                _ => format!(
                    "remove them first, each with: infrakt app remove NAME (see: infrakt app list --server {server})"
                ),
            }),
            Self::HostKeyDiffers { server, offered, .. } => Some(format!(
                "only if you know why it has changed: infrakt server update {server} --host-key {offered}"
            )),
            Self::LeftoverEnvFile { path, .. } => {
                Some(format!("if you no longer need it: mv {0} {0}.old", shown(path)))
            }
            Self::KeyGone { path } => Some(format!(
                "put {} back from a copy; nothing was written. Apps whose values are lost for good can be removed: \
                 infrakt app remove NAME",
                path.display()
            )),
            Self::KeyMalformed { path, .. } => Some(format!(
                "put {} back from a copy; it holds 32 bytes in base64 on one line. Nothing was written",
                path.display()
            )),
            Self::WrongKey { key, .. } => Some(format!(
                "put the key that belongs to them back to {}; nothing was written",
                key.display()
            )),
            Self::EnvFile { path, .. } => Some(format!(
                "put {} back from a copy, or move it away and set the values again: infrakt env set APP KEY=VALUE",
                path.display()
            )),
        }
    }
}

/// A path as a word that can be pasted.
fn shown(path: &std::path::Path) -> String {
    crate::plan::shell::quote(&path.display().to_string()).into_owned()
}
