//! A connection after SSH's key exchange, before the login. Does not decide which host keys are trusted, nor how the
//! host is reached.

use crate::error::SshError;
use crate::host_key::PublicKey;
use crate::ssh::connect::deadline::Deadline;
use crate::ssh::connect::host_socket::{Carrier, HostSocket};
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::route::server_route::Hop;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use ssh2::MethodType;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The timeout of one exchange of messages (key exchange, login, channel). None of them waits for a person, but PAM
/// delays failures, and servers look up the names of their clients.
const ANSWER_TIMEOUT_MS: u32 = 30_000;
/// The timeout of the whole key exchange.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Why the key exchange failed.
pub enum HandshakeFailure {
    /// Client and server have no algorithm in common: the server has none of the key types asked for.
    NoCommonAlgorithm(SshError),
    Other(SshError),
}

impl From<HandshakeFailure> for SshError {
    fn from(failure: HandshakeFailure) -> Self {
        match failure {
            HandshakeFailure::NoCommonAlgorithm(error) | HandshakeFailure::Other(error) => error,
        }
    }
}

/// An encrypted connection to a host that has proven to own `host_key`.
pub struct Transport {
    pub session: ssh2::Session,
    /// The session's socket, to poll and to shut down.
    pub socket: OwnedFd,
    host_key: PublicKey,
    server: String,
    /// Why the connection is lost.
    lost: Option<String>,
    /// What carries the socket's bytes, if it is not the network itself. Dropped last: it ends when the socket does.
    carrier: Option<Box<dyn Carrier>>,
}

impl Transport {
    /// Exchanges keys over `host_socket`. The host key algorithms are in order of preference.
    pub fn open(hop: &Hop, host_socket: HostSocket, host_key_algorithms: &[&str]) -> Result<Self, HandshakeFailure> {
        let HostSocket { socket, carrier } = host_socket;
        let target = &hop.target;
        let failed = |reason: String| SshError::Handshake {
            server: target.name.clone(),
            address: target.address(),
            reason,
        };
        let other = |reason: String| HandshakeFailure::Other(failed(reason));
        let own = socket.try_clone().map_err(|error| other(error.to_string()))?;

        let mut session = ssh2::Session::new().map_err(|error| other(error.message().to_owned()))?;
        session.set_timeout(ANSWER_TIMEOUT_MS);
        session
            .method_pref(MethodType::HostKey, &host_key_algorithms.join(","))
            .map_err(|error| other(error.message().to_owned()))?;
        session.set_tcp_stream(own);
        let deadline = Deadline::of(&socket, HANDSHAKE).map_err(|error| other(error.to_string()))?;
        session.handshake().map_err(|error| {
            match code_of(&error) {
            _ if deadline.has_passed() => other(format!(
                "what answers there sent data for {} s without exchanging keys",
                HANDSHAKE.as_secs()
            )),
            libssh2_error::KEX_FAILURE | libssh2_error::KEY_EXCHANGE_FAILURE => HandshakeFailure::NoCommonAlgorithm(failed(
                "no keys could be exchanged: client and server have no algorithm in common, or what answers there does \
                 not speak SSH"
                    .to_owned(),
            )),
            code => other(match carrier.as_ref().and_then(|carrier| carrier.fate()) {
                Some(fate) => fate,
                // sshd_config(5), PerSourcePenalties and MaxStartups.
                None if matches!(code, libssh2_error::SOCKET_DISCONNECT | libssh2_error::SOCKET_RECV) => format!(
                    "it ended the connection before keys were exchanged ({}): it does not speak SSH, or turns this \
                     computer away for a while, as sshd does after failed logins",
                    error.message()
                ),
                None => format!(
                    "what answers there does not speak SSH, or closed the connection ({})",
                    error.message()
                ),
            }),
        }
        })?;
        let host_key = session
            .host_key()
            .and_then(|(blob, _)| PublicKey::from_blob(blob))
            .ok_or_else(|| other("the server offers no readable host key".to_owned()))?;
        Ok(Self {
            session,
            socket,
            host_key,
            server: target.name.clone(),
            lost: None,
            carrier,
        })
    }

    pub fn host_key(&self) -> &PublicKey {
        &self.host_key
    }

    /// The address of the other end, if this computer is connected to it directly.
    pub fn peer(&self) -> Option<IpAddr> {
        let address = rustix::net::getpeername(&self.socket).ok()??;
        Some(SocketAddr::try_from(address).ok()?.ip().to_canonical())
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    /// Why the carrier of this connection broke, if it did.
    pub fn fate(&self) -> Option<String> {
        self.carrier.as_ref().and_then(|carrier| carrier.fate())
    }

    /// Fails if the connection is known to be lost.
    pub fn alive(&self) -> Result<(), SshError> {
        match &self.lost {
            None => Ok(()),
            Some(reason) => Err(self.lost_because(reason.clone())),
        }
    }

    /// Marks the connection as lost, with the reason. The first reason is kept.
    pub fn lose(&mut self, reason: impl Into<String>) -> SshError {
        // Dropping the session then sends nothing and waits for nothing.
        let _ = shutdown(&self.socket, Shutdown::Both);
        let reason = match &self.lost {
            Some(reason) => reason.clone(),
            // The reason of the carrier says more than the end of the stream.
            None => self.fate().unwrap_or_else(|| reason.into()),
        };
        self.lost = Some(reason.clone());
        self.carrier = None;
        self.lost_because(reason)
    }

    /// Makes the kernel discard unsent data when the connection is dropped. Otherwise it might send it minutes later,
    /// when the network is back. Data that is already on its way may still arrive. See SO_LINGER in socket(7).
    pub fn forget_unsent(&self) {
        // Sockets other than TCP may not support it, and they end at once anyway.
        let _ = rustix::net::sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
    }

    fn lost_because(&self, reason: String) -> SshError {
        SshError::Lost {
            server: self.server.clone(),
            reason,
        }
    }

    /// Waits until the socket is ready for one of `events`, or until the deadline. A signal does not end the wait.
    pub fn wait(&self, events: PollFlags, until: Instant) -> std::io::Result<()> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // A wait that poll can't express takes years: an hour will do, and the caller asks again.
            let left = Timespec::try_from(left).unwrap_or(Timespec {
                tv_sec: 3600,
                tv_nsec: 0,
            });
            match rustix::event::poll(&mut [PollFd::new(&self.socket, events)], Some(&left)) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // Dropping an ssh2 session in blocking mode waits for a peer that may be gone.
        self.session.set_blocking(false);
        // No SSH_MSG_DISCONNECT is sent: sshd would exit at once and drop input that a command has not read yet. All
        // input is read first: otherwise the kernel would send a reset (RFC 1122, 4.2.2.13) instead of what was
        // written.
        let mut unread = [0; 4096];
        while matches!(recv(&self.socket, &mut unread, RecvFlags::DONTWAIT), Ok((1.., _))) {}
        let _ = shutdown(&self.socket, Shutdown::Write);
    }
}
