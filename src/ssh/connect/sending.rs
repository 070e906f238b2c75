//! What may be sent on a channel now. libssh2 has rules for it that its types do not show:
//! - A packet that the socket took only in part must be finished by repeating the same call, with the same bytes at the
//!   same address. Any other call that sends is refused.
//! - Reading takes packets off the socket that let more be written. poll does not announce those any more.
//!
//! It must not know what is sent.

use ssh2::{BlockDirections, Channel, Session};

/// A call that sends a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendingCall {
    /// The request to start a command.
    Starting,
    Writing,
    /// Reading a stream sends a packet too: it tells the server about free buffer space.
    Reading(i32),
}

/// How far a channel has got with sending.
#[derive(Debug, Default)]
pub struct Sending {
    /// A call whose packet the socket took only in part.
    unfinished: Option<SendingCall>,
    /// How many bytes the server would still take when writing last stopped.
    window: u32,
}

impl Sending {
    pub fn unfinished(&self) -> Option<SendingCall> {
        self.unfinished
    }

    /// Whether this call may be made: no other one is unfinished.
    pub fn allows(&self, call: SendingCall) -> bool {
        self.unfinished.is_none_or(|unfinished| unfinished == call)
    }

    /// A call is made that is allowed.
    pub fn called(&mut self) {
        self.unfinished = None;
    }

    /// A call must wait: for the server, or to be repeated because the socket took its packet only in part.
    pub fn must_wait(&mut self, call: SendingCall, session: &Session) {
        self.unfinished = is_blocked(session).then_some(call);
    }

    /// Writing stops for now.
    pub fn writing_stopped(&mut self, channel: &Channel) {
        self.window = channel.write_window().remaining;
    }

    /// Whether the server takes more by now than when writing last stopped: reading has taken its word for it off the
    /// socket. sshd takes nothing at all before the command is started.
    pub fn may_write_more(&self, channel: &Channel) -> bool {
        channel.write_window().remaining > self.window
    }
}

/// Whether the socket took what was last sent only in part.
pub fn is_blocked(session: &Session) -> bool {
    matches!(
        session.block_directions(),
        BlockDirections::Outbound | BlockDirections::Both
    )
}
