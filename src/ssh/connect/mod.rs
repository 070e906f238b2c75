//! From a host's address to an encrypted connection with it: a socket that leads there, and SSH's key exchange over it.
//!
//! It must not know which host keys are trusted, nor how a user logs in.

mod deadline;
pub mod host_socket;
pub mod jump;
pub mod libssh2_error;
pub mod proxy_command;
pub mod sending;
pub mod tcp;
pub mod transport;
