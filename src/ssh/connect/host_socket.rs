//! A socket that leads to a host, whatever carries its bytes. libssh2 needs a socket: what is none gets one end of a pair of
//! sockets.
//!
//! It must not know what carriers there are.

use std::os::fd::OwnedFd;

/// A socket that leads to a host.
pub struct HostSocket {
    pub socket: OwnedFd,
    /// `None`: the network itself.
    pub carrier: Option<Box<dyn Carrier>>,
}

/// Carries the bytes of a socket that is not the network itself: a jump host, or a command. Ends when it is dropped.
pub trait Carrier: Send {
    /// Why it no longer carries anything, if it is the carrier that broke.
    fn fate(&self) -> Option<String>;
}
