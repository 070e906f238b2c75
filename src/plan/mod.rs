//! A plan: the ordered steps for one server, as data. The same data is shown and executed, so what was shown is what
//! runs.
//!
//! A plan must not know where it came from, who executes it, or how its server is reached.

mod bytes;
mod content;
pub mod digest;
mod doubts;
mod endpoint;
mod file_change;
pub mod form;
mod handlers;
mod inventory;
pub mod invocation;
pub mod lint;
mod losses;
mod new_losses;
mod origin;
mod preview;
pub mod printable;
mod reach;
pub mod render;
pub mod report;
pub mod secret;
pub mod shell;
mod step;
pub mod summary;
pub mod survey;

use crate::host_key::HostKey;
use crate::reason::{Explained, ProtectionReason, explained};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use bytes::human_bytes;
pub use content::{Content, FileIdentity, LocalFile, Piece};
pub use doubts::doubts;
pub use endpoint::{Endpoint, Protocol};
pub use file_change::{
    DesiredFile, DiffLine, FileChange, Hunk, Limit, LineKind, MOST_COMPARED, MOST_SHOWN, Present, PresentFile,
    can_be_compared,
};
pub use inventory::{InventoryRead, ServersRead};
pub use invocation::Invocation;
pub use losses::{Loss, LossEntry, Losses};
pub use origin::{Keeper, Origin, RecipeIdentity, Source};
pub use preview::{Asked, Doubt, Finding, Mark, Preview};
pub use report::{Reported, ReportedValues};
pub use step::{Action, Effect, StateChange, Step, Undo};
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
    /// What the recipe read of the inventory: variables, and other servers.
    #[serde(default, skip_serializing_if = "InventoryRead::is_empty")]
    pub inventory: InventoryRead,
    /// Names of the secrets that the steps need; their values are asked for when the plan is executed.
    pub secrets: BTreeSet<String>,
    /// True when the plan was made from recorded facts: nothing was asked of the server.
    pub offline: bool,
    pub losses: Losses,
    /// Whether `losses` lists everything that the plan destroys. It does if every destructive step comes unmodified from
    /// infrakt's own wipe. What other steps destroy is only visible in their commands; `losses` has what Docker and
    /// /opt/infrakt hold, unless a command certainly leaves that alone.
    pub losses_complete: bool,
    /// The recipe's queries during planning, in order; the answers are in the facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<Query>,
    /// How many steps come before the place where the recipe put the consent.
    pub consent_before: Option<usize>,
    pub steps: Vec<Step>,
    /// The values that are shown together after the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub report: ReportedValues,
    /// The folder on this computer that holds the files to copy. It is not in the digest: their hashes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_from: Option<String>,
    /// When it was made; only for a saved plan with destructive steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// SHA-256 over all of the above that a consent is for, in hexadecimal (see [`digest`]).
    pub digest: String,
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

/// A command that ran on the server during planning, for its output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// A command for `sh` on the server.
    pub command: String,
    pub origin: Origin,
}

impl Plan {
    /// Whether a step from this index on always runs.
    pub fn always_runs_from(&self, index: usize) -> bool {
        self.steps.iter().skip(index).any(|step| step.always)
    }

    /// Whether any step takes away what can't be brought back.
    pub fn destroys(&self) -> bool {
        self.steps.iter().any(Step::destroys)
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

    /// The files beside the recipe that steps copy, with the steps' places in the plan.
    pub fn copied_files(&self) -> impl Iterator<Item = (usize, &LocalFile)> {
        self.steps
            .iter()
            .enumerate()
            .filter_map(|(index, step)| match &step.action {
                Action::Upload { content, .. } => Some((index, content.file()?)),
                _ => None,
            })
    }

    /// Whether a person must type the server's name before this runs: it destroys, or its recipe asks for it.
    pub fn needs_consent(&self) -> bool {
        self.destroys() || self.consent_before.is_some()
    }
}
