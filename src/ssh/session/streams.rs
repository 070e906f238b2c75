//! The three streams of a command on the server. Never blocks on one of them. (See also `connect/sending.rs`.)
//!
//! libssh2 has rules that its types do not show:
//! - Reading one stream also takes the other stream's packets off the socket; poll does not announce those any more.
//! - End of file is a state of the channel, and is not reported while either stream has unread bytes.
//!
//! It must not know what the streams carry.

use crate::error::{Error, Obstacle, Result, SshError};
use crate::executor::connection::Incoming;
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::connect::sending::{Sending, SendingCall, is_blocked};
use crate::ssh::connect::transport::Transport;
use rustix::event::PollFlags;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The most bytes in one `Incoming`.
const CHUNK: usize = 64 * 1024;
/// How long to wait for the server to confirm the end of a command.
const FAREWELL: Duration = Duration::from_secs(2);

const STDOUT: i32 = 0;
const STDERR: i32 = 1; // SSH_EXTENDED_DATA_STDERR (RFC 4254, section 5.2)

pub struct Streams {
    channel: ssh2::Channel,
    command: String,
    user: String,
    /// The server has not yet confirmed the start of the command.
    starting: bool,
    /// Input that is still to be written. The pieces never move in memory (see `sending.rs`), and are wiped afterwards
    /// because they hold secrets.
    outgoing: VecDeque<Zeroizing<Vec<u8>>>,
    /// How many bytes of the first piece are written.
    written: usize,
    sending: Sending,
    /// The stream to read first. It alternates, so that neither stream waits for the other to be silent.
    next: i32,
    buffer: Vec<u8>,
}

impl Streams {
    /// Opens a channel for `command`, which is started with the first call that sends.
    pub fn open(transport: &mut Transport, user: &str, command: &str) -> Result<Self> {
        transport.alive()?;
        transport.session.set_blocking(true);
        let opened = transport.session.channel_session();
        transport.session.set_blocking(false);
        match opened {
            Ok(channel) => Ok(Self {
                channel,
                command: command.to_owned(),
                user: user.to_owned(),
                starting: true,
                outgoing: VecDeque::new(),
                written: 0,
                sending: Sending::default(),
                next: STDOUT,
                buffer: vec![0; CHUNK],
            }),
            Err(error) => Err(no_command(transport, user, &error)),
        }
    }

    /// Queues input.
    pub fn queue(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.outgoing.push_back(Zeroizing::new(bytes));
        }
    }

    /// Bytes of input that are not written yet.
    pub fn queued(&self) -> usize {
        self.outgoing.iter().map(|piece| piece.len()).sum::<usize>() - self.written
    }

    /// Writes as much as possible without waiting. A broken connection is left for the reading side to report, so that
    /// output that has already arrived is not lost.
    pub fn flush(&mut self, transport: &mut Transport) {
        self.write_queued(transport);
        self.sending.writing_stopped(&self.channel);
    }

    /// Ends the command's standard input after everything that was sent so far. Does not wait.
    pub fn send_eof(&mut self, transport: &mut Transport) {
        self.flush(transport);
        // Not sent if the socket is full. The caller's timeout ends the wait in that case.
        let _ = self.channel.send_eof();
    }

    /// Whether both streams have ended, and are read.
    pub fn ended(&self) -> bool {
        self.channel.eof()
    }

    /// What to wait for before the next [`Streams::turn`]. `None`: it has something to do already, which poll would not
    /// report, since it was taken off the socket while something else was read.
    pub fn awaits(&self) -> Option<PollFlags> {
        if self.sending.unfinished().is_some() {
            return Some(PollFlags::OUT);
        }
        let may_write_more = !self.outgoing.is_empty() && self.sending.may_write_more(&self.channel);
        let is_ready = self.channel.read_window().available > 0 || may_write_more;
        (!is_ready).then_some(PollFlags::IN)
    }

    /// One round: finishes an unfinished call, writes, then reads from whichever stream has data.
    pub fn turn(&mut self, transport: &mut Transport) -> Result<Option<Incoming>> {
        if self.starting {
            self.begin(transport)?;
        }
        if let Some(SendingCall::Reading(stream)) = self.sending.unfinished()
            && let Some(incoming) = self.read(stream, transport)?
        {
            return Ok(Some(incoming));
        }
        self.flush(transport);
        let other = if self.next == STDOUT { STDERR } else { STDOUT };
        for stream in [self.next, other] {
            if self.sending.unfinished().is_some() {
                return Ok(None);
            }
            if let Some(incoming) = self.read(stream, transport)? {
                return Ok(Some(incoming));
            }
        }
        Ok(None)
    }

    fn write_queued(&mut self, transport: &mut Transport) {
        if self.starting && self.begin(transport).is_err() {
            return;
        }
        if !self.sending.allows(SendingCall::Writing) {
            return;
        }
        self.sending.called();
        while let Some(piece) = self.outgoing.front() {
            #[expect(clippy::indexing_slicing, reason = "no more is written than the piece has")]
            let rest = &piece[self.written..];
            match self.channel.write(rest) {
                // The window is full: the script must read first.
                Ok(0) => return,
                Ok(count) => {
                    self.written += count;
                    if self.written == piece.len() {
                        self.outgoing.pop_front();
                        self.written = 0;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.sending.must_wait(SendingCall::Writing, &transport.session);
                    return;
                }
                Err(_) => {
                    self.outgoing.clear();
                    self.written = 0;
                    return;
                }
            }
        }
    }

    /// Sends the request to start the command, or checks for the answer.
    fn begin(&mut self, transport: &mut Transport) -> Result<()> {
        if !self.sending.allows(SendingCall::Starting) {
            return Ok(());
        }
        self.sending.called();
        match self.channel.exec(&self.command) {
            Ok(()) => {
                self.starting = false;
                Ok(())
            }
            Err(error) if code_of(&error) == libssh2_error::AGAIN => {
                self.sending.must_wait(SendingCall::Starting, &transport.session);
                Ok(())
            }
            Err(error) => Err(no_command(transport, &self.user, &error)),
        }
    }

    /// Reads one chunk of one stream, if there is any.
    fn read(&mut self, stream: i32, transport: &mut Transport) -> Result<Option<Incoming>> {
        self.sending.called();
        match self.channel.stream(stream).read(&mut self.buffer) {
            Ok(0) => Ok(None),
            Ok(count) => {
                self.next = if stream == STDOUT { STDERR } else { STDOUT };
                #[expect(clippy::indexing_slicing, reason = "`read` fills no more than the whole buffer")]
                let bytes = self.buffer[..count].to_vec();
                Ok(Some(if stream == STDOUT {
                    Incoming::Stdout(bytes)
                } else {
                    Incoming::Stderr(bytes)
                }))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.sending.must_wait(SendingCall::Reading(stream), &transport.session);
                Ok(None)
            }
            Err(error) => Err(transport.lose(error.to_string()).into()),
        }
    }

    /// Closes the channel of a command that has ended. Cuts the connection if the server does not answer.
    pub fn close(&mut self, transport: &mut Transport) {
        let until = Instant::now() + FAREWELL;
        // close() returns at the next packet of any kind, and the exit status may be in a later one.
        for step in [ssh2::Channel::close, ssh2::Channel::wait_close] {
            while transport.alive().is_ok() {
                match step(&mut self.channel) {
                    Ok(()) => break,
                    Err(error) if code_of(&error) == libssh2_error::AGAIN && Instant::now() < until => {
                        let events = if is_blocked(&transport.session) {
                            PollFlags::OUT
                        } else {
                            PollFlags::IN
                        };
                        if let Err(error) = transport.wait(events, until) {
                            transport.lose(error.to_string());
                        }
                    }
                    Err(_) => {
                        transport.lose("the server did not confirm the end of a command");
                    }
                }
            }
        }
    }

    /// The command's exit status, if the server has reported one.
    pub fn exit_status(&self) -> Option<i32> {
        self.channel.exit_status().ok()
    }
}

/// The error for a command that could not be started.
fn no_command(transport: &mut Transport, user: &str, error: &ssh2::Error) -> Error {
    if libssh2_error::is_lost(code_of(error)) {
        return transport.lose(error.message()).into();
    }
    Error::from(SshError::NoCommand {
        server: transport.server().to_owned(),
        user: user.to_owned(),
        reason: error.message().to_owned(),
        obstacle: Obstacle::Unclear,
    })
}
