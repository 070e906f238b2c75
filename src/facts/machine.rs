//! What a server is made of: memory, processors, addresses, disks and users. Recipes decide by it; nothing that protects
//! depends on it, so a line that can't be read is left out.

use super::mountinfo::unescaped;
use super::records::Records;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most entries of each list: as many as a list in a recipe can have.
const MOST: usize = 10_000;

/// An IP address of the server, except of its loopback interface and link-local ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// `eth0`, `docker0`.
    pub interface: String,
    /// `192.0.2.7`, `2001:db8::7`.
    pub address: String,
}

/// A disk or partition: a mounted one with its file system, or one that is not mounted and not divided further.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockDevice {
    /// Without `/dev/`: `vda1`, `mapper/vg-data`; the kind of file system where no device is behind it (`overlay`).
    pub name: String,
    /// Bytes, of the file system if it is mounted. `None` if it could not be read in time.
    pub size: Option<u64>,
    /// Where it is mounted first; `[SWAP]` if it is used as swap, and empty if it is not in use.
    pub mount: String,
    /// Bytes that programs can still write; `None` if it is not mounted.
    pub free: Option<u64>,
}

/// A user of /etc/passwd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub uid: u32,
}

/// Kibibytes as /proc/meminfo has them, in MiB.
pub(super) fn megabytes(text: &str) -> Option<u64> {
    text.trim().parse::<u64>().ok().map(|kibibytes| kibibytes / 1024)
}

/// Pairs of interface and address with its prefix length, as `ip -o addr` prints them.
pub(super) fn addresses(records: &mut Records<'_>) -> Result<Vec<Address>, String> {
    let mut found = Vec::new();
    for line in records.lines("addresses")? {
        let mut words = line.split(' ');
        let (Some(interface), Some(address)) = (words.next(), words.next()) else {
            continue;
        };
        let address = address.split('/').next().unwrap_or_default();
        if address.parse::<std::net::IpAddr>().is_ok() {
            found.push(Address {
                interface: interface.split('@').next().unwrap_or_default().to_owned(),
                address: address.to_owned(),
            });
        }
    }
    Ok(sorted(found))
}

/// Mounted file systems, then the devices that are not mounted.
pub(super) fn disks(records: &mut Records<'_>) -> Result<Vec<BlockDevice>, String> {
    let rooms = records.fields("disk_room")?;
    let rooms: BTreeMap<&str, &str> = rooms
        .chunks_exact(2)
        .filter_map(|fields| Some((fields.first()?.as_str(), fields.get(1)?.as_str())))
        .collect();
    let mut disks = Vec::new();
    let (mut numbers, mut names) = (Vec::new(), Vec::new());
    let mounts = records.fields("disk_mounts")?;
    for fields in mounts.chunks_exact(3) {
        let [source, mount, number] = fields else { continue };
        let name = source.strip_prefix("/dev/").unwrap_or(source);
        if names.iter().any(|known| known == name) {
            continue;
        }
        // Block size, all blocks, and those that programs may use.
        let room: Vec<u64> = rooms.get(mount.as_str()).map_or(Vec::new(), |room| {
            room.split(' ').filter_map(|number| number.parse().ok()).collect()
        });
        let of = |at: usize| room.first()?.checked_mul(*room.get(at)?);
        disks.push(BlockDevice {
            name: name.to_owned(),
            size: of(1),
            mount: unescaped(mount),
            free: of(2),
        });
        numbers.push(number.clone());
        names.push(name.to_owned());
    }
    for fields in records.fields("disk_devices")?.chunks_exact(4) {
        let [name, sectors, number, swap] = fields else {
            continue;
        };
        if !numbers.contains(number) && !names.contains(name) {
            disks.push(BlockDevice {
                name: name.clone(),
                // The kernel counts in sectors of 512 bytes, whatever those of the disk are.
                size: sectors.parse::<u64>().ok().and_then(|sectors| sectors.checked_mul(512)),
                mount: if swap == "yes" {
                    "[SWAP]".to_owned()
                } else {
                    String::new()
                },
                free: None,
            });
        }
    }
    Ok(sorted(disks))
}

pub(super) fn users(records: &mut Records<'_>) -> Result<Vec<User>, String> {
    let fields = records.fields("users")?;
    let users = fields.chunks_exact(2).filter_map(|fields| {
        let [name, uid] = fields else { return None };
        let uid = uid.parse().ok()?;
        Some(User {
            name: name.clone(),
            uid,
        })
    });
    Ok(sorted(users.collect()))
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list.truncate(MOST);
    list
}
