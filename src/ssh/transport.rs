//! A TCP connection with SSH's key exchange done, before anybody has logged in. Does not decide whom to trust.

use super::Target;
use super::host_key::HostKey;
use crate::error::SshError;
use rustix::event::{PollFd, PollFlags, Timespec};
use ssh2::{ErrorCode, MethodType};
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long one address may take to accept.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one exchange of messages may take (key exchange, a login, a channel): no person is waited for in any of
/// them, but PAM delays failures, and servers look up the names of their clients.
const ANSWER_TIMEOUT_MS: u32 = 30_000;

/// Error numbers of libssh2 (libssh2.h) that mean something particular here.
pub(super) mod code {
    pub(in crate::ssh) const KEX_FAILURE: i32 = -5;
    pub(in crate::ssh) const KEY_EXCHANGE_FAILURE: i32 = -8;
    pub(in crate::ssh) const FILE: i32 = -16;
    pub(in crate::ssh) const METHOD_NONE: i32 = -17;
    pub(in crate::ssh) const AUTHENTICATION_FAILED: i32 = -18;
    pub(in crate::ssh) const PUBLICKEY_UNVERIFIED: i32 = -19;
    pub(in crate::ssh) const AGAIN: i32 = -37;
    const BANNER_RECV: i32 = -2;
    const SOCKET_SEND: i32 = -7;
    const TIMEOUT: i32 = -9;
    const SOCKET_DISCONNECT: i32 = -13;
    const SOCKET_TIMEOUT: i32 = -30;
    const SOCKET_RECV: i32 = -43;
    const BAD_SOCKET: i32 = -45;

    /// The connection itself is over.
    pub(in crate::ssh) fn is_lost(code: i32) -> bool {
        matches!(
            code,
            BANNER_RECV | SOCKET_SEND | TIMEOUT | SOCKET_DISCONNECT | SOCKET_TIMEOUT | SOCKET_RECV | BAD_SOCKET
        )
    }
}

/// The number of an error that libssh2 reported.
pub(super) fn code_of(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

/// Why no transport came about.
pub(super) enum Failure {
    /// Client and server share no algorithm: of the key types asked for, the server has none.
    NoCommonAlgorithm(SshError),
    Other(SshError),
}

impl From<Failure> for SshError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoCommonAlgorithm(error) | Failure::Other(error) => error,
        }
    }
}

/// An encrypted connection to something that has proven to own `host_key`.
pub(super) struct Transport {
    pub session: ssh2::Session,
    /// The same socket as the session's, to wait on and to cut.
    pub socket: TcpStream,
    host_key: HostKey,
    server: String,
    /// Why nothing more can be done with it.
    lost: Option<String>,
}

impl Transport {
    /// Connects to the first address that accepts and exchanges keys, asking for the host key algorithms in this order.
    pub(super) fn open(target: &Target, host_key_algorithms: &[&str]) -> Result<Self, Failure> {
        let socket = dial(target).map_err(Failure::Other)?;
        let failed = |reason: String| SshError::Handshake {
            server: target.name.clone(),
            address: address(target),
            reason,
        };
        let other = |reason: String| Failure::Other(failed(reason));
        // Otherwise Nagle's algorithm and delayed acknowledgements wait for each other, 40 ms at a time.
        socket.set_nodelay(true).map_err(|error| other(error.to_string()))?;
        let own = socket.try_clone().map_err(|error| other(error.to_string()))?;

        let mut session = ssh2::Session::new().map_err(|error| other(error.message().to_owned()))?;
        session.set_timeout(ANSWER_TIMEOUT_MS);
        session
            .method_pref(MethodType::HostKey, &host_key_algorithms.join(","))
            .map_err(|error| other(error.message().to_owned()))?;
        session.set_tcp_stream(own);
        session.handshake().map_err(|error| match code_of(&error) {
            code::KEX_FAILURE | code::KEY_EXCHANGE_FAILURE => {
                Failure::NoCommonAlgorithm(failed("client and server have no algorithm in common".to_owned()))
            }
            _ => other(format!(
                "what answers there does not speak SSH, or gave up ({})",
                error.message()
            )),
        })?;
        let host_key = session
            .host_key()
            .and_then(|(blob, _)| HostKey::from_blob(blob))
            .ok_or_else(|| other("the server shows no readable host key".to_owned()))?;
        Ok(Self {
            session,
            socket,
            host_key,
            server: target.name.clone(),
            lost: None,
        })
    }

    pub(super) fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Fails if the connection is already known to be over.
    pub(super) fn alive(&self) -> Result<(), SshError> {
        match &self.lost {
            None => Ok(()),
            Some(reason) => Err(self.lost_because(reason.clone())),
        }
    }

    /// Notes that the connection is over, and why. The first reason is the one that counts.
    pub(super) fn lose(&mut self, reason: impl Into<String>) -> SshError {
        // Nothing more can be written, so dropping the session sends nothing and waits for nothing.
        let _ = self.socket.shutdown(Shutdown::Both);
        let reason = self.lost.get_or_insert_with(|| reason.into()).clone();
        self.lost_because(reason)
    }

    fn lost_because(&self, reason: String) -> SshError {
        SshError::Lost {
            server: self.server.clone(),
            reason,
        }
    }

    /// Waits until the socket is ready for one of `events`, or the time is over. A signal does not end the wait.
    pub(super) fn wait(&self, events: PollFlags, until: Instant) -> std::io::Result<()> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // Waits beyond what the system can express are waits for years: no need to be exact.
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
        if self.lost.is_none() {
            // A farewell for the server's log; whether it arrives changes nothing.
            let _ = self.session.disconnect(None, "done", None);
        }
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// How the target's address is shown: IPv6 in brackets.
pub(super) fn address(target: &Target) -> String {
    if target.host.contains(':') {
        format!("[{}]:{}", target.host, target.port)
    } else {
        format!("{}:{}", target.host, target.port)
    }
}

fn dial(target: &Target) -> Result<TcpStream, SshError> {
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
        match TcpStream::connect_timeout(address, CONNECT_TIMEOUT) {
            Ok(socket) => return Ok(socket),
            Err(error) => {
                let reason = in_words(&error);
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

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "connection refused: nothing listens on that port, or a firewall rejects it".to_owned()
        }
        ErrorKind::TimedOut => format!(
            "no answer within {} s: the machine is off, or a firewall drops the packets",
            CONNECT_TIMEOUT.as_secs()
        ),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no route to it".to_owned(),
        _ => error.to_string(),
    }
}
