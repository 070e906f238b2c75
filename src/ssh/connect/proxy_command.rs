//! Reaches a host through a command, `ProxyCommand` of ssh_config(5). Knows no login and no host key.

use crate::error::SshError;
use crate::ssh::connect::host_socket::{Carrier, HostSocket};
use crate::ssh::route::server_route::Hop;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A running command whose standard streams are the connection.
pub struct ProxyCommand {
    command: String,
    /// In a mutex because asking for its status reaps the process.
    process: Mutex<Child>,
}

impl ProxyCommand {
    pub fn start(hop: &Hop, command: &str) -> Result<HostSocket, SshError> {
        let failed = |error: io::Error| SshError::Unreachable {
            server: hop.target.name.clone(),
            address: hop.target.address(),
            reason: format!("the ProxyCommand `{command}` cannot be started: {error}"),
        };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let (input, output) = (theirs.try_clone().map_err(failed)?, theirs);
        let process = Command::new("sh")
            // With `exec`, killing the process kills the command itself, as in ssh.
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::from(OwnedFd::from(input)))
            .stdout(Stdio::from(OwnedFd::from(output)))
            // The user sees its error messages, as with ssh.
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(failed)?;
        Ok(HostSocket {
            socket: ours.into(),
            carrier: Some(Box::new(Self {
                command: command.to_owned(),
                process: Mutex::new(process),
            })),
        })
    }
}

impl Carrier for ProxyCommand {
    fn fate(&self) -> Option<String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        // Its streams are closed a moment before it exits.
        for _ in 0..20 {
            if let Ok(Some(status)) = process.try_wait() {
                return Some(format!("the ProxyCommand `{}` ended ({status})", self.command));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have exited already.
        let _ = process.kill();
        let _ = process.wait();
    }
}
