//! `infrakt server ssh`: a shell on a server with the system's own ssh and the values of the inventory. For values that
//! are not recorded, ssh reads the same configuration as infrakt.

use super::super::Context;
use crate::error::{Error, Exit, Result};
use crate::runtime::{client_options, route_to};
use clap::Args;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Log in to a server with ssh, or run a command on it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server ssh prod-2
  infrakt server ssh prod-2 -- systemctl status docker")]
pub struct SshArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    /// Command to run instead of a shell
    #[arg(last = true)]
    command: Vec<String>,
}

pub fn run(args: SshArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let server = runtime.server(&args.name)?;
    let mut command = Command::new("ssh");
    // The same configuration as infrakt's own logins; and where that names no user, the same one.
    command.args(client_options());
    let route = route_to(&server)?;
    command.args(["-l", &route.target().user]);
    if let Some(port) = server.port {
        command.args(["-p", &port.to_string()]);
    }
    if let Some(key) = &server.ssh_key_path {
        command.args(["-i", key]);
    }
    if let Some(known_hosts) = runtime.write_known_hosts(&server)? {
        command
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", known_hosts.display()));
        command.args([
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            &format!("HostKeyAlias={}", server.name),
        ]);
    }
    command.arg("--").arg(&server.host).args(&args.command);
    // Only returns if it could not start.
    let error = command.exec();
    Err(Error::usage_with(
        format!("cannot start ssh: {error}"),
        "install it: apt install openssh-client",
    ))
}
