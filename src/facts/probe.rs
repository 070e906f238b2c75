//! The script that reads a server's facts in one round trip, and the parser of what it prints. It knows the server only
//! as text: the caller sends the script and passes on the answer.

use super::records::{Records, number};
use super::{FORMAT, Facts, Obstacle, directory, docker, machine, os_release};
use crate::host_key::{HostKey, InvalidHostKey};
use crate::plan::shell::{quote, without_comments};
use crate::plan::survey;
use std::collections::BTreeMap;

/// The POSIX sh script that prints a server's facts as records (see `records`).
///
/// `nonce` is unguessable and new for each answer. `thread_name` is the name under which this process can be seen in the
/// server's /proc, if infrakt runs there. The script runs as root. It changes nothing.
pub fn script(nonce: &str, thread_name: &str) -> String {
    format!(
        "ik_nonce={} ik_thread={}\n{}{}",
        quote(nonce),
        quote(thread_name),
        survey::functions(),
        without_comments(include_str!("probe.sh"))
    )
}

/// Understands what the script printed.
///
/// # Errors
/// A sentence on what is missing or not understood. An answer without its `end` never counts as complete, and neither does one
/// with a repeated or an unknown record.
pub fn parse(nonce: &str, output: &[u8]) -> Result<Facts, String> {
    let mut records = Records::read(nonce, output)?;
    let machine_id = records.text("machine_id")?;
    let mut lines = records.lines("host_keys")?;
    lines.sort();
    // One that can't be read could be the one that protects the machine.
    let host_keys = lines
        .iter()
        .map(|line| {
            line.parse()
                .map_err(|error: InvalidHostKey| format!("host_keys: '{}': {error}", line.escape_debug()))
        })
        .collect::<Result<Vec<HostKey>, String>>()?;
    let mut ssh_ports = records
        .lines("ssh_ports")?
        .iter()
        .map(|port| number("ssh_ports", port))
        .collect::<Result<Vec<u16>, String>>()?;
    ssh_ports.sort_unstable();
    ssh_ports.dedup();
    let facts = Facts {
        format: FORMAT,
        os: os_release::parse(&records.text("os_release")?),
        arch: records.text("arch")?,
        kernel: records.text("kernel")?,
        hostname: records.text("hostname")?,
        machine_id: is_machine_id(&machine_id).then_some(machine_id),
        host_keys,
        marker: records.yes("marker")?,
        runs_this_infrakt: records.yes("runs_this_infrakt")?,
        ssh_ports,
        memory_mb: machine::megabytes(&records.text("memory")?),
        swap_mb: machine::megabytes(&records.text("swap")?),
        processors: records.text("processors")?.parse().ok(),
        addresses: Some(machine::addresses(&mut records)?),
        disks: Some(machine::disks(&mut records)?),
        users: Some(machine::users(&mut records)?),
        reboot_required: records.yes("reboot_required")?,
        docker: docker::read(&mut records)?,
        opt_infrakt: directory::read(&mut records)?,
        obstacles: obstacles(&records.fields("obstacles")?),
        answers: BTreeMap::new(),
    };
    records.finish()?;
    Ok(facts)
}

fn obstacles(fields: &[String]) -> Vec<Obstacle> {
    let (whole, _) = fields.as_chunks();
    let obstacles = whole.iter().map(|[path, problem, remedy]| Obstacle {
        path: path.clone(),
        problem: problem.clone(),
        remedy: remedy.clone(),
    });
    obstacles.collect()
}

/// 32 lower-case hexadecimal digits that are not all zero, machine-id(5).
fn is_machine_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_script_reads_this_very_computer() {
        let output = Command::new("sh")
            .args(["-c", &script("NONCE", "ik-000000000000")])
            .output()
            .expect("sh runs");
        let facts = parse("NONCE", &output.stdout).expect("facts of this computer");
        assert!(!facts.os.id.is_empty());
        assert!(!facts.runs_this_infrakt);
        assert!(facts.memory_mb > Some(0) && facts.processors > Some(0));
        assert!(
            facts
                .users
                .is_some_and(|users| users.iter().any(|user| user.name == "root" && user.uid == 0))
        );
    }

    #[test]
    fn a_process_is_found_by_the_name_of_its_thread() {
        let name = format!("ik-{:012x}", std::process::id());
        let (told, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new()
            .name(name.clone())
            .spawn(move || wait.recv().is_err())
            .expect("a thread");
        let output = Command::new("sh")
            .args(["-c", &script("NONCE", &name)])
            .output()
            .expect("sh runs");
        drop(told);
        assert!(thread.join().expect("the thread ends"));
        assert!(parse("NONCE", &output.stdout).expect("facts").runs_this_infrakt);
    }

    /// What a machine with a Docker that holds something answers.
    const ANSWER: &str = include_str!("../../fuzz/corpus/facts/docker");

    #[test]
    fn what_docker_holds_is_read_with_what_tells_it_from_its_namesakes() {
        let facts = parse("NONCE", ANSWER.as_bytes()).expect("facts");
        let docker = facts.docker;
        assert_eq!(
            (docker.containers[0].id.as_str(), docker.containers[0].name.as_str()),
            ("0123", "web")
        );
        let names: Vec<&str> = docker.images.iter().map(|image| image.name.as_str()).collect();
        assert_eq!(names, ["nginx:1", "456745674567"]);
        assert_eq!(docker.networks[0].id, "89ab");
        let (pgdata, memory) = (&docker.volumes[0], &docker.volumes[1]);
        assert_eq!((pgdata.bytes, pgdata.device.as_deref()), (Some(1500), None));
        assert_eq!((memory.bytes, memory.device.as_deref()), (None, Some("tmpfs tmpfs")));
        assert_eq!(pgdata.created, "2026-07-01T12:00:00Z");
        let entries: Vec<(&str, Option<u64>)> = facts
            .opt_infrakt
            .entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.bytes))
            .collect();
        assert_eq!(entries, [("backups", Some(5296)), ("backups/shop.sql.gz", Some(1200))]);
        assert_eq!(facts.opt_infrakt.bytes, Some(9392));
    }

    #[test]
    fn the_machine_is_read_with_what_of_it_is_free_and_in_use() {
        let facts = parse("NONCE", ANSWER.as_bytes()).expect("facts");
        assert_eq!(
            (facts.memory_mb, facts.swap_mb, facts.processors),
            (Some(1973), Some(0), Some(2))
        );
        let addresses = facts.addresses.expect("addresses");
        let addresses: Vec<_> = addresses
            .iter()
            .map(|one| (one.interface.as_str(), one.address.as_str()))
            .collect();
        assert_eq!(
            addresses,
            [
                ("docker0", "172.17.0.1"),
                ("eth0", "192.0.2.7"),
                ("eth0", "2001:db8::7")
            ]
        );
        let disks = facts.disks.expect("disks");
        let disks: Vec<_> = disks
            .iter()
            .map(|one| (one.name.as_str(), one.size, one.mount.as_str(), one.free))
            .collect();
        assert_eq!(
            disks,
            [
                ("vda1", Some(4_096_000), "/", Some(2_048_000)),
                ("vdb", None, "/srv/my data", None),
                ("vdc", Some(2_097_152), "", None),
                ("vdd", Some(1_048_576), "[SWAP]", None),
            ]
        );
        let users = facts.users.expect("users");
        let users: Vec<_> = users.iter().map(|one| (one.name.as_str(), one.uid)).collect();
        assert_eq!(users, [("deploy", 1000), ("root", 0)]);
    }

    proptest::proptest! {
        /// Whatever a machine calls its things, nothing else is known otherwise because of it.
        #[test]
        fn a_name_never_becomes_anything_else(
            name in r"(\PC|[\n\t\x00]|\n(NONSE|N|) (marker|end|machine_id|error)\n(no|yes|)){0,12}"
        ) {
            let before = parse("NONCE", ANSWER.as_bytes()).expect("facts");
            let encoded = serde_json::to_string(&name).expect("JSON");
            let named = ANSWER.replace("\"shop-network\"", &encoded);
            let mut after = parse("NONCE", named.as_bytes()).expect("a name breaks nothing");
            proptest::prop_assert_eq!(&after.docker.networks[0].name, &name);
            after.docker.networks[0].name = before.docker.networks[0].name.clone();
            proptest::prop_assert_eq!(after, before);
        }

        /// Also where it comes from a file, and not encoded.
        #[test]
        fn a_text_never_becomes_anything_else(text in r"(\PC|[\n\t\x00]|\n(NONSE|N|) (marker|end|machine_id|error)\n(no|yes|)){0,12}") {
            let before = parse("NONCE", ANSWER.as_bytes()).expect("facts");
            let mut after = parse("NONCE", ANSWER.replace("prod-2", &text).as_bytes()).expect("a text breaks nothing");
            proptest::prop_assert_eq!(&after.hostname, &text);
            after.hostname = before.hostname.clone();
            proptest::prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn a_host_key_that_cannot_be_read_is_an_error_since_it_may_protect_the_machine() {
        let answer = ANSWER.replace("NONCE host_keys\n", "NONCE host_keys\nssh-ed25519\n");
        let error = parse("NONCE", answer.as_bytes()).unwrap_err();
        assert!(error.contains("host_keys: 'ssh-ed25519'"), "{error}");
    }

    #[test]
    fn half_an_answer_is_none() {
        let output = Command::new("sh")
            .args(["-c", &script("NONCE", "ik-000000000000")])
            .output()
            .expect("sh runs");
        let half = &output.stdout[..output.stdout.len() - "NONCE end\n".len()];
        assert_eq!(parse("NONCE", half), Err("the answer is incomplete".to_owned()));
    }

    #[test]
    fn a_machine_without_an_identity_has_none() {
        assert!(is_machine_id("0123456789abcdef0123456789abcdef"));
        for id in [
            "",
            "uninitialized",
            "00000000000000000000000000000000",
            "0123456789ABCDEF0123456789ABCDEF",
        ] {
            assert!(!is_machine_id(id), "{id}");
        }
    }
}
