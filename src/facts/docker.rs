//! What Docker holds on a server, and whether its engine is proven to be the server's own.

use super::records::Records;
use super::sizes::sizes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

pub(super) fn read(records: &mut Records<'_>) -> Result<Docker, String> {
    let mut docker = Docker {
        installed: records.yes("docker_installed")?,
        running: records.yes("docker_running")?,
        version: records.text("docker_version")?,
        package_name: records.text("docker_package")?,
        compose: records.yes("docker_compose")?,
        ..Docker::default()
    };
    if docker.installed && !docker.running {
        docker.unit = records.text("docker_unit")?;
        docker.journal = records.text("docker_journal")?.trim().chars().take(500).collect();
    }
    if !docker.running {
        return Ok(docker);
    }
    docker.id = records.text("docker_id")?;
    docker.root = records.text("docker_root")?;
    docker.driver = records.text("docker_driver")?;
    docker.unproven = Some(records.text("docker_unproven")?).filter(|reason| !reason.is_empty());
    docker.swarm_node = swarm_node(records)?;
    docker.swarm = docker.swarm_node.is_some();
    for (id, name, image, state) in records.json_lines("containers")? {
        docker.containers.push(Container { id, name, image, state });
    }
    for (id, repository, tag, size) in records.json_lines::<(String, String, String, String)>("images")? {
        let name = if repository == "<none>" || tag == "<none>" {
            let digits = id.strip_prefix("sha256:").unwrap_or(&id);
            digits.chars().take(12).collect()
        } else {
            format!("{repository}:{tag}")
        };
        docker.images.push(Image { id, name, size });
    }
    for (id, name) in records.json_lines("networks")? {
        docker.networks.push(Named { id, name });
    }
    let measured = records.fields("volume_sizes")?;
    let sizes = sizes(&measured);
    for volume in records.json_lines::<InspectedVolume>("volumes")? {
        let options = volume.options.unwrap_or_default();
        let option = |name: &str| options.get(name).map_or("", String::as_str);
        docker.volumes.push(Volume {
            device: (!options.is_empty()).then(|| format!("{} {}", option("type"), option("device"))),
            bytes: sizes.get(volume.mountpoint.as_str()).copied(),
            name: volume.name,
            driver: volume.driver,
            created: volume.created,
        });
    }
    Ok(docker)
}

/// What the node is in a swarm, as `docker info` and a manager's own lists say it.
fn swarm_node(records: &mut Records<'_>) -> Result<Option<SwarmNode>, String> {
    let info: SwarmInfo = serde_json::from_slice(records.bytes("docker_swarm")?)
        .map_err(|error| format!("cannot parse 'docker_swarm': {error}"))?;
    if info.local_node_state == "inactive" {
        return Ok(None);
    }
    let mut node = SwarmNode {
        role: if info.control_available { "manager" } else { "worker" }.to_owned(),
        state: info.local_node_state,
        managers: info.managers.unwrap_or(0),
        listed: records.yes("swarm_listed")?,
        ..SwarmNode::default()
    };
    if node.listed {
        let things = |lines: Vec<(String, String)>| lines.into_iter().map(|(id, name)| Named { id, name }).collect();
        let mut nodes: Vec<Named> = things(records.json_lines("swarm_nodes")?);
        nodes.retain(|other| other.id != info.node_id);
        node.others = nodes;
        node.stacks = records.json_lines("swarm_stacks")?;
        node.services = things(records.json_lines("swarm_services")?);
        node.secrets = things(records.json_lines("swarm_secrets")?);
        node.configs = things(records.json_lines("swarm_configs")?);
    }
    node.id = info.node_id;
    Ok(Some(node))
}

/// The swarm as `docker info` describes it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SwarmInfo {
    #[serde(rename = "NodeID")]
    node_id: String,
    local_node_state: String,
    control_available: bool,
    managers: Option<u64>,
}

/// A volume as `docker volume inspect` describes it.
#[derive(serde::Deserialize)]
struct InspectedVolume {
    name: String,
    driver: String,
    created: String,
    mountpoint: String,
    options: Option<BTreeMap<String, String>>,
}
