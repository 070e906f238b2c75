//! What is done about a server whose host key is recorded nowhere: neither in the inventory nor in a known_hosts file.
//!
//! It must not know where accepted keys are recorded.

use crate::error::Result;
use crate::host_key::PublicKey;

/// A policy for the server at the end of a route. An unknown jump host is always refused, and so is a server where the SSH
/// configuration says `StrictHostKeyChecking yes`.
#[derive(Clone, Copy)]
pub enum FirstContact<'a> {
    /// Only a recorded key will do.
    Refuse,
    /// The key is trusted once this function has accepted it, before anything secret is sent to the server.
    Accept(&'a dyn Fn(&PublicKey) -> Result<()>),
}
