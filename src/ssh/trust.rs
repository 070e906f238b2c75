//! Whether the key that a server shows is the one expected, and which key types to ask it for so that it can show that
//! one. Never says yes to a key that nothing vouches for.

use super::Target;
use super::host_key::{HostKey, RecordedKey};
use super::known_hosts::{self, Found, Verdict};
use super::transport::{self, Failure, Transport};
use crate::error::SshError;
use std::path::PathBuf;

/// All host key algorithms that are accepted, best first, by family. Without SHA-1 signatures and certificates, as
/// current OpenSSH clients.
const FAMILIES: [&[&str]; 3] = [
    &["ssh-ed25519"],
    &["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    &["rsa-sha2-512", "rsa-sha2-256"],
];

/// What is known of a server's key before it is asked for it.
pub(super) struct Trust<'a> {
    target: &'a Target,
    known_hosts: Found,
    /// The known_hosts file as it is shown in messages.
    place: String,
}

impl<'a> Trust<'a> {
    /// The inventory's record, and what the user's own known_hosts says. A file that can't be read vouches for nothing.
    pub(super) fn of(target: &'a Target) -> Self {
        let path = user_known_hosts();
        let text = path
            .as_ref()
            .and_then(|path| std::fs::read(path).ok())
            .unwrap_or_default();
        Self {
            target,
            known_hosts: known_hosts::find(&String::from_utf8_lossy(&text), &target.host, target.port),
            place: path.map(|path| path.display().to_string()).unwrap_or_default(),
        }
    }

    /// Connects and returns the transport only if the server's key is the expected one.
    pub(super) fn open(&self) -> Result<Transport, SshError> {
        let mut mistrust = None;
        let mut nothing_shown = None;
        for preference in self.preferences() {
            match Transport::open(self.target, &preference) {
                Ok(transport) => match self.check(transport.host_key()) {
                    Ok(()) => return Ok(transport),
                    Err(error) => mistrust = mistrust.or(Some(error)),
                },
                // The server has no key of this family, but perhaps of another.
                Err(Failure::NoCommonAlgorithm(error)) => nothing_shown = Some(error),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        // A key that was shown and is not the right one says more than one that is not there.
        Err(mistrust.or(nothing_shown).unwrap_or_else(|| SshError::Handshake {
            server: self.target.name.clone(),
            address: transport::address(self.target),
            reason: "there is no key type to ask for".to_owned(),
        }))
    }

    fn check(&self, offered: &HostKey) -> Result<(), SshError> {
        let server = self.target.name.clone();
        let verdict = self.known_hosts.judge(offered);
        if let Verdict::Revoked(line) = verdict {
            return Err(SshError::HostKeyRevoked {
                server,
                fingerprint: offered.fingerprint(),
                place: format!("{}:{line}", self.place),
            });
        }
        let (recorded, place) = match (&self.target.host_key, verdict) {
            (Some(recorded), _) if recorded.is(offered) => return Ok(()),
            (None, Verdict::Known) => return Ok(()),
            (Some(recorded), _) => (recorded.fingerprint(), "in the inventory".to_owned()),
            (None, Verdict::Changed(line, key)) => (key.fingerprint(), format!("in {}:{line}", self.place)),
            (None, _) => {
                return Err(SshError::HostKeyUnknown {
                    server,
                    algorithm: offered.algorithm().to_owned(),
                    fingerprint: offered.fingerprint(),
                });
            }
        };
        Err(SshError::HostKeyChanged {
            server,
            recorded,
            place,
            algorithm: offered.algorithm().to_owned(),
            offered: offered.fingerprint(),
        })
    }

    /// The lists of algorithms to ask for, one connection after the other until a key fits. Known types come first, so
    /// that a server with several keys shows the one that can be compared; all others follow, so that one that lost its
    /// key shows another, instead of finding no common algorithm. Of a bare fingerprint the type is not known: one
    /// family at a time.
    fn preferences(&self) -> Vec<Vec<&'static str>> {
        let known: Vec<&str> = match &self.target.host_key {
            Some(RecordedKey::Full(key)) => vec![key.algorithm()],
            Some(RecordedKey::Fingerprint(_)) => return FAMILIES.map(<[_]>::to_vec).to_vec(),
            None => self.known_hosts.keys.iter().map(|(_, key)| key.algorithm()).collect(),
        };
        vec![preference(&known)]
    }
}

/// All accepted algorithms, those that sign with a key of the types `known` before the others.
pub(super) fn preference(known: &[&str]) -> Vec<&'static str> {
    let mut algorithms = FAMILIES.concat();
    // A stable sort: among the known and among the others the best stays first.
    algorithms.sort_by_key(|algorithm| !known.contains(&key_type(algorithm)));
    algorithms
}

/// The type of key that an algorithm signs with: RSA keys sign with several (RFC 8332, section 3).
fn key_type(algorithm: &'static str) -> &'static str {
    if algorithm.starts_with("rsa-sha2-") {
        "ssh-rsa"
    } else {
        algorithm
    }
}

fn user_known_hosts() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".ssh/known_hosts"))
}

#[cfg(test)]
mod tests {
    use super::preference;

    #[test]
    fn the_recorded_type_is_asked_for_first_and_the_others_still_follow() {
        assert_eq!(preference(&[])[0], "ssh-ed25519");
        assert_eq!(
            preference(&["ssh-rsa"])[..3],
            ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]
        );
        assert_eq!(preference(&["ecdsa-sha2-nistp384"])[0], "ecdsa-sha2-nistp384");
        assert_eq!(preference(&["ssh-dss"]).len(), preference(&[]).len());
    }
}
