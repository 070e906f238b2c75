//! `infrakt server status`: what the server itself reports.

use super::super::{Context, output};
use super::naming::address;
use crate::document::server::ServerStatus;
use crate::error::{Exit, Result};
use crate::facts::usage::Usage;
use crate::plan::human_bytes;
use crate::prompt::Terminal;
use crate::reason::messages;
use clap::Args;

/// Read a server's current state: system, load, disks, Docker, and what protects it
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
}

pub fn run(args: StatusArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let (live, usage) = runtime.reach_and_measure(&runtime.server(&args.name)?, &Terminal)?;
    let status = ServerStatus::of(&live, usage);
    if context.json {
        output::json(&status)?;
        return Ok(Exit::Done);
    }
    let ServerStatus {
        protected,
        route,
        facts,
        usage,
        ..
    } = &status;
    let server = &live.server;
    let docker = match (facts.docker.installed, facts.docker.running) {
        (false, _) => "not installed".to_owned(),
        (true, false) => "installed, but not responding".to_owned(),
        (true, true) => format!(
            "{}: {}, {}, {}, {}",
            facts.docker.version,
            output::count(facts.docker.containers.len(), "container"),
            output::count(facts.docker.images.len(), "image"),
            output::count(facts.docker.volumes.len(), "volume"),
            output::count(facts.docker.networks.len(), "network"),
        ),
    };
    let opt = match facts.opt_infrakt.kind.as_str() {
        "absent" => "does not exist".to_owned(),
        "directory" => facts.opt_infrakt.bytes.map_or("exists".to_owned(), human_bytes),
        other => other.to_owned(),
    };
    let disks: Vec<String> = usage
        .disks
        .iter()
        .map(|disk| format!("{} {}", disk.mount, space(disk.available_bytes, disk.total_bytes)))
        .collect();
    let ports: Vec<String> = facts.ssh_ports.iter().map(ToString::to_string).collect();
    let [login, through, configured, _] = route.pairs();
    output::pairs([
        ("server", Some(server.name.clone())),
        ("address", Some(address(server))),
        login,
        through,
        configured,
        ("status", server.status.clone()),
        ("protected", (!protected.is_empty()).then(|| messages(protected))),
        (
            "system",
            Some(format!("{} ({}, Linux {})", facts.os.name, facts.arch, facts.kernel)),
        ),
        ("up for", Some(uptime(usage.uptime_seconds))),
        ("load", Some(load(usage))),
        (
            "memory",
            Some(space(usage.memory.available_bytes, usage.memory.total_bytes)),
        ),
        (
            "swap",
            (usage.swap.total_bytes > 0).then(|| space(usage.swap.available_bytes, usage.swap.total_bytes)),
        ),
        ("disks", Some(disks.join(", "))),
        ("hostname", Some(facts.hostname.clone())),
        ("machine-id", facts.machine_id.clone()),
        ("SSH ports", Some(ports.join(", "))),
        ("Docker", Some(docker)),
        ("/opt/infrakt", Some(opt)),
        ("reboot", facts.reboot_required.then(|| "required".to_owned())),
    ])?;
    Ok(Exit::Done)
}

fn space(available: u64, total: u64) -> String {
    format!("{} of {} free", human_bytes(available), human_bytes(total))
}

fn load(usage: &Usage) -> String {
    let [one, five, fifteen] = usage.load;
    let processors = output::count(usage.processors as usize, "processor");
    format!("{one:.2}, {five:.2}, {fifteen:.2} on {processors}")
}

/// In days where it is days, since a server's is.
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours} h {minutes} min"),
        days => format!("{} {hours} h", output::count(days as usize, "day")),
    }
}
