//! Facts: what infrakt reads from a server before planning. They are data: probed from a live server ([`probe`]), read
//! from a file, or taken from a profile of a freshly installed system. Nothing here executes anything.

mod directory;
mod docker;
mod losses;
mod machine;
mod mountinfo;
mod os_release;
pub mod probe;
mod records;
mod sizes;
pub mod usage;

use crate::error::{Error, Result, nearest};
use crate::host_key::HostKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub use directory::{Directory, Entry};
pub use docker::{Container, Docker, Image, Named, SwarmNode, Volume};
pub use machine::{Address, BlockDevice, User};

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

const PROFILES: [(&str, &str); 4] = [
    ("debian-12", include_str!("profiles/debian-12.json")),
    ("debian-13", include_str!("profiles/debian-13.json")),
    ("ubuntu-22.04", include_str!("profiles/ubuntu-22.04.json")),
    ("ubuntu-24.04", include_str!("profiles/ubuntu-24.04.json")),
];

const HOW_TO_WRITE: &str = "save the facts of a server: infrakt facts NAME > facts.json";

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
        // Checked first, so that a file of a later format is not reported for its unknown fields.
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
}
