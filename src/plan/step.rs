//! One step of a plan: what it does, under which conditions, and with what effect.

use super::content::{Content, Piece};
use super::endpoint::Endpoint;
use super::invocation::{self, Invocation};
use super::origin::Origin;
use super::survey::Survey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Read-only.
    Check,
    /// Creates or changes something that can be recreated.
    Change,
    /// Removes something that can't be restored.
    Destroy,
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Change => "change",
            Self::Destroy => "destroy",
        }
    }
}

/// One entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    pub title: String,
    pub effect: Effect,
    pub action: Action,
    /// Read-only commands: if one of them succeeds, there is nothing to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// Read-only commands: if one of them fails, there is nothing to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_if: Vec<String>,
    /// Numbers of earlier steps, counted from 1: there is something to do only if one of them has changed something since
    /// this step last succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when_changed: Vec<usize>,
    /// Of an upload: a read-only command that must accept the new content, in the file `$FILE`, before it takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<String>,
    /// Of an upload: a read-only command that must succeed afterwards; otherwise the old file is put back, and the step has
    /// failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_unless: Option<String>,
    /// What the server does by itself if no new login works after the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Running it twice does no harm, so a resumed run may repeat it when its outcome is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// It also has its turn if an earlier step has failed, or the run is stopped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// A check of whether the rest can succeed. It also runs during planning, and the plan shows its result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preflight: bool,
    /// Why an uploaded script may hold a command that destroys when it is run later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Piece>,
    /// Environment variables with what earlier steps have printed: their names, and the numbers of the steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, usize>,
    #[serde(default, skip_serializing_if = "invocation::is_default")]
    pub invocation: Invocation,
    /// Seconds after which the step is ended and counts as failed.
    pub timeout_seconds: u64,
    pub origin: Origin,
}

/// Seconds that a step may take if it does not say otherwise.
const TEN_MINUTES: u64 = 600;

impl Step {
    /// A step without any modifier.
    pub fn new(section: Option<String>, title: &str, effect: Effect, action: Action, origin: Origin) -> Self {
        Self {
            section,
            title: title.to_owned(),
            effect,
            action,
            unless: Vec::new(),
            only_if: Vec::new(),
            when_changed: Vec::new(),
            validate: None,
            restore_unless: None,
            undo: None,
            idempotent: false,
            always: false,
            preflight: false,
            allowed: None,
            env: BTreeMap::new(),
            outputs: BTreeMap::new(),
            invocation: Invocation::default(),
            timeout_seconds: TEN_MINUTES,
            origin,
        }
    }

    /// Whether the step takes away what can't be brought back: by its own words, or because it does so whatever it says.
    pub fn destroys(&self) -> bool {
        let forgets = matches!(
            self.action,
            Action::State {
                change: StateChange::ForgetApps
            }
        );
        forgets || self.is_said_to_destroy()
    }

    /// Whether the step's own words are that it destroys.
    pub fn is_said_to_destroy(&self) -> bool {
        self.effect == Effect::Destroy
    }

    /// Whether the step prints something for a later one whenever the run gets there.
    pub fn always_prints(&self) -> bool {
        matches!(self.action, Action::Run { .. }) && !self.is_guarded() && self.when_changed.is_empty()
    }

    /// What the step is known by when its content or its command is another: the path of an upload, else the title.
    pub fn identity(&self) -> &str {
        match &self.action {
            Action::Upload { path, .. } => path,
            _ => &self.title,
        }
    }

    /// Whether the old file of an upload may have to be put back.
    pub fn may_be_put_back(&self) -> bool {
        let is_upload = matches!(self.action, Action::Upload { .. });
        is_upload && (self.restore_unless.is_some() || self.undo.is_some())
    }

    /// The checks of an upload, with what each is called.
    pub fn file_checks(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let validate = self
            .validate
            .iter()
            .map(|check| ("the check of the new content", check.as_str()));
        let restore = self.restore_unless.iter();
        validate.chain(restore.map(|check| ("the check after the upload", check.as_str())))
    }

    /// Whether the server executes the step without infrakt, so that it can have its turn whatever has happened.
    pub fn can_always_run(&self) -> bool {
        matches!(self.action, Action::Run { .. } | Action::Upload { .. })
    }

    /// Whether the server itself sees if the step has changed something, so that a later one can depend on it.
    pub fn can_be_awaited(&self) -> bool {
        self.effect != Effect::Check && matches!(self.action, Action::Run { .. } | Action::Upload { .. })
    }

    /// Whether the executor finds out by itself that there is nothing to do.
    pub fn is_guarded(&self) -> bool {
        !self.unless.is_empty() || !self.only_if.is_empty() || matches!(self.action, Action::Upload { .. })
    }
}

/// The undo of a step that may lock everyone out: a dead man's switch, which only a new login stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// A command for `sh` on the server. For an upload, the old file is put back before it, and it may be empty.
    pub command: String,
    /// Seconds allowed for a new login, from the end of the step's own command.
    pub after_seconds: u64,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Action {
    /// A command for `sh` on the server.
    Run { command: String },
    /// Writes bytes to a path on the server, through a temporary file in the same directory.
    Upload {
        path: String,
        content: Content,
        /// As for chmod(1): `0644`.
        mode: String,
        /// As for chown(1): `root:root`.
        owner: String,
    },
    /// A new login; with `reboot`, after the server has been restarted.
    Reconnect { reboot: bool },
    /// Ports of the server, opened from the computer that infrakt runs on, over the route to the server's SSH.
    Reach {
        endpoints: Vec<Endpoint>,
        /// A command for `sh` on the server, run if a port can't be reached, while infrakt keeps trying. It succeeds if
        /// the server is not the cause; otherwise it prints the cause. `$closed` has the ports.
        otherwise: String,
    },
    /// One of infrakt's own checks of what a wipe would reach.
    Survey { check: Survey },
    /// A change in the local database.
    State { change: StateChange },
}

/// A change in the local database, always about the plan's own server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateChange {
    /// Remove the server's apps, their deployments and dependencies, and then their env files.
    ForgetApps,
    /// Sets the status of the server.
    SetStatus(String),
}
