//! The present load of a server and its free space: the script that reads them and the parser of its output. They are
//! not part of the facts, because a plan must not depend on values that change every minute.
//!
//! It knows the server only as text: the caller sends the script and passes on the answer.

use super::records::find;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How busy and how full a server is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Usage {
    /// Since its last start.
    pub uptime_seconds: u64,
    /// Those that are online.
    pub processors: u32,
    /// Averages over 1, 5 and 15 minutes (proc_loadavg(5)).
    pub load: [f64; 3],
    pub memory: Space,
    pub swap: Space,
    /// Its own file systems that store data, by mount point; each once.
    pub disks: Vec<Disk>,
}

/// The total and the available amount of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Space {
    pub total_bytes: u64,
    pub available_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disk {
    pub mount: String,
    pub total_bytes: u64,
    /// For ordinary users: without the space that a file system reserves for root.
    pub available_bytes: u64,
}

/// The POSIX sh script that prints the usage and then does what `facts`, the script of a probe, does. It runs as root. It
/// changes nothing.
pub fn script_before(facts: &str) -> String {
    format!("({})\n{facts}", include_str!("usage.sh"))
}

/// What the script printed, and what that of the facts did: its first record has the nonce.
///
/// # Errors
/// If the answer breaks off before the facts.
pub fn split<'a>(nonce: &str, output: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), String> {
    let at = find(output, format!("\n{nonce} ").as_bytes());
    Ok(output.split_at(at.ok_or("the answer is incomplete")?))
}

/// Understands what the script printed.
///
/// # Errors
/// A sentence on what is missing or not understood.
pub fn parse(output: &[u8]) -> Result<Usage, String> {
    let text = String::from_utf8_lossy(output);
    let mut single: BTreeMap<&str, &str> = BTreeMap::new();
    // Mounted in several places, each counts where its path is shortest.
    let mut disks: BTreeMap<&str, Disk> = BTreeMap::new();
    for line in text.lines() {
        let (key, value) = line.split_once('\t').unwrap_or((line, ""));
        if key != "disk" {
            if single.insert(key, value).is_some() {
                return Err(format!("cannot parse its usage: it has {key:?} twice"));
            }
            continue;
        }
        let mut fields = value.splitn(4, '\t');
        let mut field = || fields.next().unwrap_or_default();
        let (total, available, source, mount) = (field(), field(), field(), field());
        if disks.get(source).is_some_and(|disk| disk.mount.len() <= mount.len()) {
            continue;
        }
        let disk = Disk {
            mount: mount.to_owned(),
            total_bytes: number(key, total)?,
            // Negative if root has used blocks that are reserved for it.
            available_bytes: available.parse().unwrap_or(0),
        };
        disks.insert(source, disk);
    }
    let mut disks: Vec<Disk> = disks.into_values().collect();
    disks.sort_by(|one, other| one.mount.cmp(&other.mount));
    disks.dedup_by(|one, other| one.mount == other.mount);
    let words = |key: &str| single.get(key).copied().unwrap_or_default().split([' ', '.']);
    let kilobytes =
        |key: &str| number(key, single.get(key).copied().unwrap_or_default()).map(|number: u64| number * 1024);
    let mut averages = single.get("load").copied().unwrap_or_default().split(' ');
    let mut average = || number("load", averages.next().unwrap_or_default());
    Ok(Usage {
        uptime_seconds: number("uptime", words("uptime").next().unwrap_or_default())?,
        processors: number("processors", single.get("processors").copied().unwrap_or_default())?,
        load: [average()?, average()?, average()?],
        memory: Space {
            total_bytes: kilobytes("MemTotal")?,
            available_bytes: kilobytes("MemAvailable")?,
        },
        swap: Space {
            total_bytes: kilobytes("SwapTotal")?,
            available_bytes: kilobytes("SwapFree")?,
        },
        disks,
    })
}

fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("cannot parse its usage: '{key}' is not a number: {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn this_very_computer_says_how_busy_it_is_and_then_its_facts() {
        let output = Command::new("sh")
            .args(["-c", &script_before("printf '\nNONCE facts\n'")])
            .output()
            .expect("sh runs");
        let (usage, facts) = split("NONCE", &output.stdout).expect("both");
        assert_eq!(facts, b"\nNONCE facts\n");
        let usage = parse(usage).expect("the usage of this computer");
        assert!(usage.processors > 0 && usage.uptime_seconds > 0);
        assert!(usage.memory.total_bytes > usage.memory.available_bytes);
        assert!(usage.disks.iter().any(|disk| disk.mount == "/"), "{:?}", usage.disks);
        assert!(usage.load.iter().all(|load| *load >= 0.0));
    }

    #[test]
    fn what_a_server_prints_is_understood() {
        let printed = b"uptime\t86400.53 100.00\nprocessors\t2\nload\t0.31 0.40 0.52 1/234 5678\nMemTotal\t4000\n\
            MemAvailable\t3000\nSwapTotal\t0\nSwapFree\t0\ndisk\t100\t-\t/dev/sdb\t/var/lib/my data\ndisk\t40000\t31000\t/dev/sda\t/srv\n\
            disk\t40000\t31000\t/dev/sda\t/\ndisk\t40000\t31000\t/dev/sda\t/opt\n";
        let usage = parse(printed).expect("usage");
        assert_eq!((usage.uptime_seconds, usage.processors), (86400, 2));
        assert_eq!(usage.load, [0.31, 0.4, 0.52]);
        assert_eq!((usage.memory.total_bytes, usage.swap.total_bytes), (4_096_000, 0));
        let mounts: Vec<&str> = usage.disks.iter().map(|disk| disk.mount.as_str()).collect();
        assert_eq!(mounts, ["/", "/var/lib/my data"]);
    }

    #[test]
    fn a_server_that_does_not_say_it_has_no_usage() {
        let reason = parse(b"uptime\t\nprocessors\t2\n").expect_err("no usage");
        assert!(reason.contains("'uptime'"), "{reason}");
        assert!(split("NONCE", b"uptime\t1\n").is_err());
        let reason = parse(b"uptime\t1\nuptime\t2\n").expect_err("which of them?");
        assert!(reason.contains("twice"), "{reason}");
    }
}
