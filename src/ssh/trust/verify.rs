//! Checks that the key that a server shows is the expected one, and asks the server for the types of key that can be
//! checked. A key that is recorded nowhere is accepted only by the policy for a first contact.

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

/// All accepted host key algorithms, best first, by family. Like current OpenSSH clients, without SHA-1 signatures.
/// Certificates of hosts are not used.
const FAMILIES: [&[&str]; 3] = [
    &["ssh-ed25519"],
    &["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    &["rsa-sha2-512", "rsa-sha2-256"],
];

/// What is known of a server's key before connecting.
pub struct Trust<'a> {
    hop: &'a Hop,
    /// The entries for this host in each known_hosts file, with the path for messages.
    known_hosts: Vec<(String, KnownHostsEntries)>,
}

/// What is known about a key that contradicts no record.
enum Judgement {
    /// It is the recorded one.
    Expected,
    /// No key of this host is recorded.
    Unknown,
}

impl<'a> Trust<'a> {
    /// Reads the user's known_hosts files. A file that can't be read has no entries.
    pub fn of(hop: &'a Hop) -> Self {
        let find = |path: &PathBuf| {
            let text = known_hosts_text(path)?;
            let found = match &hop.host_key_alias {
                // An alias is recorded without a port (ssh_config(5)).
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
                // The server has no key of this family, but it may have one of another.
                Err(HandshakeFailure::NoCommonAlgorithm(error)) => nothing_shown = Some(error),
                Err(HandshakeFailure::Other(error)) => return Err(error.into()),
            }
        }
        // A wrong key says more than a missing one.
        let error = mistrust.or(nothing_shown).unwrap_or_else(|| SshError::Configuration {
            host: self.hop.target.name.clone(),
            reason: format!(
                "HostKeyAlgorithms allows none of the algorithms that infrakt uses: {}",
                FAMILIES.concat().join(", ")
            ),
        });
        Err(error.into())
    }

    /// What all files say together: a revocation in any file wins, then a matching key, then a different key.
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
        // If the host is an address, it was already looked up as the host.
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

    /// Checks the records for the address itself, as ssh does with CheckHostIP. They can only contradict.
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

    /// The algorithms to ask for, without those that HostKeyAlgorithms does not allow.
    fn preferences(&self) -> Vec<Vec<&'static str>> {
        let mut lists = self.all_preferences();
        for list in &mut lists {
            list.retain(|algorithm| self.hop.host_keys.allows(algorithm));
        }
        lists.retain(|list| !list.is_empty());
        lists
    }

    /// The algorithms to ask for: one list per connection, until a key fits. Types of known keys come first, so that a
    /// server with several keys shows the one that can be compared. The other types follow, so that a server that lost
    /// its key shows another one instead of finding no common algorithm. The type of a fingerprint is not known, so
    /// each family is asked for in turn.
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

/// Special files such as /dev/null have no entries.
fn known_hosts_text(path: &Path) -> Option<String> {
    let bytes = bounded_read::read(path, u64::MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// All accepted algorithms; first those that sign with a key of the types `known`.
fn preference(known: &[&str]) -> Vec<&'static str> {
    let mut algorithms = FAMILIES.concat();
    // The sort is stable, so the best algorithm stays first in each group.
    algorithms.sort_by_key(|algorithm| !known.contains(&key_type(algorithm)));
    algorithms
}

/// The type of key that an algorithm signs with: several algorithms use RSA keys (RFC 8332, section 3).
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
    fn the_recorded_type_is_asked_for_before_the_others() {
        assert_eq!(preference(&[])[0], "ssh-ed25519");
        assert_eq!(
            preference(&["ssh-rsa"])[..3],
            ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]
        );
        assert_eq!(preference(&["ecdsa-sha2-nistp384"])[0], "ecdsa-sha2-nistp384");
        assert_eq!(preference(&["ssh-dss"]).len(), preference(&[]).len());
    }
}
