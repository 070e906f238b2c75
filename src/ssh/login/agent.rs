//! The user's SSH agent: the keys that it holds, and logging in with them. Its keys are listed over a connection of our
//! own, with a timeout. libssh2 is used only for the login itself.

use crate::ssh::login::agent_relay::{self, AgentIdentity, Relay};
use crate::ssh::login::certificate::{Certificate, is_certificate, type_of};
use crate::ssh::route::agent_socket::AgentSocket;
use std::path::{Path, PathBuf};

/// A connected agent.
pub struct Agent {
    // Dropped before the relay, which ends when its client does.
    inner: ssh2::Agent,
    identities: Vec<AgentIdentity>,
    place: PathBuf,
    _relay: Option<Relay>,
}

impl Agent {
    /// `None` if there is no agent, or if it can't be used: then `notes` says why. `certificates` are offered too, if
    /// the agent has their keys.
    pub fn connect(
        session: &ssh2::Session,
        socket: &AgentSocket,
        certificates: &[Certificate],
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let (path, said_by) = match socket {
            AgentSocket::Nowhere => return None,
            AgentSocket::At { path, said_by } => (path, said_by),
            AgentSocket::Unclear(why) => {
                notes.push(format!("the SSH agent: {why}"));
                return None;
            }
        };
        Self::open(session, path, certificates)
            .map_err(|reason| {
                notes.push(format!(
                    "the SSH agent at {} ({said_by}) does not answer: {reason}",
                    path.display()
                ));
            })
            .ok()
    }

    fn open(session: &ssh2::Session, path: &Path, certificates: &[Certificate]) -> Result<Self, String> {
        let mut identities = agent_relay::identities(path).map_err(|error| error.to_string())?;
        let held = |key: &[u8]| identities.iter().any(|identity| identity.blob == key);
        let certificates: Vec<Certificate> = certificates
            .iter()
            .filter(|certificate| held(&certificate.key) && !held(&certificate.blob))
            .cloned()
            .collect();
        let relay = if certificates.is_empty() && !identities.iter().any(|identity| needs_relay(&identity.blob)) {
            None
        } else {
            Some(Relay::start(path, certificates.clone()).map_err(|error| error.to_string())?)
        };
        // Certificates go before their keys: where certificates are used, the keys alone are usually refused.
        identities.splice(
            0..0,
            certificates.iter().map(|certificate| AgentIdentity {
                blob: certificate.blob.clone(),
                comment: certificate.path.display().to_string(),
            }),
        );
        let socket = relay.as_ref().map_or(path, Relay::socket);
        let inner = session
            .agent()
            .and_then(|mut inner| {
                inner.set_identity_path(socket)?;
                inner.connect()?;
                inner.list_identities()?;
                Ok(inner)
            })
            .map_err(|error| error.message().to_owned())?;
        Ok(Self {
            inner,
            identities,
            place: path.to_owned(),
            _relay: relay,
        })
    }

    pub fn identities(&self) -> &[AgentIdentity] {
        &self.identities
    }

    /// Its socket, for messages.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Logs in with the key that has this blob. `None` if the agent no longer holds it.
    pub fn log_in(&self, user: &str, blob: &[u8]) -> Option<Result<(), ssh2::Error>> {
        let identities = self.inner.identities().unwrap_or_default();
        let identity = identities.iter().find(|identity| identity.blob() == blob)?;
        Some(self.inner.userauth(user, identity))
    }
}

/// Whether libssh2 needs the relay for this key.
fn needs_relay(blob: &[u8]) -> bool {
    let kind = type_of(blob).unwrap_or_default();
    kind.starts_with("sk-") || (kind.starts_with("ssh-rsa") && is_certificate(blob))
}
