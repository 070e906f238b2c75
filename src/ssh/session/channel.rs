//! A running command and its three streams. Never blocks on one of them.
//!
//! libssh2 has rules that its types do not show:
//! - A packet that the socket took only in part must be finished by repeating the same call, with the same bytes at the
//!   same address. Any other call that sends is refused. See [`UnfinishedCall`].
//! - Reading one stream also takes the other stream's packets off the socket, and those that let more be written; poll
//!   does not announce those any more.
//! - End of file is a state of the channel, and is not reported while either stream has unread bytes.

use crate::error::{Error, Obstacle, Result, SshError, SudoObstacle};
use crate::executor::connection::{Channel, Incoming};
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::connect::transport::Transport;
use crate::ssh::session::greeting::{Greeting, GreetingProgress};
use rustix::event::PollFlags;
use ssh2::BlockDirections;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The most bytes in one `Incoming`.
const CHUNK: usize = 64 * 1024;
/// How long to wait for the server to confirm the end of a command.
const FAREWELL: Duration = Duration::from_secs(2);

const STDOUT: i32 = 0;
const STDERR: i32 = 1; // SSH_EXTENDED_DATA_STDERR (RFC 4254, section 5.2)

/// A call whose packet the socket took only in part. It must be repeated before any other call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnfinishedCall {
    Nothing,
    Starting,
    Writing,
    /// Reading sends a packet too: it tells the server about free buffer space.
    Reading(i32),
}

/// A command on the server, and its input. A shell that reads scripts from its standard input can run several, one
/// after the other: when one is done, the shell is kept for the next.
pub struct Shell {
    channel: ssh2::Channel,
    command: String,
    user: String,
    /// The server has not yet confirmed the start of the command.
    starting: bool,
    /// Input that is still to be written. The pieces never move in memory (see above), and are wiped afterwards because
    /// they hold secrets.
    outgoing: VecDeque<Zeroizing<Vec<u8>>>,
    /// How many bytes of the first piece are written.
    written: usize,
    unfinished: UnfinishedCall,
    /// How many bytes the server would still take when writing last stopped.
    window: u32,
    /// The stream to read first. It alternates, so that neither stream waits for the other to be silent.
    next: i32,
    buffer: Vec<u8>,
    closed: bool,
    /// `None` once it has proven that it is a shell.
    greeting: Option<Greeting>,
    /// Output that arrived with the greeting and was not delivered yet.
    arrived: VecDeque<Incoming>,
    /// The last script has ended.
    idle: bool,
    /// It was idle, and nothing has arrived from it since.
    resting: bool,
}

impl Shell {
    /// Opens a channel and sends the request to start `command`: one round trip. Does not wait for the answer to the
    /// request, since servers handle requests and data in order (RFC 4254, section 5). `first` is input that is sent at
    /// once, before the greeting. Output before the greeting is not the script's. A command that ends without a
    /// greeting is not a shell.
    pub fn open(
        transport: &mut Transport,
        user: &str,
        command: &str,
        first: Vec<u8>,
        greeting: Greeting,
    ) -> Result<Self> {
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
                outgoing: VecDeque::from_iter((!first.is_empty()).then(|| Zeroizing::new(first))),
                written: 0,
                unfinished: UnfinishedCall::Nothing,
                window: 0,
                next: STDOUT,
                buffer: vec![0; CHUNK],
                closed: false,
                greeting: Some(greeting),
                arrived: VecDeque::new(),
                idle: false,
                resting: false,
            }),
            Err(error) if libssh2_error::is_lost(code_of(&error)) => Err(transport.lose(error.message()).into()),
            Err(error) => Err(Error::from(SshError::NoCommand {
                server: transport.server().to_owned(),
                user: user.to_owned(),
                reason: error.message().to_owned(),
                obstacle: Obstacle::Unclear,
            })),
        }
    }

    /// Whether it is ready for the next script.
    pub fn is_idle(&self) -> bool {
        self.idle && !self.channel.eof()
    }
}

/// A script that runs in a shell.
pub struct ScriptChannel<'a> {
    transport: &'a mut Transport,
    shell: &'a mut Shell,
}

impl<'a> ScriptChannel<'a> {
    /// Starts to send `input` to a shell.
    pub fn new(transport: &'a mut Transport, shell: &'a mut Shell, input: Vec<u8>) -> Self {
        shell.resting = shell.idle;
        shell.idle = false;
        let mut channel = Self { transport, shell };
        channel.feed(input);
        channel.flush();
        channel
    }

    /// Ends the command's standard input after everything that was sent so far. Does not wait.
    pub fn send_eof(&mut self) {
        self.flush();
        // Not sent if the socket is full. The caller's timeout ends the wait in that case.
        let _ = self.shell.channel.send_eof();
    }

    /// Closes the channel and returns the command's exit status, if the server reports one in time.
    pub fn exit_status(mut self) -> Option<i32> {
        self.close();
        self.transport
            .alive()
            .is_ok()
            .then(|| self.shell.channel.exit_status().ok())
            .flatten()
    }

    /// Queues input, or keeps it until the greeting has arrived.
    fn feed(&mut self, bytes: Vec<u8>) {
        let now = match &mut self.shell.greeting {
            Some(greeting) => greeting.withhold(bytes),
            None => Some(bytes),
        };
        if let Some(bytes) = now {
            self.queue(bytes);
        }
    }

    /// Holds back output before the greeting, and delivers what follows it.
    fn greet(&mut self, incoming: Incoming) -> Result<()> {
        let Some(greeting) = &mut self.shell.greeting else {
            self.shell.arrived.push_back(incoming);
            return Ok(());
        };
        let progress = match &incoming {
            Incoming::Stdout(bytes) => greeting.take_output(bytes),
            Incoming::Stderr(bytes) => greeting.take_errors(bytes),
            Incoming::Quiet | Incoming::Closed => GreetingProgress::Waiting,
        };
        match progress {
            GreetingProgress::Waiting => {}
            GreetingProgress::Greeted(output, errors, withheld) => {
                self.shell.greeting = None;
                // The order of the two streams is not known, so part of the other one may be the script's.
                if !errors.is_empty() {
                    self.shell.arrived.push_back(Incoming::Stderr(errors));
                }
                if !output.is_empty() {
                    self.shell.arrived.push_back(Incoming::Stdout(output));
                }
                if let Some(mut withheld) = withheld {
                    self.queue(std::mem::take(&mut *withheld));
                    self.flush();
                }
            }
            GreetingProgress::AskedAgain => {
                return Err(Error::from(SshError::SudoRefused {
                    server: self.transport.server().to_owned(),
                    user: self.shell.user.clone(),
                    said: "it no longer accepts the password".to_owned(),
                    obstacle: SudoObstacle::PasswordChanged,
                }));
            }
        }
        Ok(())
    }

    /// When to stop waiting for the greeting, if that is known.
    ///
    /// # Errors
    /// The time is up.
    fn is_still_awaited(&self) -> Result<Option<Instant>> {
        let enough = self.shell.greeting.as_ref().and_then(Greeting::until);
        match enough {
            Some(enough) if Instant::now() >= enough => Err(self.no_shell()),
            enough => Ok(enough),
        }
    }

    /// The error for a command that ended, or printed something else, without a greeting.
    fn no_shell(&self) -> Error {
        let (reason, obstacle) = match &self.shell.greeting {
            Some(greeting) => (greeting.said(), greeting.meaning()),
            None => ("it ended without output".to_owned(), Obstacle::Unclear),
        };
        Error::from(SshError::NoCommand {
            server: self.transport.server().to_owned(),
            user: self.shell.user.clone(),
            reason,
            obstacle,
        })
    }

    fn queue(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.shell.outgoing.push_back(Zeroizing::new(bytes));
        }
    }

    /// Writes as much as possible without waiting. A broken connection is left for the reading side to report, so that
    /// output that has already arrived is not lost.
    fn flush(&mut self) {
        self.write_queued();
        self.shell.window = self.shell.channel.write_window().remaining;
    }

    /// Whether input is left that the server takes by now, though it did not when writing last stopped: reading has
    /// taken its word for it off the socket. sshd takes nothing at all before the command is started.
    fn may_write_more(&self) -> bool {
        !self.shell.outgoing.is_empty() && self.shell.channel.write_window().remaining > self.shell.window
    }

    fn write_queued(&mut self) {
        if self.shell.starting && self.begin().is_err() {
            return;
        }
        if !matches!(self.shell.unfinished, UnfinishedCall::Nothing | UnfinishedCall::Writing) {
            return;
        }
        self.shell.unfinished = UnfinishedCall::Nothing;
        while let Some(piece) = self.shell.outgoing.front() {
            match self.shell.channel.write(&piece[self.shell.written..]) {
                // The window is full: the script must read first.
                Ok(0) => return,
                Ok(count) => {
                    self.shell.written += count;
                    if self.shell.written == piece.len() {
                        self.shell.outgoing.pop_front();
                        self.shell.written = 0;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.sending_is_blocked() {
                        self.shell.unfinished = UnfinishedCall::Writing;
                    }
                    return;
                }
                Err(_) => {
                    self.shell.outgoing.clear();
                    self.shell.written = 0;
                    return;
                }
            }
        }
    }

    /// Sends the request to start the command, or checks for the answer.
    fn begin(&mut self) -> Result<()> {
        if !matches!(
            self.shell.unfinished,
            UnfinishedCall::Nothing | UnfinishedCall::Starting
        ) {
            return Ok(());
        }
        self.shell.unfinished = UnfinishedCall::Nothing;
        match self.shell.channel.exec(&self.shell.command) {
            Ok(()) => {
                self.shell.starting = false;
                Ok(())
            }
            Err(error) if code_of(&error) == libssh2_error::AGAIN => {
                if self.sending_is_blocked() {
                    self.shell.unfinished = UnfinishedCall::Starting;
                }
                Ok(())
            }
            Err(error) if libssh2_error::is_lost(code_of(&error)) => Err(self.transport.lose(error.message()).into()),
            Err(error) => Err(Error::from(SshError::NoCommand {
                server: self.transport.server().to_owned(),
                user: self.shell.user.clone(),
                reason: error.message().to_owned(),
                obstacle: Obstacle::Unclear,
            })),
        }
    }

    /// Reads one chunk of one stream, if there is any.
    fn read(&mut self, stream: i32) -> Result<Option<Incoming>> {
        self.shell.unfinished = UnfinishedCall::Nothing;
        match self.shell.channel.stream(stream).read(&mut self.shell.buffer) {
            Ok(0) => Ok(None),
            Ok(count) => {
                self.shell.resting = false;
                self.shell.next = if stream == STDOUT { STDERR } else { STDOUT };
                let bytes = self.shell.buffer[..count].to_vec();
                Ok(Some(if stream == STDOUT {
                    Incoming::Stdout(bytes)
                } else {
                    Incoming::Stderr(bytes)
                }))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if self.sending_is_blocked() {
                    self.shell.unfinished = UnfinishedCall::Reading(stream);
                }
                Ok(None)
            }
            Err(error) => Err(self.lost(&error)),
        }
    }

    fn lost(&mut self, error: &io::Error) -> Error {
        Error::from(self.transport.lose(error.to_string()))
    }

    fn sending_is_blocked(&self) -> bool {
        matches!(
            self.transport.session.block_directions(),
            BlockDirections::Outbound | BlockDirections::Both
        )
    }

    /// One round: finishes an unfinished call, writes, then reads from whichever stream has data.
    fn turn(&mut self) -> Result<Option<Incoming>> {
        if self.shell.starting {
            self.begin()?;
        }
        if let UnfinishedCall::Reading(stream) = self.shell.unfinished
            && let Some(incoming) = self.read(stream)?
        {
            return Ok(Some(incoming));
        }
        self.flush();
        let other = if self.shell.next == STDOUT { STDERR } else { STDOUT };
        for stream in [self.shell.next, other] {
            if self.shell.unfinished != UnfinishedCall::Nothing {
                return Ok(None);
            }
            if let Some(incoming) = self.read(stream)? {
                return Ok(Some(incoming));
            }
        }
        Ok(None)
    }

    /// Closes the channel of a command that has ended. Cuts the connection if the server does not answer.
    fn close(&mut self) {
        let until = Instant::now() + FAREWELL;
        // close() returns at the next packet of any kind, and the exit status may be in a later one.
        for step in [ssh2::Channel::close, ssh2::Channel::wait_close] {
            while self.transport.alive().is_ok() {
                match step(&mut self.shell.channel) {
                    Ok(()) => break,
                    Err(error) if code_of(&error) == libssh2_error::AGAIN && Instant::now() < until => {
                        let events = if self.sending_is_blocked() {
                            PollFlags::OUT
                        } else {
                            PollFlags::IN
                        };
                        if let Err(error) = self.transport.wait(events, until) {
                            self.transport.lose(error.to_string());
                        }
                    }
                    Err(_) => {
                        self.transport.lose("the server did not confirm the end of a command");
                    }
                }
            }
        }
    }
}

impl Channel for ScriptChannel<'_> {
    fn receive(&mut self, wait: Duration) -> Result<Incoming> {
        // A longer wait than the clock can hold becomes an hour: the caller then asks again.
        let until = Instant::now()
            .checked_add(wait)
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        loop {
            if let Some(incoming) = self.shell.arrived.pop_front() {
                return Ok(incoming);
            }
            self.transport.alive()?;
            if self.shell.closed {
                return Ok(Incoming::Closed);
            }
            if let Some(incoming) = self.turn()? {
                self.greet(incoming)?;
                // Endless output before the greeting must not keep the caller here.
                self.is_still_awaited()?;
                if self.shell.arrived.is_empty() && Instant::now() >= until {
                    return Ok(Incoming::Quiet);
                }
                continue;
            }
            if self.shell.channel.eof() {
                if self.shell.resting {
                    // The shell ended while it was idle, so the script was not started.
                    return Err(self.transport.lose("the shell has ended").into());
                }
                self.shell.closed = true;
                return match self.shell.greeting {
                    Some(_) => Err(self.no_shell()),
                    None => Ok(Incoming::Closed),
                };
            }
            let enough = self.is_still_awaited()?;
            let events = if self.shell.unfinished != UnfinishedCall::Nothing {
                PollFlags::OUT
            } else if self.shell.channel.read_window().available > 0 || self.may_write_more() {
                // What was taken off the socket while something else was read, poll would not report.
                continue;
            } else {
                PollFlags::IN
            };
            if Instant::now() >= until {
                return Ok(Incoming::Quiet);
            }
            let wake = enough.map_or(until, |enough| enough.min(until));
            if let Err(error) = self.transport.wait(events, wake) {
                return Err(self.lost(&error));
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.transport.alive()?;
        self.feed(bytes.to_vec());
        self.flush();
        Ok(())
    }

    fn release(&mut self) {
        self.shell.idle = !self.shell.closed;
    }
}

impl Drop for ScriptChannel<'_> {
    fn drop(&mut self) {
        if self.shell.closed {
            self.close();
        } else if !self.shell.idle {
            // Closing a channel would wait for a command that still runs, however long it takes.
            self.transport.lose("a command was abandoned while it ran");
        }
    }
}
