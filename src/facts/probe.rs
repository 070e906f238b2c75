//! The script that reads a server's facts in one round trip, and the parser of what it prints. It knows the server only
//! as text: somebody else sends the script and brings the answer.

use super::{Container, Directory, Docker, FORMAT, Facts, Image, Os, Volume};
use crate::plan::shell::quote;
use std::collections::BTreeMap;

/// The POSIX sh script that prints a server's facts, one `key<TAB>value…` a line, and `end` as its last line.
///
/// `thread_name` is the name under which this process can be seen in the server's /proc, if infrakt runs there.
/// It runs as root. It changes nothing.
pub fn script(thread_name: &str) -> String {
    format!("ik_thread={}\n{}", quote(thread_name), include_str!("probe.sh"))
}

/// Understands what the script printed.
///
/// # Errors
/// A sentence on what is missing or not understood. An answer without its `end` line is never taken for a whole one.
pub fn parse(output: &[u8]) -> Result<Facts, String> {
    let text = String::from_utf8_lossy(output);
    let mut single: BTreeMap<&str, &str> = BTreeMap::new();
    let mut docker = Docker::default();
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    let mut opt_infrakt = Directory::default();
    let mut host_keys = Vec::new();
    let mut ssh_ports = Vec::new();
    let mut ended = false;
    for line in text.lines() {
        if ended {
            return Err(format!("there is more after its end: {line:?}"));
        }
        let (key, value) = line.split_once('\t').unwrap_or((line, ""));
        let mut fields = value.split('\t');
        let mut field = || fields.next().unwrap_or("").to_owned();
        match key {
            "end" => ended = true,
            "host_key" => host_keys.push(value.to_owned()),
            "ssh_port" => ssh_ports.push(number(key, value)?),
            "container" => {
                docker.containers.push(Container {
                    name: field(),
                    image: field(),
                    state: field(),
                });
            }
            "image" => {
                let (name, id, size) = (field(), field(), field());
                docker.images.push(Image {
                    name: if name.contains("<none>") { id } else { name },
                    size,
                });
            }
            "volume" => {
                let (name, driver, device) = (field(), field(), field());
                let device = (!device.is_empty()).then_some(device);
                docker.volumes.push(Volume {
                    name,
                    driver,
                    bytes: None,
                    device,
                });
            }
            "volume_size" => {
                let (name, bytes) = value.split_once('\t').ok_or_else(|| not_understood(line))?;
                sizes.insert(name, number(key, bytes)?);
            }
            "network" => docker.networks.push(value.to_owned()),
            "opt_mount" => opt_infrakt.mounts.push(value.to_owned()),
            "error" => return Err(value.to_owned()),
            _ if line.contains('\t') => {
                single.insert(key, value);
            }
            _ => return Err(not_understood(line)),
        }
    }
    if !ended {
        return Err("the answer breaks off before its end".to_owned());
    }
    for volume in &mut docker.volumes {
        volume.bytes = sizes.get(volume.name.as_str()).copied();
    }
    let text_of = |key: &str| {
        single
            .get(key)
            .copied()
            .ok_or_else(|| format!("it does not say '{key}'"))
    };
    let yes = |key: &str| text_of(key).map(|value| value == "yes");
    docker.installed = yes("docker_installed")?;
    docker.running = yes("docker_running")?;
    docker.compose = yes("docker_compose")?;
    docker.swarm = yes("docker_swarm")?;
    docker.version = text_of("docker_version")?.to_owned();
    docker.package_name = text_of("docker_package")?.to_owned();
    opt_infrakt.kind = text_of("opt_kind")?.to_owned();
    opt_infrakt.bytes = text_of("opt_bytes")?.parse().ok();
    opt_infrakt.backups = text_of("opt_backups")?.parse().unwrap_or(0);
    let machine_id = text_of("machine_id")?;
    ssh_ports.sort_unstable();
    ssh_ports.dedup();
    host_keys.sort();
    Ok(Facts {
        format: FORMAT,
        os: Os {
            id: text_of("os_id")?.to_owned(),
            version: text_of("os_version")?.to_owned(),
            codename: text_of("os_codename")?.to_owned(),
            name: text_of("os_name")?.to_owned(),
        },
        arch: text_of("arch")?.to_owned(),
        kernel: text_of("kernel")?.to_owned(),
        hostname: text_of("hostname")?.to_owned(),
        machine_id: is_machine_id(machine_id).then(|| machine_id.to_owned()),
        host_keys,
        marker: yes("marker")?,
        runs_this_infrakt: yes("runs_this_infrakt")?,
        ssh_ports,
        reboot_required: yes("reboot_required")?,
        docker,
        opt_infrakt,
        answers: BTreeMap::new(),
    })
}

/// 32 lower-case hexadecimal digits that are not all zero, machine-id(5).
fn is_machine_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && text.bytes().any(|byte| byte != b'0')
}

fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("'{key}' is not a number: {text:?}"))
}

fn not_understood(line: &str) -> String {
    format!("a line is not understood: {line:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_script_reads_this_very_computer() {
        let output = Command::new("sh")
            .args(["-c", &script("ik-000000000000")])
            .output()
            .expect("sh runs");
        let facts = parse(&output.stdout).expect("facts of this computer");
        assert!(!facts.os.id.is_empty());
        assert!(!facts.runs_this_infrakt);
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
            .args(["-c", &script(&name)])
            .output()
            .expect("sh runs");
        drop(told);
        assert!(thread.join().expect("the thread ends"));
        assert!(parse(&output.stdout).expect("facts").runs_this_infrakt);
    }

    #[test]
    fn half_an_answer_is_none() {
        let output = Command::new("sh")
            .args(["-c", &script("ik-000000000000")])
            .output()
            .expect("sh runs");
        let half = &output.stdout[..output.stdout.len() - "end\n".len()];
        assert_eq!(parse(half), Err("the answer breaks off before its end".to_owned()));
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
