//! A shell that is kept for one script after the other, and the script that runs in it: what is held back until the shell
//! has greeted, and how long infrakt waits for what.
//!
//! It must not know how bytes are carried (`streams.rs`), nor what the greeting means (`greeting.rs`).

use crate::error::{Error, Obstacle, Result, SshError, SudoObstacle};
use crate::executor::connection::{Channel, Incoming};
use crate::ssh::connect::transport::Transport;
use crate::ssh::session::greeting::{Greeting, GreetingProgress};
use crate::ssh::session::streams::Streams;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A command on the server, and its input. A shell that reads scripts from its standard input can run several, one
/// after the other: when one is done, the shell is kept for the next.
pub struct Shell {
    streams: Streams,
    user: String,
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
        let mut streams = Streams::open(transport, user, command)?;
        streams.queue(first);
        Ok(Self {
            streams,
            user: user.to_owned(),
            closed: false,
            greeting: Some(greeting),
            arrived: VecDeque::new(),
            idle: false,
            resting: false,
        })
    }

    /// Whether it is ready for the next script.
    pub fn is_idle(&self) -> bool {
        self.idle && !self.streams.ended()
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
        channel.shell.streams.flush(channel.transport);
        channel
    }

    /// Ends the command's standard input after everything that was sent so far. Does not wait.
    pub fn send_eof(&mut self) {
        self.shell.streams.send_eof(self.transport);
    }

    /// Closes the channel and returns the command's exit status, if the server reports one in time.
    pub fn exit_status(self) -> Option<i32> {
        self.shell.streams.close(self.transport);
        let alive = self.transport.alive().is_ok();
        self.shell.streams.exit_status().filter(|_| alive)
    }

    /// Queues input, or keeps it until the greeting has arrived.
    fn feed(&mut self, bytes: Vec<u8>) {
        let now = match &mut self.shell.greeting {
            Some(greeting) => greeting.withhold(bytes),
            None => Some(bytes),
        };
        if let Some(bytes) = now {
            self.shell.streams.queue(bytes);
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
                    self.shell.streams.queue(std::mem::take(&mut *withheld));
                    self.shell.streams.flush(self.transport);
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

    /// Whether a shell has started.
    pub fn is_greeted(&self) -> bool {
        self.shell.greeting.is_none()
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
            if let Some(incoming) = self.shell.streams.turn(self.transport)? {
                self.shell.resting = false;
                self.greet(incoming)?;
                // Endless output before the greeting must not keep the caller here.
                self.is_still_awaited()?;
                if self.shell.arrived.is_empty() && Instant::now() >= until {
                    return Ok(Incoming::Quiet);
                }
                continue;
            }
            if self.shell.streams.ended() {
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
            let Some(events) = self.shell.streams.awaits() else {
                continue;
            };
            if Instant::now() >= until {
                return Ok(Incoming::Quiet);
            }
            let wake = enough.map_or(until, |enough| enough.min(until));
            if let Err(error) = self.transport.wait(events, wake) {
                return Err(self.transport.lose(error.to_string()).into());
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.transport.alive()?;
        self.feed(bytes.to_vec());
        self.shell.streams.flush(self.transport);
        Ok(())
    }

    fn unsent(&self) -> usize {
        self.shell.streams.queued()
    }

    fn release(&mut self) {
        self.shell.idle = !self.shell.closed;
    }
}

impl Drop for ScriptChannel<'_> {
    fn drop(&mut self) {
        if self.shell.closed {
            self.shell.streams.close(self.transport);
        } else if !self.shell.idle {
            // Closing a channel would wait for a command that still runs, however long it takes.
            self.transport.lose("a command was abandoned while it ran");
        }
    }
}
