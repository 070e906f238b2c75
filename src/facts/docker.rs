//! What Docker holds on a server, and whether its engine is proven to be the server's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The contents of Docker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Docker {
    /// The engine is installed, running or not.
    pub installed: bool,
    /// The engine answers.
    pub running: bool,
    #[serde(default)]
    pub version: String,
    /// The package of the engine: `docker.io` is the distribution's, `docker-ce` Docker's own, `other` is neither (a
    /// snap, files copied by hand). Empty if there is no engine.
    #[serde(default)]
    pub package_name: String,
    /// `docker compose` works.
    #[serde(default)]
    pub compose: bool,
    /// If the engine is installed but does not answer: `masked`, `failed` or `stopped`, the state of its systemd
    /// service; empty if not known.
    #[serde(default)]
    pub unit: String,
    /// The last line of a failed engine in the journal.
    #[serde(default)]
    pub journal: String,
    /// The engine's own id, as it reports it; empty if it does not answer.
    #[serde(default)]
    pub id: String,
    /// Why the engine that answers is not proven to be this machine's own. Nothing may be destroyed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproven: Option<String>,
    /// Where the engine stores its data.
    #[serde(default)]
    pub root: String,
    /// Its storage driver.
    #[serde(default)]
    pub driver: String,
    /// The node is part of a swarm.
    #[serde(default)]
    pub swarm: bool,
    /// What it is in the swarm; `None` if it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swarm_node: Option<SwarmNode>,
    #[serde(default)]
    pub containers: Vec<Container>,
    #[serde(default)]
    pub images: Vec<Image>,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    /// Networks other than Docker's own three.
    #[serde(default)]
    pub networks: Vec<Named>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// The full id, 64 hexadecimal digits. Like every id here, it distinguishes things that have had the same name.
    #[serde(default)]
    pub id: String,
    pub name: String,
    pub image: String,
    /// `running`, `exited`, …
    pub state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The full id, `sha256:…`.
    #[serde(default)]
    pub id: String,
    /// `repository:tag`, or the id of an image without a name.
    pub name: String,
    /// As Docker prints it.
    pub size: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    pub name: String,
    pub driver: String,
    /// When it was created, as Docker reports it.
    #[serde(default)]
    pub created: String,
    /// Bytes in its directory; `None` where it could not be measured in time.
    pub bytes: Option<u64>,
    /// Where a volume of the local driver stores its data, if not in Docker's own directory: `nfs :/export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A thing that has an id and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The whole id.
    #[serde(default)]
    pub id: String,
    pub name: String,
}

/// A node of a swarm, and the contents of the swarm as far as the node knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwarmNode {
    pub id: String,
    /// `manager` or `worker`.
    pub role: String,
    /// As Docker reports it: `active`, `locked`, `pending`, `error`.
    pub state: String,
    /// Number of managers, including this node; 0 if not known.
    pub managers: u64,
    /// All other nodes, by host name. Empty on a worker and on a manager without a quorum.
    #[serde(default)]
    pub others: Vec<Named>,
    /// Whether the manager could list the rest: without a quorum it can't.
    pub listed: bool,
    #[serde(default)]
    pub stacks: Vec<String>,
    #[serde(default)]
    pub services: Vec<Named>,
    #[serde(default)]
    pub secrets: Vec<Named>,
    #[serde(default)]
    pub configs: Vec<Named>,
}

impl SwarmNode {
    /// Whether the swarm ends with it, and all that it holds.
    pub fn is_last(&self) -> bool {
        self.role == "manager" && self.listed && self.others.is_empty()
    }
}

impl Docker {
    /// The id of the engine, if it is proven to be the machine's own.
    pub fn own_engine(&self) -> Option<&str> {
        (self.unproven.is_none() && !self.id.is_empty()).then_some(self.id.as_str())
    }
}
