//! Facts: what infrakt reads from a server before planning. They are data: probed from a live server ([`probe`]), read
//! from a file, or taken from a profile of a freshly installed system. Nothing here executes anything.

mod machine;
mod mountinfo;
mod os_release;
pub mod probe;
mod records;
pub mod usage;

pub use machine::{Address, BlockDevice, User};

use crate::error::{Error, Result, nearest};
use crate::host_key::HostKey;
use crate::plan::{Loss, LossEntry, Losses};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the JSON form of facts.
pub const FORMAT: u32 = 1;

/// What is known about a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub format: u32,
    pub os: Os,
    /// As dpkg names it: `amd64`, `arm64`.
    pub arch: String,
    pub kernel: String,
    pub hostname: String,
    /// machine-id(5); `None` where it is missing, empty or `uninitialized`.
    pub machine_id: Option<String>,
    /// The server's own host keys, in the form of public key files without comment.
    #[serde(default)]
    pub host_keys: Vec<HostKey>,
    /// Whether `/etc/infrakt/host` exists: the machine hosts an infrakt.
    #[serde(default)]
    pub marker: bool,
    /// Whether this process was seen among the server's own processes.
    #[serde(default)]
    pub runs_this_infrakt: bool,
    /// Every port on which sshd listens or is configured to listen.
    pub ssh_ports: Vec<u16>,
    /// Memory in MiB. This and what follows it is `None` where it is not known: in files of facts that an older infrakt
    /// recorded, and where the server does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Swap in MiB; 0 if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_mb: Option<u64>,
    /// Processors that programs can use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<BlockDevice>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<User>>,
    #[serde(default)]
    pub reboot_required: bool,
    #[serde(default)]
    pub docker: Docker,
    pub opt_infrakt: Directory,
    /// Obstacles to a wipe: container data that Docker does not list, and what the machine shares with others.
    #[serde(default)]
    pub obstacles: Vec<Obstacle>,
    /// Answers to `ssh::query` and to reads of the database, by question, so that a plan can be made again offline.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, serde_json::Value>,
}

/// os-release(5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Os {
    /// `debian`, `ubuntu`.
    pub id: String,
    /// `13`, `24.04`.
    pub version: String,
    /// `trixie`, `noble`.
    pub codename: String,
    /// The name for people: `Debian GNU/Linux 13 (trixie)`.
    pub name: String,
}

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

/// An obstacle to a wipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obstacle {
    pub path: String,
    /// What it is, as the rest of a sentence.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// What is at a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// `absent`, `directory`, `symlink` or `other`.
    pub kind: String,
    pub bytes: Option<u64>,
    /// Mount points at or below it.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// Entries of its `backups` directory.
    #[serde(default)]
    pub backups: u64,
    /// Its entries, two levels deep, sorted by path: at most 20,000.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// A file or directory in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Relative to the directory: `backups/shop.sql.gz`.
    pub path: String,
    /// `file`, `directory`, `symlink` or `other`.
    pub kind: String,
    /// When it was last modified, in seconds since 1970.
    pub modified: i64,
    /// With everything in it; `None` where it could not be measured in time.
    pub bytes: Option<u64>,
}

const PROFILES: [(&str, &str); 4] = [
    ("debian-12", include_str!("profiles/debian-12.json")),
    ("debian-13", include_str!("profiles/debian-13.json")),
    ("ubuntu-22.04", include_str!("profiles/ubuntu-22.04.json")),
    ("ubuntu-24.04", include_str!("profiles/ubuntu-24.04.json")),
];

const HOW_TO_WRITE: &str = "save the facts of a server: infrakt facts NAME > facts.json";

impl Docker {
    /// The id of the engine, if it is proven to be the machine's own.
    pub fn own_engine(&self) -> Option<&str> {
        (self.unproven.is_none() && !self.id.is_empty()).then_some(self.id.as_str())
    }
}

impl Facts {
    /// Reads facts that were written as JSON. `what` names the source in errors.
    ///
    /// # Errors
    /// If the text is no JSON, has unknown fields or another format.
    pub fn parse(json: &str, what: &str) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed {
            what: what.to_owned(),
            reason,
            hint: Some(HOW_TO_WRITE.to_owned()),
        };
        // The format first: fields of a later one are not a mistake of the file.
        let value: serde_json::Value = serde_json::from_str(json).map_err(|error| malformed(error.to_string()))?;
        match value.get("format") {
            None => return Err(malformed("it has no format, so it is not a file of facts".to_owned())),
            Some(format) if format.as_u64() == Some(u64::from(FORMAT)) => {}
            Some(format) => {
                return Err(malformed(format!(
                    "its format is {format}, this infrakt supports format {FORMAT}"
                )));
            }
        }
        let facts = serde_json::from_str(json).map_err(|error| malformed(error.to_string()))?;
        Ok(facts)
    }

    /// Facts by the name of a profile (`debian-13`) or by the path of a file.
    ///
    /// # Errors
    /// If there is neither, or the file is not valid.
    pub fn by_name_or_path(name: &str) -> Result<Self> {
        if let Some((_, json)) = PROFILES.iter().find(|(profile, _)| *profile == name) {
            return Self::parse(json, &format!("the profile '{name}'"));
        }
        match std::fs::read_to_string(name) {
            Ok(json) => Self::parse(&json, &format!("the facts file {name}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !name.contains('/') => {
                let suggestion = nearest(name, Self::profiles())
                    .map(|near| format!("did you mean '{near}'? "))
                    .unwrap_or_default();
                Err(Error::usage_with(
                    format!("'{name}' is neither a profile nor a file of facts"),
                    format!(
                        "{suggestion}the profiles are {}",
                        Self::profiles().collect::<Vec<_>>().join(", ")
                    ),
                ))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::usage_with(format!("there is no file {name}"), HOW_TO_WRITE))
            }
            Err(error) => Err(Error::file("read", Path::new(name))(error)),
        }
    }

    /// The names of the profiles of freshly installed systems.
    pub fn profiles() -> impl Iterator<Item = &'static str> {
        PROFILES.iter().map(|(name, _)| *name)
    }

    /// What a wipe of this server would destroy on it; sorted by name, so that equal servers give equal plans.
    pub fn losses(&self) -> Losses {
        let mut losses = Losses {
            containers: self
                .docker
                .containers
                .iter()
                .map(|container| {
                    loss(&container.name, format!("{}, {}", container.image, container.state))
                        .with_identity(&container.id)
                })
                .collect(),
            images: self
                .docker
                .images
                .iter()
                .map(|image| loss(&image.name, image.size.clone()).with_identity(&image.id))
                .collect(),
            volumes: self
                .docker
                .volumes
                .iter()
                .map(|volume| Loss {
                    bytes: volume.bytes,
                    ..loss(
                        &volume.name,
                        volume.bytes.map_or("size unknown".to_owned(), human_bytes),
                    )
                    .with_identity(&volume.created)
                })
                .collect(),
            networks: self.docker.networks.iter().map(named).collect(),
            paths: Vec::new(),
            ..Losses::default()
        };
        if let Some(node) = self.docker.swarm_node.as_ref().filter(|node| node.is_last()) {
            losses.stacks = node.stacks.iter().map(Loss::named).collect();
            losses.services = node.services.iter().map(named).collect();
            losses.secrets = node.secrets.iter().map(named).collect();
            losses.configs = node.configs.iter().map(named).collect();
        }
        if self.opt_infrakt.kind != "absent" {
            let size = self.opt_infrakt.bytes.map_or("size unknown".to_owned(), human_bytes);
            let backups = match self.opt_infrakt.backups {
                0 => String::new(),
                1 => ", with 1 backup in backups/".to_owned(),
                count => format!(", with {count} backups in backups/"),
            };
            losses.paths.push(Loss {
                bytes: self.opt_infrakt.bytes,
                entries: self.opt_infrakt.entries.iter().map(Entry::as_lost).collect(),
                // What stands there: a link in place of the directory is another thing.
                ..loss("/opt/infrakt", format!("{size}{backups}")).with_identity(&self.opt_infrakt.kind)
            });
        }
        for list in [
            &mut losses.containers,
            &mut losses.images,
            &mut losses.volumes,
            &mut losses.networks,
            &mut losses.stacks,
            &mut losses.services,
            &mut losses.secrets,
            &mut losses.configs,
        ] {
            list.sort();
        }
        losses
    }
}

impl Entry {
    fn as_lost(&self) -> LossEntry {
        LossEntry {
            path: self.path.clone(),
            // Other files change while nothing of substance does; a backup with another time is another backup.
            modified: self.path.starts_with("backups/").then_some(self.modified),
        }
    }
}

fn loss(name: &str, detail: String) -> Loss {
    Loss::named(name).with_detail(detail)
}

fn named(thing: &Named) -> Loss {
    Loss::named(&thing.name).with_identity(&thing.id)
}

/// A size as people read it, in powers of 1000 as Docker prints them: `1.5 GB`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.95 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_valid_and_named_after_its_system() {
        for name in Facts::profiles() {
            let facts = Facts::by_name_or_path(name).expect(name);
            assert_eq!(format!("{}-{}", facts.os.id, facts.os.version), name);
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        let sizes = [
            (0, "0 B"),
            (999, "999 B"),
            (1500, "1.5 kB"),
            (12_345_678, "12 MB"),
            (999_999, "1.0 MB"),
        ];
        for (bytes, text) in sizes {
            assert_eq!(human_bytes(bytes), text);
        }
    }
}
