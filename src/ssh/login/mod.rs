//! Logging in: keys, the agent, passwords, and the chain of logins through jump hosts.
//!
//! It must not know what is done after the login.

mod agent;
mod agent_relay;
mod authentication;
mod certificate;
mod credentials;
mod key_file;
mod keyboard_interactive;
pub mod login_chain;
mod offer;
mod offered_keys;
mod openssh_key;
mod wire_format;
