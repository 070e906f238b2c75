//! A channel of a jump host to the next host, as a socket that libssh2 can use. libssh2 has one end of a socket pair. A
//! thread carries bytes between the other end and the channel. The thread ends when the socket is shut down, and
//! dropping waits for it. Knows no login and no host key.

use crate::error::SshError;
use crate::ssh::connect::host_socket::{Carrier, HostSocket};
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::connect::sending::{Sending, SendingCall};
use crate::ssh::connect::transport::Transport;
use crate::ssh::route::server_route::Hop;
use rustix::event::{PollFd, PollFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The most that is buffered in each direction.
const BUFFER: usize = 64 * 1024;
/// The stack of each thread: hundreds of servers may be behind one jump host.
const STACK: usize = 256 * 1024;

/// A logged-in connection to a jump host, and the channel that leads on from it.
pub struct Jump {
    thread: Option<JoinHandle<()>>,
    /// Why the jump host was lost. Set before the socket is shut down.
    fate: Arc<Mutex<Option<String>>>,
    /// The end of the pair that the next host's connection uses. Shutting it down ends the thread.
    inside: OwnedFd,
    /// The connection with the jump host. Dropped after the thread has ended.
    host: Transport,
}

impl Jump {
    /// Opens a channel from `host` to `to`.
    pub fn open(mut host: Transport, to: &Hop) -> Result<HostSocket, SshError> {
        let target = &to.target;
        let name = host.server().to_owned();
        let unreachable = |reason: String| SshError::Unreachable {
            server: target.name.clone(),
            address: target.address(),
            reason,
        };
        host.session.set_blocking(true);
        let channel = match host.session.channel_direct_tcpip(&target.host, target.port, None) {
            Ok(channel) => channel,
            Err(error) if code_of(&error) == libssh2_error::TIMEOUT => {
                let reason = format!(
                    "the jump host '{name}' got no answer in time: the machine is off, or a firewall drops the packets"
                );
                return Err(unreachable(reason));
            }
            Err(error) if libssh2_error::is_lost(code_of(&error)) => {
                host.lose(error.message());
                return Err(unreachable(lost(&name, error.message())));
            }
            Err(error) => {
                let message = error.message();
                let reason = format!(
                    "the jump host '{name}' can't connect to it ({message}): it can't reach it, or its sshd forbids \
                     it (AllowTcpForwarding, PermitOpen)"
                );
                return Err(unreachable(reason));
            }
        };
        host.session.set_blocking(false);
        let failed = |error: io::Error| unreachable(format!("the connection through the jump host '{name}': {error}"));
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
            sending: Sending::default(),
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
                // Closes both ends. One of them may be closed already.
                let _ = bridge.inside.shutdown(Shutdown::Both);
            }
        });
        Ok(HostSocket {
            socket,
            carrier: Some(Box::new(Self {
                thread: Some(thread.map_err(failed)?),
                fate,
                inside,
                host,
            })),
        })
    }
}

impl Carrier for Jump {
    /// Why the jump host, or one before it, was lost.
    fn fate(&self) -> Option<String> {
        let own = || self.fate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.host.fate().or_else(own)
    }
}

impl Drop for Jump {
    fn drop(&mut self) {
        // It may already be shut down.
        let _ = rustix::net::shutdown(&self.inside, rustix::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was already reported.
            let _ = thread.join();
        }
    }
}

fn lost(name: &str, reason: &str) -> String {
    format!("the connection to the jump host '{name}' was lost ({reason})")
}

/// Bytes on their way in one direction. They stay at the same place in memory until they are sent: libssh2 requires
/// this for a packet that the socket took only in part.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    #[expect(clippy::indexing_slicing, reason = "no more is sent than was read")]
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

/// Reading the channel, whose bytes all come on its first stream.
const READING: SendingCall = SendingCall::Reading(0);

/// Carries bytes between a channel of a jump host and a socket.
struct Bridge {
    session: ssh2::Session,
    channel: ssh2::Channel,
    /// The jump host's own socket, to poll.
    network: OwnedFd,
    /// The thread's end of the pair.
    inside: UnixStream,
    out: Buffer,
    back: Buffer,
    sending: Sending,
}

impl Bridge {
    /// Runs until either end is closed.
    ///
    /// # Errors
    /// The jump host is lost.
    fn run(&mut self) -> io::Result<()> {
        loop {
            let mut moved = false;
            if self.sending.allows(SendingCall::Writing) {
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
            if self.sending.allows(READING) {
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
            let may_write = !self.out.is_empty() && self.sending.may_write_more(&self.channel);
            if moved || (may_write && self.sending.unfinished().is_none()) {
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

    /// Moves bytes from the socket to the channel, as many as it takes.
    fn write(&mut self) -> io::Result<bool> {
        self.sending.called();
        let mut moved = false;
        while !self.out.is_empty() {
            match self.channel.write(self.out.rest()) {
                // The window is full: the other side has to read first.
                Ok(0) => break,
                Ok(count) => {
                    self.out.start += count;
                    moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.sending.must_wait(SendingCall::Writing, &self.session);
                    break;
                }
                // If the channel is closed or the connection lost, reading will report it.
                Err(_) => {
                    self.out.start = self.out.bytes.len();
                    break;
                }
            }
        }
        self.sending.writing_stopped(&self.channel);
        Ok(moved)
    }

    /// Moves bytes from the channel into the buffer for the socket.
    fn read(&mut self) -> io::Result<bool> {
        self.sending.called();
        match self.back.fill(|buffer| self.channel.read(buffer)) {
            Ok(count) => Ok(count > 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.sending.must_wait(READING, &self.session);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until something can be done. Returns false if the other end of the pair is gone.
    fn wait(&self) -> io::Result<bool> {
        let mut network = PollFlags::empty();
        if self.sending.unfinished().is_some() {
            network |= PollFlags::OUT;
        }
        // While the buffer for the socket is full, poll would report readable input again and again.
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
        // With no events requested, poll would still report a hang-up again and again.
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
        // Input that is left is still read. Output that is left has no reader any more.
        Ok(!over || self.out.is_empty())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
