//! Which way leads to a server, and what the user's SSH configuration demands on it.
//!
//! It must not know connections: it decides, and connects to nothing.

pub mod agent_socket;
pub mod client_config;
pub mod host_key_settings;
pub mod lookup;
pub mod server_route;
mod tokens;
