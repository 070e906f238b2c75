//! A relay in front of the user's SSH agent. It corrects what libssh2 does wrong in the agent protocol
//! (draft-miller-ssh-agent):
//!
//! - libssh2 takes only the first half of a signature by a security key: flags and counter are lost.
//! - With an RSA certificate, libssh2 asks the agent for a SHA-1 signature, which current servers refuse.
//! - libssh2 offers only what the agent lists, so it can't use a certificate in a file with a key in the agent.
//!
//! The relay listens on a socket of its own, passes each message on, and changes only these. It holds no key and signs
//! nothing.

use crate::ssh::login::certificate::Certificate;
use crate::ssh::login::wire_format::{WireReader, put};
use std::fs::Permissions;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

/// Message numbers (draft-miller-ssh-agent, section 5.1).
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// Flags of a request to sign (section 4.5.1).
const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;
/// The longest message, as in OpenSSH.
const LONGEST: usize = 256 * 1024;
/// The timeout for listing keys.
const LIST_PATIENCE: Duration = Duration::from_secs(20);
/// The timeout for a signature: a person may have to touch a key or to confirm on a screen. sshd itself gives up after
/// two minutes (LoginGraceTime).
const SIGN_PATIENCE: Duration = Duration::from_secs(120);

/// A key that an agent holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentIdentity {
    /// In wire format.
    pub blob: Vec<u8>,
    pub comment: String,
}

/// Lists the keys of the agent at `socket`.
///
/// # Errors
/// If the agent can't be reached, does not answer in time, or does not speak the protocol.
pub fn identities(socket: &Path) -> io::Result<Vec<AgentIdentity>> {
    let mut agent = UnixStream::connect(socket)?;
    agent.set_read_timeout(Some(LIST_PATIENCE))?;
    agent.set_write_timeout(Some(LIST_PATIENCE))?;
    send(&mut agent, &[REQUEST_IDENTITIES])?;
    let answer = receive(&mut agent)?;
    listed(&answer).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "its answer is not a list of keys"))
}

fn listed(answer: &[u8]) -> Option<Vec<AgentIdentity>> {
    let mut reader = WireReader(answer);
    if reader.byte()? != IDENTITIES_ANSWER {
        return None;
    }
    (0..reader.number()?)
        .map(|_| {
            Some(AgentIdentity {
                blob: reader.string()?.to_vec(),
                comment: String::from_utf8_lossy(reader.string()?).into_owned(),
            })
        })
        .collect()
}

/// A running relay. It serves one connection and ends with it.
pub struct Relay {
    socket: PathBuf,
    thread: Option<JoinHandle<()>>,
    /// A directory that only the user can enter. It is removed at the end.
    _directory: tempfile::TempDir,
}

impl Relay {
    /// `certificates` are listed too, if the agent has their keys.
    pub fn start(agent: &Path, certificates: Vec<Certificate>) -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new()
            .prefix("infrakt-")
            .permissions(private)
            .tempdir()?;
        let socket = directory.path().join("agent");
        let listener = UnixListener::bind(&socket)?;
        let agent = agent.to_owned();
        let thread = std::thread::Builder::new()
            .name("agent relay".to_owned())
            .spawn(move || {
                // Whatever the reason, the client sees a closed connection and reports it.
                let _ = serve(&listener, &agent, &certificates);
            })?;
        Ok(Self {
            socket,
            thread: Some(thread),
            _directory: directory,
        })
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Wakes the thread if no client has connected yet. If one has, this fails, since the socket is no longer
        // listening.
        let _ = UnixStream::connect(&self.socket);
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was already reported.
            let _ = thread.join();
        }
    }
}

fn serve(listener: &UnixListener, agent: &Path, certificates: &[Certificate]) -> io::Result<()> {
    let (mut client, _) = listener.accept()?;
    let mut agent = UnixStream::connect(agent)?;
    agent.set_read_timeout(Some(SIGN_PATIENCE))?;
    agent.set_write_timeout(Some(LIST_PATIENCE))?;
    loop {
        let request = receive(&mut client)?;
        let asked = signing(&request, certificates).unwrap_or(request);
        send(&mut agent, &asked)?;
        let answer = receive(&mut agent)?;
        let answer = match answer.first() {
            Some(&IDENTITIES_ANSWER) => with_certificates(&answer, certificates),
            Some(&SIGN_RESPONSE) => with_whole_signature(&answer),
            _ => None,
        }
        .unwrap_or(answer);
        send(&mut client, &answer)?;
    }
}

/// A request to sign, corrected for the agent. `None` if it is another message.
fn signing(request: &[u8], certificates: &[Certificate]) -> Option<Vec<u8>> {
    let mut reader = WireReader(request);
    if reader.byte()? != SIGN_REQUEST {
        return None;
    }
    let (blob, data, flags) = (reader.string()?, reader.string()?, reader.number()?);
    let key = certificates
        .iter()
        .find(|certificate| certificate.blob == blob)
        .map_or(blob, |certificate| &certificate.key);
    let flags = match algorithm(data) {
        Some(algorithm) if algorithm.starts_with(b"rsa-sha2-512") => RSA_SHA2_512,
        Some(algorithm) if algorithm.starts_with(b"rsa-sha2-256") => RSA_SHA2_256,
        _ => flags,
    };
    let mut changed = vec![SIGN_REQUEST];
    put(&mut changed, key);
    put(&mut changed, data);
    changed.extend_from_slice(&flags.to_be_bytes());
    Some(changed)
}

/// The algorithm in the data that a login signs (RFC 4252, section 7).
fn algorithm(data: &[u8]) -> Option<&[u8]> {
    let mut reader = WireReader(data);
    reader.string()?; // session identifier
    reader.byte()?; // SSH_MSG_USERAUTH_REQUEST
    reader.string()?; // user
    reader.string()?; // service
    reader.string()?; // "publickey"
    reader.byte()?; // TRUE
    reader.string()
}

/// The agent's list with the certificates added whose keys are in it.
fn with_certificates(answer: &[u8], certificates: &[Certificate]) -> Option<Vec<u8>> {
    let mut identities = listed(answer)?;
    for certificate in certificates {
        let listed = |blob: &[u8]| identities.iter().any(|identity| identity.blob == blob);
        if listed(&certificate.key) && !listed(&certificate.blob) {
            identities.push(AgentIdentity {
                blob: certificate.blob.clone(),
                comment: certificate.path.display().to_string(),
            });
        }
    }
    let mut changed = vec![IDENTITIES_ANSWER];
    changed.extend_from_slice(&u32::try_from(identities.len()).ok()?.to_be_bytes());
    for identity in &identities {
        put(&mut changed, &identity.blob);
        put(&mut changed, identity.comment.as_bytes());
    }
    Some(changed)
}

/// A signature by a security key, with flags and counter moved into the field that libssh2 passes on whole.
fn with_whole_signature(answer: &[u8]) -> Option<Vec<u8>> {
    let mut reader = WireReader(answer);
    reader.byte()?;
    let mut signature = WireReader(reader.string()?);
    let algorithm = signature.string()?;
    if !algorithm.starts_with(b"sk-") {
        return None;
    }
    let mut whole = Vec::new();
    put(&mut whole, algorithm);
    put(&mut whole, signature.0);
    let mut changed = vec![SIGN_RESPONSE];
    put(&mut changed, &whole);
    Some(changed)
}

fn send(stream: &mut UnixStream, message: &[u8]) -> io::Result<()> {
    let mut framed = Vec::with_capacity(4 + message.len());
    put(&mut framed, message);
    stream.write_all(&framed)
}

fn receive(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::new(ErrorKind::InvalidData, "a message is too long"));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::{Relay, listed, put, signing, with_certificates, with_whole_signature};
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn only_the_user_can_reach_the_agent_through_the_relay() {
        let relay = Relay::start(Path::new("/nonexistent"), Vec::new()).unwrap();
        let folder = relay.socket().parent().unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn flags_and_counter_of_a_security_keys_signature_are_kept() {
        let mut signature = Vec::new();
        put(&mut signature, b"sk-ssh-ed25519@openssh.com");
        put(&mut signature, b"sixty-four bytes");
        signature.extend_from_slice(b"\x05\0\0\0\x2a");
        let mut answer = vec![14];
        put(&mut answer, &signature);
        let changed = with_whole_signature(&answer).unwrap();
        // libssh2 skips 1 + 4 bytes and the algorithm, and uses the next field unchanged.
        let field = &changed[5 + 4 + 26 + 4..];
        let mut expected = Vec::new();
        put(&mut expected, b"sixty-four bytes");
        expected.extend_from_slice(b"\x05\0\0\0\x2a");
        assert_eq!(field, expected);
    }

    proptest! {
        #[test]
        fn any_message_is_at_most_passed_on(message in prop::collection::vec(any::<u8>(), 0..200)) {
            for first in [12u8, 13, 14] {
                let message = [&[first][..], &message].concat();
                let _ = (listed(&message), signing(&message, &[]));
                let _ = (with_certificates(&message, &[]), with_whole_signature(&message));
            }
        }
    }
}
