//! A TCP port that belongs to one test until it ends, whether a server listens on it or not.
//!
//! A port that was only looked up as free may be another process's a moment later, also as the near end of a connection.

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

/// The kernel does not assign a port with a bound socket to another process by itself. The socket allows to reuse its address, as sshd and
/// the standard library do for theirs, so a server may still listen on the port.
pub struct Port {
    pub number: u16,
    _socket: OwnedFd,
}

impl Port {
    /// A free port of the IPv4 address `address`.
    pub fn reserved_on(address: &str) -> Self {
        let ip: IpAddr = address.parse().expect("an address");
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let socket = socket.expect("a socket");
        sockopt::set_socket_reuseaddr(&socket, true).expect("an option");
        bind(&socket, &SocketAddr::new(ip, 0)).expect("a free port");
        let bound = getsockname(&socket).expect("an address");
        let bound = SocketAddr::try_from(bound).expect("an IPv4 address");
        Self {
            number: bound.port(),
            _socket: socket,
        }
    }

    pub fn reserved() -> Self {
        Self::reserved_on("127.0.0.1")
    }
}
