//! SSH: sessions with a server, over the `ssh2` crate. Implements what the executor needs of a connection.
//!
//! ```text
//! Destination ──▶ route (the SSH configuration, jump hosts)
//!                    │  for each host on the way:
//!                    ▼
//!                 connect (TCP, a channel of a jump host, a command; key exchange)
//!                    ▼
//!                  trust (known_hosts, the recorded key)
//!                    ▼
//!                  login (keys, agent, password)
//!                    ▼
//!                 session (root, scripts, reconnect)
//! ```
//!
//! Each folder knows the folders above it in this picture, and none below. This file lists what the rest of infrakt may
//! use. The files inside name each other directly.
//!
//! It must not know plans, the store, or the terminal: it asks a person through [`AskSecret`].

mod ask_secret;
mod bounded_read;
mod connect;
mod login;
mod random_word;
mod route;
mod server_messages;
mod session;
mod target;
mod trust;

pub use ask_secret::AskSecret;
pub use route::client_config::client_options;
pub use route::lookup::Destination;
pub use route::server_route::ServerRoute;
pub use session::connection::{Session, connect};
pub use target::LoginTarget;
pub use trust::first_contact::FirstContact;
pub use trust::local_keys::local_host_keys;
