//! A plan: the ordered steps for one server, as data. The same data is shown and executed, so what was shown is what
//! runs.
//!
//! A plan must not know where it came from, who executes it, or how its server is reached.

pub mod digest;
pub mod form;
pub mod lint;
mod new_losses;
pub mod printable;
pub mod render;
pub mod secret;
pub mod shell;
pub mod summary;
pub mod survey;

use crate::host_key::HostKey;
use crate::reason::{Explained, ProtectionReason, explained};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
pub use survey::Survey;

/// The version of the JSON form of a plan. In format 1, the effect `check` was called `read`, and the
/// reasons for a protection were sentences.
pub const FORMAT: u32 = 2;

/// The steps for one server, with everything that a person's consent to them rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub format: u32,
    pub recipe: RecipeIdentity,
    pub server: ServerIdentity,
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// Names of the secrets that the steps need; their values are asked for when the plan is executed.
    pub secrets: BTreeSet<String>,
    /// True when the plan was made from recorded facts: nothing was asked of the server.
    pub offline: bool,
    pub losses: Losses,
    /// Whether `losses` lists everything that the plan destroys. It does if every destructive step comes unmodified
    /// from infrakt's own library. What other steps destroy is only visible in their commands.
    pub losses_complete: bool,
    /// The recipe's queries during planning, in order; the answers are in the facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<Query>,
    /// How many steps come before the place where the recipe put the consent.
    pub consent_before: Option<usize>,
    pub steps: Vec<Step>,
    /// When it was made; only for a saved plan with destructive steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// SHA-256 over all of the above that a consent is for, in hexadecimal (see [`digest`]).
    pub digest: String,
}

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
}

/// A text that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub kept_by: Keeper,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

/// Which server, according to its row in the inventory and to the machine itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerIdentity {
    pub id: i64,
    pub name: String,
    pub host: String,
    pub port: u16,
    pub user: String,
    /// The host key in the form of a public key file, `ssh-ed25519 AAAA…`.
    pub host_key: Option<HostKey>,
    /// machine-id(5) of the server.
    pub machine_id: Option<String>,
    /// Why nothing on the server may be destroyed; empty for an ordinary server.
    #[serde(serialize_with = "explained")]
    #[schemars(with = "Vec<Explained<ProtectionReason>>")]
    pub protected: Vec<ProtectionReason>,
}

/// The data on the server, and its records here, that destructive steps would delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Losses {
    pub containers: Vec<Loss>,
    pub images: Vec<Loss>,
    pub volumes: Vec<Loss>,
    pub networks: Vec<Loss>,
    /// What is lost with the last node of a swarm: stacks, services, secrets and configs.
    #[serde(default)]
    pub stacks: Vec<Loss>,
    #[serde(default)]
    pub services: Vec<Loss>,
    #[serde(default)]
    pub secrets: Vec<Loss>,
    #[serde(default)]
    pub configs: Vec<Loss>,
    pub paths: Vec<Loss>,
    pub apps: Vec<Loss>,
    pub deployments: Vec<Loss>,
    pub env_files: Vec<Loss>,
}

impl Losses {
    /// The kinds in the order in which people read them, with the word for one of each.
    pub fn kinds(&self) -> [(&'static str, &[Loss]); 12] {
        [
            ("container", &self.containers),
            ("image", &self.images),
            ("volume", &self.volumes),
            ("network", &self.networks),
            ("stack", &self.stacks),
            ("service", &self.services),
            ("secret", &self.secrets),
            ("config", &self.configs),
            ("path", &self.paths),
            ("app", &self.apps),
            ("deployment", &self.deployments),
            ("env file", &self.env_files),
        ]
    }
}

/// One thing that would be lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    pub name: String,
    /// Further information for the reader: a size, a state. Never part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What distinguishes it from others that have had the same name: an id, or when it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Its size, if it was measured. Never part of the digest; growth is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The entries of a directory, as far as they are distinguished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<LossEntry>,
}

/// A file or directory in a directory that would be lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossEntry {
    /// Relative to the directory.
    pub path: String,
    /// When it was last modified, in seconds since 1970; only for a backup, which a newer one of the same name
    /// replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<i64>,
}

impl Loss {
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            detail: None,
            identity: None,
            bytes: None,
            entries: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// An empty `identity` is none: facts that an older infrakt recorded have none.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self {
            identity: Some(identity.into()).filter(|identity| !identity.is_empty()),
            ..self
        }
    }
}

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
    /// What the server does by itself if no new login works after the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Running it twice does no harm, so a resumed run may repeat it when its outcome is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// A check of whether the rest can succeed. It also runs during planning, and the plan shows its result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preflight: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, EnvValue>,
    /// Seconds after which the step is ended and counts as failed.
    pub timeout_seconds: u64,
    pub origin: Origin,
}

impl Step {
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

    /// Whether the executor finds out by itself that there is nothing to do.
    pub fn is_guarded(&self) -> bool {
        !self.unless.is_empty() || !self.only_if.is_empty() || matches!(self.action, Action::Upload { .. })
    }
}

/// The undo of a step that may lock everyone out: a dead man's switch, which only a new login stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// A command for `sh` on the server.
    pub command: String,
    /// Seconds allowed for a new login, from the end of the step's own command.
    pub after_seconds: u64,
}

/// A command that ran on the server during planning, for its output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// A command for `sh` on the server.
    pub command: String,
    pub origin: Origin,
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

/// The value of an environment variable of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EnvValue {
    Plain(String),
    Secret { secret: String },
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

/// A TCP port, and what is to answer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub port: u16,
    pub protocol: Protocol,
}

/// What answers at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Anything that accepts a connection.
    Tcp,
    /// A web server.
    Http,
    /// A server that answers TLS.
    Tls,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Tls => "tls",
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.protocol.as_str(), self.port)
    }
}

/// Reads `http:80`.
impl std::str::FromStr for Endpoint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (protocol, port) = text.split_once(':').ok_or(())?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "http" => Protocol::Http,
            "tls" => Protocol::Tls,
            _ => return Err(()),
        };
        match port.parse() {
            Ok(0) | Err(_) => Err(()),
            Ok(port) => Ok(Self { port, protocol }),
        }
    }
}

/// The content of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Content {
    Text(String),
    Secret { secret: String },
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

impl Plan {
    /// Whether any step takes away what can't be brought back.
    pub fn destroys(&self) -> bool {
        self.steps.iter().any(Step::destroys)
    }

    /// Whether every step that destroys is infrakt's own, so that [`Plan::losses`] names all that is destroyed.
    pub fn destroys_only_as_shipped(&self) -> bool {
        let mut destroying = self.steps.iter().filter(|step| step.destroys());
        destroying.all(|step| step.origin.is_shipped())
    }

    /// The modules that are not infrakt's own, without the recipe itself.
    pub fn own_modules(&self) -> impl Iterator<Item = (&str, Keeper)> {
        let sources = self
            .recipe
            .sources
            .iter()
            .filter(|(name, _)| **name != self.recipe.name);
        sources
            .filter(|(_, source)| source.kept_by != Keeper::Shipped)
            .map(|(name, source)| (name.as_str(), source.kept_by))
    }

    /// What of all that stands there this plan may take away. What a command reaches can't be known, but only one step
    /// takes anything out of the database.
    pub fn within_reach(&self, losses: Losses) -> Losses {
        let forgets = Action::State {
            change: StateChange::ForgetApps,
        };
        if self.steps.iter().any(|step| step.action == forgets) {
            return losses;
        }
        Losses {
            apps: Vec::new(),
            deployments: Vec::new(),
            env_files: Vec::new(),
            ..losses
        }
    }

    /// Whether a person must type the server's name before this runs: it destroys, or its recipe asks for it.
    pub fn needs_consent(&self) -> bool {
        self.destroys() || self.consent_before.is_some()
    }
}
