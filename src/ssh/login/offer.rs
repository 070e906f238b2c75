//! One offer of a key, a password or answers: what the server says to it, and the error if it accepted none.
//!
//! It must not know what is offered next.

use crate::error::{Error, Obstacle, SshError};
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::login::agent::Agent;
use crate::ssh::route::server_route::Hop;

/// The server's answer to one offer.
pub enum Offer {
    Accepted,
    Refused,
    /// The server ended the connection.
    HungUp(String),
    /// It could not be offered.
    Unusable(String),
}

/// Offers a key that an agent holds.
pub fn offer_of_agent(agent: &Agent, user: &str, blob: &[u8]) -> Offer {
    match agent.log_in(user, blob) {
        Some(answer) => judge(answer),
        None => Offer::Unusable("the SSH agent no longer holds it".to_owned()),
    }
}

pub fn judge(answer: Result<(), ssh2::Error>) -> Offer {
    match answer {
        Ok(()) => Offer::Accepted,
        Err(error) => match code_of(&error) {
            libssh2_error::AUTHENTICATION_FAILED | libssh2_error::PUBLICKEY_UNVERIFIED => Offer::Refused,
            code if libssh2_error::is_lost(code) => Offer::HungUp(error.message().to_owned()),
            libssh2_error::FILE | libssh2_error::METHOD_NONE => Offer::Unusable("SSH cannot read it".to_owned()),
            _ => Offer::Unusable(error.message().to_owned()),
        },
    }
}

/// Adds the settings of the SSH configuration to the error, since the inventory does not show them.
pub fn denied(hop: &Hop, mut tried: Vec<String>, obstacle: Obstacle) -> Error {
    if !hop.said.is_empty() {
        let said: Vec<String> = hop
            .said
            .iter()
            .map(|(setting, value)| format!("{setting} {value}"))
            .collect();
        tried.push(format!("from the SSH configuration: {}", said.join(", ")));
    }
    Error::from(SshError::Denied {
        server: hop.target.name.clone(),
        user: hop.target.user.clone(),
        tried,
        obstacle,
    })
}
