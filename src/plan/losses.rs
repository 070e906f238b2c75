//! What would be lost: each thing with its name, and what distinguishes it from others of that name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Where Docker keeps its data, if not in /var/lib/docker: a step that deletes there deletes what is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_root: Option<String>,
}

impl Losses {
    /// Whether nothing would be lost.
    pub fn is_empty(&self) -> bool {
        self.kinds().iter().all(|(_, losses)| losses.is_empty())
    }

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
