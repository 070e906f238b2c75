//! What the executor needs from a connection to a server. `ssh` implements it for real servers; tests implement it for
//! faults that can't be caused on demand.

use crate::error::{Error, Result};
use std::io::{Read, Write};
use std::time::Duration;

/// An authenticated connection to one server, whose host key has been checked.
pub trait Connection {
    /// Starts `sh -s` on the server as root (through sudo where the login is not root) and feeds it `script`. The
    /// script must be complete, and must not end the shell. Later data reaches the script's own standard input.
    ///
    /// Costs one round trip more than the script itself, whatever its length. After a script whose channel was released it
    /// costs none, since the same shell runs this one.
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>>;

    /// Drops the connection and logs in again, with the same checks. Tries until `patience` is over, or until `stop` returns
    /// true: then it fails with [`Error::Interrupted`].
    fn reconnect_unless(&mut self, stop: &dyn Fn() -> bool, patience: Duration) -> Result<()>;

    /// The same without a way to stop it.
    fn reconnect(&mut self, patience: Duration) -> Result<()> {
        self.reconnect_unless(&|| false, patience)
    }

    /// Access to other ports of the server.
    fn way(&self) -> Box<dyn Way>;
}

/// A connection that fails with [`Error::Interrupted`] as soon as `stop` returns true.
pub struct Interruptible<'a> {
    pub connection: &'a mut dyn Connection,
    pub stop: &'a dyn Fn() -> bool,
}

impl Interruptible<'_> {
    /// How often to check whether to stop.
    const BEAT: Duration = Duration::from_millis(200);
}

impl Connection for Interruptible<'_> {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        Ok(Box::new(InterruptibleChannel {
            channel: self.connection.start(script)?,
            stop: self.stop,
        }))
    }

    fn reconnect_unless(&mut self, stop: &dyn Fn() -> bool, patience: Duration) -> Result<()> {
        let either = || stop() || (self.stop)();
        self.connection.reconnect_unless(&either, patience)
    }

    fn way(&self) -> Box<dyn Way> {
        self.connection.way()
    }
}

struct InterruptibleChannel<'a> {
    channel: Box<dyn Channel + 'a>,
    stop: &'a dyn Fn() -> bool,
}

impl Channel for InterruptibleChannel<'_> {
    fn receive(&mut self, wait: Duration) -> Result<Incoming> {
        match (self.stop)() {
            true => Err(Error::Interrupted),
            // A caller that waits longer asks again, as after every wait.
            false => self.channel.receive(wait.min(Interruptible::BEAT)),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.channel.send(bytes)
    }

    fn unsent(&self) -> usize {
        self.channel.unsent()
    }

    fn release(&mut self) {
        self.channel.release();
    }
}

/// Connects to the ports of a server by the same route as to its SSH. Each call makes a connection of its own.
pub trait Way: Send + Sync {
    /// The server's address, as it is shown.
    fn host(&self) -> String;

    /// Connects to a port, and fails after `patience`. Reading and writing on the connection have the same timeout.
    fn open(&self, port: u16, patience: Duration) -> Opened;

    /// Why this route can't reach other ports; `None` if it can.
    fn leads_nowhere(&self) -> Option<String>;
}

/// A connection to a port, or the reason why there is none.
pub type Opened = std::result::Result<Box<dyn ByteStream>, String>;

/// Bytes in both directions.
pub trait ByteStream: Read + Write {}

impl<S: Read + Write> ByteStream for S {}

/// A running `sh -s` and its three streams.
pub trait Channel {
    /// Waits up to `wait` for something to arrive. Both output streams are drained, whichever is full, so that the
    /// remote side never blocks on a stream that is not read.
    fn receive(&mut self, wait: Duration) -> Result<Incoming>;

    /// Writes to the standard input of the script.
    fn send(&mut self, bytes: &[u8]) -> Result<()>;

    /// Bytes of input that still wait in this process; they are written while the channel is received from.
    fn unsent(&self) -> usize {
        0
    }

    /// The script has ended and reads nothing more, so the next script may use its shell. If a channel is dropped without this
    /// call, the connection is closed, since its script may still be running.
    fn release(&mut self);
}

/// What arrived on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    /// Nothing within the wait.
    Quiet,
    /// The remote side has closed both streams. Says nothing about how the script ended: exit statuses are part of
    /// what the script reports, since a lost connection also ends here.
    Closed,
}
