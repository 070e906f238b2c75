//! Reaches a host over TCP. Knows no login and no host key.

use crate::error::SshError;
use crate::ssh::connect::host_socket::HostSocket;
use crate::ssh::route::server_route::Hop;
use rustix::net::sockopt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Connects to the first address that accepts.
pub fn dial(hop: &Hop) -> Result<HostSocket, SshError> {
    let target = &hop.target;
    let unreachable = |reason: String| SshError::Unreachable {
        server: target.name.clone(),
        address: target.address(),
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
                return Ok(HostSocket {
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
    // Without this, Nagle's algorithm and delayed acknowledgements wait for each other, 40 ms at a time.
    socket.set_nodelay(true)?;
    // The kernel probes an idle connection, whatever this process is doing: a person at a prompt may take a long time.
    // A dead connection becomes an error of the socket.
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, hop.probe_interval)?;
    sockopt::set_tcp_keepintvl(&socket, hop.probe_interval)?;
    sockopt::set_tcp_keepcnt(&socket, hop.probes.max(1))?;
    // The same for a busy connection: how long sent data may stay unacknowledged.
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
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "no route to host".to_owned(),
        _ => error.to_string(),
    }
}
