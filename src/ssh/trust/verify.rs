//! Whether the key that a server shows is the one expected, and which key types to ask it for so that it can show that
//! one. A key that is recorded nowhere is accepted only by the policy for a first contact.

use crate::error::{Result, SshError};
use crate::host_key::{HostKey, PublicKey};
use crate::ssh::bounded_read;
use crate::ssh::connect::host_socket::HostSocket;
use crate::ssh::connect::transport::{HandshakeFailure, Transport};
use crate::ssh::route::server_route::Hop;
use crate::ssh::trust::first_contact::FirstContact;
use crate::ssh::trust::forbidden_keys::{self, Objection};
use crate::ssh::trust::known_hosts::{self, KnownHostsEntries, KnownHostsVerdict};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// All host key algorithms that are accepted, best first, by family. Without SHA-1 signatures and certificates, as
/// current OpenSSH clients.
const FAMILIES: [&[&str]; 3] = [
    &["ssh-ed25519"],
    &["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    &["rsa-sha2-512", "rsa-sha2-256"],
];

/// What is known of a server's key before it is asked for it.
pub struct Trust<'a> {
    hop: &'a Hop,
    /// What each known_hosts file says, with the file as it is shown in messages.
    known_hosts: Vec<(String, KnownHostsEntries)>,
}

/// What a key is that nothing contradicts.
enum Judgement {
    /// It is the recorded one.
    Expected,
    /// No key of this host is recorded.
    Unknown,
}

impl<'a> Trust<'a> {
    /// The inventory's record, and what the user's own known_hosts says. A file that can't be read vouches for nothing.
    pub fn of(hop: &'a Hop) -> Self {
        let find = |path: &PathBuf| {
            let text = known_hosts_text(path)?;
            let found = match &hop.host_key_alias {
                // An alias stands there without a port (ssh_config(5)).
                Some(alias) => known_hosts::find(&text, alias, 22),
                None => known_hosts::find(&text, &hop.target.host, hop.target.port),
            };
            Some((path.display().to_string(), found))
        };
        Self {
            hop,
            known_hosts: hop.known_hosts.iter().filter_map(find).collect(),
        }
    }

    /// Connects over what `socket` gives, once or several times, and returns the transport only if the server's key is the
    /// expected one, or accepted by `first_contact`.
    pub fn open(
        &self,
        socket: &mut dyn FnMut() -> Result<HostSocket>,
        first_contact: FirstContact<'_>,
    ) -> Result<Transport> {
        let mut mistrust = None;
        let mut nothing_shown = None;
        for preference in self.preferences() {
            match Transport::open(self.hop, socket()?, &preference) {
                Ok(transport) => match self.check(transport.host_key(), transport.peer()) {
                    Ok(Judgement::Expected) => return Ok(transport),
                    Ok(Judgement::Unknown) => {
                        self.meet(transport.host_key(), first_contact)?;
                        return Ok(transport);
                    }
                    Err(error) => mistrust = mistrust.or(Some(error)),
                },
                // The server has no key of this family, but perhaps of another.
                Err(HandshakeFailure::NoCommonAlgorithm(error)) => nothing_shown = Some(error),
                Err(HandshakeFailure::Other(error)) => return Err(error.into()),
            }
        }
        // A key that was shown and is not the right one says more than one that is not there.
        let error = mistrust.or(nothing_shown).unwrap_or_else(|| SshError::Configuration {
            host: self.hop.target.name.clone(),
            reason: format!(
                "HostKeyAlgorithms allows none of the algorithms that infrakt uses: {}",
                FAMILIES.concat().join(", ")
            ),
        });
        Err(error.into())
    }

    /// What all files together say: a revocation anywhere counts, then a record anywhere, then what contradicts.
    fn judge(&self, offered: &PublicKey) -> (KnownHostsVerdict<'_>, &str) {
        let mut judged = (KnownHostsVerdict::Unknown, "");
        for (place, found) in &self.known_hosts {
            let verdict = found.judge(offered);
            if rank(&verdict) > rank(&judged.0) {
                judged = (verdict, place);
            }
        }
        judged
    }

    /// Accepts a key that is recorded nowhere, or refuses it.
    fn meet(&self, offered: &PublicKey, first_contact: FirstContact<'_>) -> Result<()> {
        let server = self.hop.target.name.clone();
        let algorithm = offered.algorithm().to_owned();
        let fingerprint = offered.fingerprint().to_string();
        match first_contact {
            _ if self.hop.host_keys.strict && !self.hop.is_jump => Err(SshError::HostKeyNotTaken {
                server,
                algorithm,
                fingerprint,
            }
            .into()),
            FirstContact::Accept(accept) if !self.hop.is_jump => accept(offered),
            _ => Err(SshError::HostKeyUnknown {
                server,
                algorithm,
                fingerprint,
            }
            .into()),
        }
    }

    /// `peer`: the address that the connection leads to, where that is known.
    ///
    /// # Errors
    /// If the key contradicts what is recorded, or may not be used.
    fn check(&self, offered: &PublicKey, peer: Option<IpAddr>) -> Result<Judgement, SshError> {
        let target = &self.hop.target;
        let server = target.name.clone();
        match forbidden_keys::check(&self.hop.host_keys, offered) {
            Ok(()) => {}
            Err(Objection::Revoked(path)) => {
                return Err(SshError::HostKeyRevoked {
                    server,
                    fingerprint: offered.fingerprint().to_string(),
                    place: path.display().to_string(),
                });
            }
            Err(Objection::Setting(reason)) => return Err(SshError::Configuration { host: server, reason }),
        }
        // A host that is an address was looked up as such already.
        let is_name = |peer: IpAddr| target.host.parse().map(|host: IpAddr| host.to_canonical()) != Ok(peer);
        if self.hop.host_keys.check_address
            && let Some(peer) = peer
            && (self.hop.host_key_alias.is_some() || is_name(peer))
        {
            self.check_address(offered, peer)?;
        }
        let (verdict, file) = self.judge(offered);
        if let KnownHostsVerdict::Revoked(line) = verdict {
            return Err(SshError::HostKeyRevoked {
                server,
                fingerprint: offered.fingerprint().to_string(),
                place: format!("{file}:{line}"),
            });
        }
        let (recorded, place) = match (&target.host_key, verdict) {
            (Some(recorded), _) if recorded.is(offered) => return Ok(Judgement::Expected),
            (None, KnownHostsVerdict::Known) => return Ok(Judgement::Expected),
            (Some(recorded), _) => (recorded.fingerprint().to_string(), "in the inventory".to_owned()),
            (None, KnownHostsVerdict::Changed(line, key)) => {
                (key.fingerprint().to_string(), format!("in {file}:{line}"))
            }
            (None, _) => return Ok(Judgement::Unknown),
        };
        Err(SshError::HostKeyChanged {
            server,
            recorded,
            place,
            algorithm: offered.algorithm().to_owned(),
            offered: offered.fingerprint().to_string(),
        })
    }

    /// What the files say of the address itself, which ssh looks at with CheckHostIP: it can only speak against a key.
    fn check_address(&self, offered: &PublicKey, peer: IpAddr) -> Result<(), SshError> {
        let target = &self.hop.target;
        for path in &self.hop.known_hosts {
            let Some(text) = known_hosts_text(path) else { continue };
            let found = known_hosts::find(&text, &peer.to_string(), target.port);
            let place = |line: usize| format!("{}:{line}", path.display());
            match found.judge(offered) {
                KnownHostsVerdict::Unknown | KnownHostsVerdict::Known => {}
                KnownHostsVerdict::Revoked(line) => {
                    return Err(SshError::HostKeyRevoked {
                        server: target.name.clone(),
                        fingerprint: offered.fingerprint().to_string(),
                        place: place(line),
                    });
                }
                KnownHostsVerdict::Changed(line, key) => {
                    return Err(SshError::HostKeyChanged {
                        server: target.name.clone(),
                        recorded: key.fingerprint().to_string(),
                        place: format!("for {peer} in {}, with CheckHostIP", place(line)),
                        algorithm: offered.algorithm().to_owned(),
                        offered: offered.fingerprint().to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    /// The lists of algorithms to ask for, without those that HostKeyAlgorithms does not allow.
    fn preferences(&self) -> Vec<Vec<&'static str>> {
        let mut lists = self.all_preferences();
        for list in &mut lists {
            list.retain(|algorithm| self.hop.host_keys.allows(algorithm));
        }
        lists.retain(|list| !list.is_empty());
        lists
    }

    /// The lists of algorithms to ask for, one connection after the other until a key fits. Known types come first, so
    /// that a server with several keys shows the one that can be compared; all others follow, so that one that lost its
    /// key shows another, instead of finding no common algorithm. Of a bare fingerprint the type is not known: one
    /// family at a time.
    fn all_preferences(&self) -> Vec<Vec<&'static str>> {
        let known: Vec<&str> = match &self.hop.target.host_key {
            Some(HostKey::Whole(key)) => vec![key.algorithm()],
            Some(HostKey::Fingerprint(_)) => return FAMILIES.map(<[_]>::to_vec).to_vec(),
            None => self
                .known_hosts
                .iter()
                .flat_map(|(_, found)| &found.keys)
                .map(|(_, key)| key.algorithm())
                .collect(),
        };
        vec![preference(&known)]
    }
}

/// What is not a file, such as /dev/null, says nothing.
fn known_hosts_text(path: &Path) -> Option<String> {
    let bytes = bounded_read::read(path, u64::MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// All accepted algorithms, those that sign with a key of the types `known` before the others.
fn preference(known: &[&str]) -> Vec<&'static str> {
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

fn rank(verdict: &KnownHostsVerdict<'_>) -> u8 {
    match verdict {
        KnownHostsVerdict::Unknown => 0,
        KnownHostsVerdict::Changed(..) => 1,
        KnownHostsVerdict::Known => 2,
        KnownHostsVerdict::Revoked(_) => 3,
    }
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
