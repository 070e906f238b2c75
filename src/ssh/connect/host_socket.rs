//! A socket that leads to a host, whatever carries its bytes. libssh2 needs a socket: a channel or a command gets one
//! end of a socket pair.
//!
//! It must not know what carriers there are.

use std::os::fd::OwnedFd;

/// A socket that leads to a host.
pub struct HostSocket {
    pub socket: OwnedFd,
    /// `None`: the network itself.
    pub carrier: Option<Box<dyn Carrier>>,
}

/// Carries the bytes of a socket that is not a network connection: a jump host, or a command. Ends when it is dropped.
pub trait Carrier: Send {
    /// Why it broke, if it did.
    fn fate(&self) -> Option<String>;
}
