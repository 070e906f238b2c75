//! How bytes get to a host before there is SSH with it: over TCP, through a channel of a jump host, or through a command.
//! Knows no login and no host key.
//!
//! libssh2 wants a socket. What is none gets one: a pair of sockets, one end for libssh2, and at the other a thread that
//! carries bytes to and from a channel of the jump host, or a command's standard streams. Either ends when the socket
//! at libssh2's end is shut down, and is waited for then.

use super::route::Hop;
use super::transport::{Transport, address, code, code_of};
use crate::error::SshError;
use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt;
use ssh2::BlockDirections;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How much is on its way in each direction of a jump host at most.
const BUFFER: usize = 64 * 1024;
/// Hundreds of servers may be behind one jump host, each with a thread.
const STACK: usize = 256 * 1024;

/// A socket that leads to a host.
pub(super) struct Line {
    pub socket: OwnedFd,
    pub carrier: Option<Carrier>,
}

/// What a socket leads through, where it is not the network itself.
pub(super) enum Carrier {
    Jump(Box<Jump>),
    Command(ProxyCommand),
}

impl Carrier {
    /// What became of it, if it is that which broke.
    pub(super) fn fate(&self) -> Option<String> {
        match self {
            // A jump host may have been lost because the one before it was.
            Self::Jump(jump) => jump
                .host
                .fate()
                .or_else(|| jump.fate.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::Command(command) => command.fate(),
        }
    }
}

/// Over the network: the first address that accepts.
pub(super) fn dial(hop: &Hop) -> Result<Line, SshError> {
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
pub(super) struct ProxyCommand {
    command: String,
    /// Behind a lock because asking how it fares takes note of its end.
    process: Mutex<Child>,
}

impl ProxyCommand {
    pub(super) fn start(hop: &Hop, command: &str) -> Result<Line, SshError> {
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

/// Through a jump host: a logged-in connection to it, of which one channel leads on.
pub(super) struct Jump {
    thread: Option<JoinHandle<()>>,
    /// Set if the jump host itself was lost, before the socket is shut down.
    fate: Arc<Mutex<Option<String>>>,
    /// The end of the pair that leads here from the host beyond: shutting it down ends the thread.
    inside: OwnedFd,
    /// The connection with the jump host. Dropped after the thread has ended.
    host: Transport,
}

impl Jump {
    /// Opens a channel of `host` to `to`.
    pub(super) fn open(mut host: Transport, to: &Hop) -> Result<Line, SshError> {
        let target = &to.target;
        let name = host.server().to_owned();
        let unreachable = |reason: String| SshError::Unreachable {
            server: target.name.clone(),
            address: address(target),
            reason,
        };
        host.session.set_blocking(true);
        let channel = match host.session.channel_direct_tcpip(&target.host, target.port, None) {
            Ok(channel) => channel,
            Err(error) if code_of(&error) == code::TIMEOUT => {
                let reason = format!(
                    "the jump host '{name}' did not get there in time: the machine is off, or a firewall drops the packets"
                );
                return Err(unreachable(reason));
            }
            Err(error) if code::is_lost(code_of(&error)) => {
                host.lose(error.message());
                return Err(unreachable(lost(&name, error.message())));
            }
            Err(error) => {
                let message = error.message();
                let reason = format!(
                    "the jump host '{name}' does not lead there ({message}): it can't reach it, or its sshd forbids it (AllowTcpForwarding, PermitOpen)"
                );
                return Err(unreachable(reason));
            }
        };
        host.session.set_blocking(false);
        let failed = |error: io::Error| unreachable(format!("the way through the jump host '{name}': {error}"));
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        theirs.set_nonblocking(true).map_err(failed)?;
        let socket = OwnedFd::from(ours);
        let inside = socket.try_clone().map_err(failed)?;
        let fate = Arc::new(Mutex::new(None));
        let mut bridge = Bridge {
            session: host.session.clone(),
            channel,
            network: host.socket.try_clone().map_err(failed)?,
            inside: theirs,
            out: Buffer::default(),
            back: Buffer::default(),
            unfinished: Unfinished::Nothing,
        };
        let builder = std::thread::Builder::new()
            .name("jump host".to_owned())
            .stack_size(STACK);
        let thread = builder.spawn({
            let (fate, name) = (Arc::clone(&fate), name.clone());
            move || {
                if let Err(error) = bridge.run() {
                    *fate.lock().unwrap_or_else(PoisonError::into_inner) = Some(lost(&name, &error.to_string()));
                }
                // Both ends know now; whichever was there first has done it already.
                let _ = bridge.inside.shutdown(Shutdown::Both);
            }
        });
        Ok(Line {
            socket,
            carrier: Some(Carrier::Jump(Box::new(Self {
                thread: Some(thread.map_err(failed)?),
                fate,
                inside,
                host,
            }))),
        })
    }
}

impl Drop for Jump {
    fn drop(&mut self) {
        // It may be shut down already.
        let _ = rustix::net::shutdown(&self.inside, rustix::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already.
            let _ = thread.join();
        }
    }
}

fn lost(name: &str, reason: &str) -> String {
    format!("the connection to the jump host '{name}' was lost ({reason})")
}

/// Bytes on their way in one direction. They do not move in memory until they are gone, as libssh2 demands of a packet
/// that the socket took only in part.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        self.start = 0;
        self.bytes.resize(BUFFER, 0);
        let count = read(&mut self.bytes);
        self.bytes.truncate(*count.as_ref().unwrap_or(&0));
        count
    }
}

/// A call that the socket took only in part, and that must be repeated before any other (see `channel.rs`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unfinished {
    Nothing,
    Writing,
    Reading,
}

/// Carries bytes between a channel of a jump host and a socket.
struct Bridge {
    session: ssh2::Session,
    channel: ssh2::Channel,
    /// The jump host's own socket, to wait on.
    network: OwnedFd,
    /// Whatever is written to the other end of it goes to the channel.
    inside: UnixStream,
    out: Buffer,
    back: Buffer,
    unfinished: Unfinished,
}

impl Bridge {
    /// Until either end is closed.
    ///
    /// # Errors
    /// The jump host is lost.
    fn run(&mut self) -> io::Result<()> {
        loop {
            let mut moved = false;
            if self.unfinished != Unfinished::Reading {
                if self.out.is_empty() {
                    match self.out.fill(|buffer| self.inside.read(buffer)) {
                        Ok(0) => return Ok(()),
                        Ok(_) => moved = true,
                        Err(error) if is_pause(&error) => {}
                        Err(_) => return Ok(()),
                    }
                }
                moved |= self.write()?;
            }
            if self.unfinished != Unfinished::Writing {
                if self.back.is_empty() {
                    moved |= self.read()?;
                }
                while !self.back.is_empty() {
                    match self.inside.write(self.back.rest()) {
                        Ok(count) => {
                            self.back.start += count;
                            moved = true;
                        }
                        Err(error) if is_pause(&error) => break,
                        Err(_) => return Ok(()),
                    }
                }
            }
            if moved {
                continue;
            }
            if self.back.is_empty() && self.channel.eof() {
                return Ok(());
            }
            if !self.wait()? {
                return Ok(());
            }
        }
    }

    /// From the socket to the channel, as much as is taken.
    fn write(&mut self) -> io::Result<bool> {
        self.unfinished = Unfinished::Nothing;
        let mut moved = false;
        while !self.out.is_empty() {
            match self.channel.write(self.out.rest()) {
                // The other side has to read first.
                Ok(0) => break,
                Ok(count) => {
                    self.out.start += count;
                    moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.sending_is_blocked() {
                        self.unfinished = Unfinished::Writing;
                    }
                    break;
                }
                // The channel is closed: its end is read next. The connection is lost: so is that.
                Err(_) => {
                    self.out.start = self.out.bytes.len();
                    break;
                }
            }
        }
        Ok(moved)
    }

    /// From the channel, into the buffer for the socket.
    fn read(&mut self) -> io::Result<bool> {
        self.unfinished = Unfinished::Nothing;
        match self.back.fill(|buffer| self.channel.read(buffer)) {
            Ok(count) => Ok(count > 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if self.sending_is_blocked() {
                    self.unfinished = Unfinished::Reading;
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn sending_is_blocked(&self) -> bool {
        matches!(
            self.session.block_directions(),
            BlockDirections::Outbound | BlockDirections::Both
        )
    }

    /// Until something can be done; false if there is nobody left to do it for.
    fn wait(&self) -> io::Result<bool> {
        let mut network = PollFlags::empty();
        if self.unfinished != Unfinished::Nothing {
            network |= PollFlags::OUT;
        }
        // With bytes that nobody takes, more of them would only be announced again and again.
        if self.back.is_empty() || !self.out.is_empty() {
            network |= PollFlags::IN;
        }
        let mut inside = PollFlags::empty();
        if self.out.is_empty() {
            inside |= PollFlags::IN;
        }
        if !self.back.is_empty() {
            inside |= PollFlags::OUT;
        }
        let mut fds = vec![PollFd::new(&self.inside, inside)];
        // Without a question about it the end of a connection would still be announced, again and again.
        if !network.is_empty() {
            fds.push(PollFd::new(&self.network, network));
        }
        match rustix::event::poll(&mut fds, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        let over = fds
            .first()
            .is_some_and(|fd| fd.revents().intersects(PollFlags::HUP | PollFlags::ERR));
        // What is still to be read there is read; what still waits to be sent, nobody waits for.
        Ok(!over || self.out.is_empty())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
