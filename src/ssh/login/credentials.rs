//! What a login succeeded with, and logging in again with it, without questions.
//!
//! It must not know how it was found.

use crate::error::{Obstacle, Result};
use crate::plan::secret::Secret;
use crate::ssh::connect::transport::Transport;
use crate::ssh::login::agent::Agent;
use crate::ssh::login::keyboard_interactive::ReplayedAnswers;
use crate::ssh::login::offer::{Offer, denied, judge, offer_of_agent};
use crate::ssh::login::offered_keys::KeyFiles;
use crate::ssh::route::server_route::Hop;

/// What the login succeeded with, kept for logging in again without questions.
#[derive(Clone)]
pub enum Login {
    /// The server asked for nothing.
    Nothing,
    /// A key of the agent: the public key in wire format.
    Agent(Vec<u8>),
    /// A decrypted private key, and the line of its certificate, if it needed one, or else of its public half.
    Key(Secret, Option<String>),
    Password(Secret),
    /// The answers to what the server asked, in order.
    Answers(Vec<Secret>),
}

/// Logs in again, without questions.
pub fn log_in_again(transport: &mut Transport, hop: &Hop, login: &Login) -> Result<()> {
    let target = &hop.target;
    let session = &transport.session;
    let (offer, what) = match login {
        Login::Nothing => {
            // This returns an error when the server has let the user in.
            let _ = session.auth_methods(&target.user);
            let offer = if session.authenticated() {
                Offer::Accepted
            } else {
                Offer::Refused
            };
            (offer, "no credentials".to_owned())
        }
        Login::Agent(blob) => {
            let mut notes = Vec::new();
            // If a file was deleted meanwhile, so was its certificate; the agent may still have both.
            let certificates = KeyFiles::gather(hop).map_or_else(|_| Vec::new(), |files| files.all_certificates());
            match Agent::connect(session, &hop.identities.agent, &certificates, &mut notes) {
                Some(agent) => (offer_of_agent(&agent, &target.user, blob), "the agent's key".to_owned()),
                None => (
                    Offer::Refused,
                    notes.pop().unwrap_or_else(|| "the SSH agent is gone".to_owned()),
                ),
            }
        }
        Login::Key(text, public) => (
            judge(session.userauth_pubkey_memory(&target.user, public.as_deref(), text.expose(), None)),
            "the key".to_owned(),
        ),
        Login::Password(password) => (
            judge(session.userauth_password(&target.user, password.expose())),
            "the password".to_owned(),
        ),
        Login::Answers(answers) => {
            let mut replay = ReplayedAnswers(answers.iter());
            (
                judge(session.userauth_keyboard_interactive(&target.user, &mut replay)),
                "the same answers".to_owned(),
            )
        }
    };
    match offer {
        Offer::Accepted => Ok(()),
        Offer::HungUp(reason) => Err(transport.lose(reason).into()),
        Offer::Refused => Err(denied(
            hop,
            vec![format!("{what}: refused this time")],
            Obstacle::Unclear,
        )),
        Offer::Unusable(reason) => Err(denied(hop, vec![format!("{what}: {reason}")], Obstacle::Unclear)),
    }
}
