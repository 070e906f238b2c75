//! How bytes get to a host before there is SSH with it: over TCP, through a channel of a jump host, or through a command.
//! Knows no login and no host key.
//!
//! libssh2 wants a socket. What is none gets one end of a pair of sockets; see `jump.rs` for what is at the other.

use crate::error::SshError;
use crate::ssh::connect::jump::Jump;
use crate::ssh::connect::transport::address;
use crate::ssh::route::lookup::Hop;
use rustix::net::sockopt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A socket that leads to a host.
pub struct Line {
    pub socket: OwnedFd,
    pub carrier: Option<Carrier>,
}

/// What a socket leads through, where it is not the network itself.
pub enum Carrier {
    Jump(Box<Jump>),
    Command(ProxyCommand),
}

impl Carrier {
    /// What became of it, if it is that which broke.
    pub fn fate(&self) -> Option<String> {
        match self {
            Self::Jump(jump) => jump.fate(),
            Self::Command(command) => command.fate(),
        }
    }
}

/// Over the network: the first address that accepts.
pub fn dial(hop: &Hop) -> Result<Line, SshError> {
    let target = &hop.target;
    let unreachable = |reason: String| SshError::Unreachable {
        server: target.name.clone(),
        address: address(target),
        reason,
    };
    let addresses: Vec<SocketAddr> = (target.host.as_str(), target.port)
        .to_socket_addrs()
        .map_err(|error| unreachable(format!("the name '{}' has no address ({error})", target.host)))?
        .collect();
    let mut reasons: Vec<String> = Vec::new();
    for address in &addresses {
        match connect(address, hop) {
            Ok(socket) => {
                return Ok(Line {
                    socket: socket.into(),
                    carrier: None,
                });
            }
            Err(error) => {
                let reason = in_words(&error, hop.connect_timeout);
                reasons.push(if addresses.len() == 1 {
                    reason
                } else {
                    format!("{}: {reason}", address.ip())
                });
            }
        }
    }
    reasons.dedup();
    if reasons.is_empty() {
        reasons.push(format!("the name '{}' has no address", target.host));
    }
    Err(unreachable(reasons.join("; ")))
}

fn connect(address: &SocketAddr, hop: &Hop) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(address, hop.connect_timeout)?;
    // Otherwise Nagle's algorithm and delayed acknowledgements wait for each other, 40 ms at a time.
    socket.set_nodelay(true)?;
    // The system itself probes an idle connection, whatever this process is doing, and a person at a prompt may take
    // their time. What is gone shows as an error of the socket.
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, hop.probe_interval)?;
    sockopt::set_tcp_keepintvl(&socket, hop.probe_interval)?;
    sockopt::set_tcp_keepcnt(&socket, hop.probes.max(1))?;
    // The same for a connection that is not idle: how long what was sent may stay unacknowledged.
    #[cfg(target_os = "linux")]
    {
        let patience = hop.probe_interval.saturating_mul(hop.probes.saturating_add(1));
        let patience = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(&socket, patience)?;
    }
    Ok(socket)
}

fn in_words(error: &io::Error, patience: Duration) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "connection refused: nothing listens on that port, or a firewall rejects it".to_owned()
        }
        ErrorKind::TimedOut => format!(
            "no answer within {} s: the machine is off, or a firewall drops the packets",
            patience.as_secs()
        ),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no route to it".to_owned(),
        _ => error.to_string(),
    }
}

/// Through a command, `ProxyCommand` of ssh_config(5): its standard streams are the connection.
pub struct ProxyCommand {
    command: String,
    /// Behind a lock because asking how it fares takes note of its end.
    process: Mutex<Child>,
}

impl ProxyCommand {
    pub fn start(hop: &Hop, command: &str) -> Result<Line, SshError> {
        let failed = |error: io::Error| SshError::Unreachable {
            server: hop.target.name.clone(),
            address: address(&hop.target),
            reason: format!("the ProxyCommand `{command}` cannot be started: {error}"),
        };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let (input, output) = (theirs.try_clone().map_err(failed)?, theirs);
        let process = Command::new("sh")
            // `exec`, so that ending the process ends the command itself (as ssh does).
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::from(OwnedFd::from(input)))
            .stdout(Stdio::from(OwnedFd::from(output)))
            // What it has to say of its own failure is for the user, as with ssh.
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(failed)?;
        Ok(Line {
            socket: ours.into(),
            carrier: Some(Carrier::Command(Self {
                command: command.to_owned(),
                process: Mutex::new(process),
            })),
        })
    }

    fn fate(&self) -> Option<String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        // Its streams are closed a moment before it is gone.
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
        // It may have ended by itself.
        let _ = process.kill();
        let _ = process.wait();
    }
}
