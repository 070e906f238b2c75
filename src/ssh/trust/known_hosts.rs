//! Reads OpenSSH's known_hosts format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") and finds the entries of one host.
//!
//! infrakt has its own matcher because libssh2's accepts revoked keys, ignores wildcards, and drops a whole file at its
//! first bad line. Certificate authorities are not used: their lines neither confirm nor contradict a key.

use crate::host_key::PublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The entries of one host in a known_hosts file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KnownHostsEntries {
    /// The recorded keys, each with its line (from 1).
    pub keys: Vec<(usize, PublicKey)>,
    /// The revoked keys, each with its line.
    pub revoked: Vec<(usize, PublicKey)>,
}

/// What the entries say about the key that the host shows.
#[derive(Debug, PartialEq, Eq)]
pub enum KnownHostsVerdict<'a> {
    Known,
    /// Only other keys are recorded: the first one and its line.
    Changed(usize, &'a PublicKey),
    /// The line that revokes it.
    Revoked(usize),
    Unknown,
}

impl KnownHostsEntries {
    pub fn judge(&self, offered: &PublicKey) -> KnownHostsVerdict<'_> {
        if let Some((line, _)) = self.revoked.iter().find(|(_, key)| key == offered) {
            KnownHostsVerdict::Revoked(*line)
        } else if self.keys.iter().any(|(_, key)| key == offered) {
            KnownHostsVerdict::Known
        } else if let Some((line, key)) = self.keys.first() {
            KnownHostsVerdict::Changed(*line, key)
        } else {
            KnownHostsVerdict::Unknown
        }
    }
}

/// All entries in `text` for `host` at `port`. Lines that can't be read are skipped, as in OpenSSH.
pub fn find(text: &str, host: &str, port: u16) -> KnownHostsEntries {
    let name = entry_name(host, port);
    let mut found = KnownHostsEntries::default();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace().peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        let (Some(hosts), Some(algorithm), Some(base64)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if hosts.starts_with('#') || !names(hosts, &name) {
            continue;
        }
        let Ok(key) = PublicKey::from_words(algorithm, base64) else {
            continue;
        };
        match marker {
            None => found.keys.push((index + 1, key)),
            Some("@revoked") => found.revoked.push((index + 1, key)),
            Some(_) => {}
        }
    }
    found
}

/// How OpenSSH writes a host: in lower case, and with its port if that is not 22.
fn entry_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

fn names(hosts: &str, name: &str) -> bool {
    if let Some(hashed) = hosts.strip_prefix("|1|") {
        return hashed_name(hashed, name).unwrap_or(false);
    }
    let mut matched = false;
    for pattern in hosts.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if wildcard(pattern, name) => return false,
            Some(_) => {}
            None => matched |= wildcard(pattern, name),
        }
    }
    matched
}

/// `salt|hash`, both base64: HMAC-SHA1 over the name with the salt as key.
fn hashed_name(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let salt = STANDARD.decode(salt).ok()?;
    let hash = STANDARD.decode(hash).ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
    mac.update(name.as_bytes());
    Some(mac.verify_slice(&hash).is_ok())
}

/// `*` stands for any characters, `?` for one. Backtracks to the last `*` only, so the time is bounded by the product
/// of both lengths.
fn wildcard(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(position) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(byte) if *byte == b'?' || byte == letter => {
                at += 1;
                position += 1;
            }
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    position = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{KnownHostsVerdict, find};
    use crate::host_key::PublicKey;

    // Made with ssh-keygen; the hashed lines are what `ssh-keygen -H` made of A at db.example.com:22 and B at :2222.
    const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9EVGPll0Lh+A453ptczTKnMx0LvvC/oTgGyudDy9TO";
    const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAxiY4MMyBiuzg2y9Ttu7xG+/k3hlPBxW00iA5wcI6p9";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJTjGGHuiVvQ5XY1LXdYxfz+qUKUlZaRIq9VRTOV35hLJ4DompFzcfjGRdEaadl+OnX+CmWEqf/PtW0rn1LRvwI=";
    const HASHED_A: &str = "|1|SmllXszxLUGJPY2+gBei67bwePw=|qM19qNdLlp5tGGcUHKmE/qJP34Y=";
    const HASHED_B: &str = "|1|Zfqmk+F9v3DfXRhyOGQ+8EOfVMo=|A9D9Lm6sBIMRaezu4cXAKrFOoXs=";

    fn key(line: &str) -> PublicKey {
        line.parse().unwrap()
    }

    fn known(text: &str, host: &str, port: u16) -> bool {
        find(text, host, port).judge(&key(A)) == KnownHostsVerdict::Known
    }

    #[test]
    fn a_plain_entry_is_for_its_host_only() {
        let text = format!("db.example.com,192.0.2.7 {A} a comment\n");
        assert!(known(&text, "db.example.com", 22));
        assert!(known(&text, "DB.Example.com", 22));
        assert!(known(&text, "192.0.2.7", 22));
        assert!(!known(&text, "example.com", 22));
        assert!(!known(&text, "db.example.com.evil.net", 22));
    }

    #[test]
    fn an_entry_without_a_port_is_for_port_22_only() {
        let text = format!("db.example.com {B}\n[db.example.com]:2222 {A}\n[2001:db8::1]:2222 {A}\n2001:db8::1 {A}\n");
        assert!(known(&text, "db.example.com", 2222));
        assert!(!known(&text, "db.example.com", 22));
        assert!(!known(&text, "db.example.com", 2200));
        assert!(known(&text, "2001:db8::1", 2222));
        assert!(known(&text, "2001:db8::1", 22));
    }

    #[test]
    fn hashed_entries_are_recognised() {
        let text = format!("{HASHED_A} {A}\n{HASHED_B} {B}\n");
        assert_eq!(find(&text, "db.example.com", 22).keys, [(1, key(A))]);
        assert_eq!(find(&text, "db.example.com", 2222).keys, [(2, key(B))]);
        assert_eq!(find(&text, "other.example.com", 22).keys, []);
    }

    #[test]
    fn wildcards_match_and_negations_exclude() {
        let text = format!("*.example.com,!bad.example.com,web-? {A}\n");
        assert!(known(&text, "db.example.com", 22));
        assert!(known(&text, "a.b.example.com", 22));
        assert!(known(&text, "web-1", 22));
        assert!(!known(&text, "web-10", 22));
        assert!(!known(&text, "bad.example.com", 22));
        assert!(!known(&text, "example.com", 22));
        assert!(!known(&format!("!bad {A}\n"), "good", 22));
    }

    #[test]
    fn patterns_with_many_stars_do_not_take_exponential_time() {
        let text = format!("{}b {A}\n", "*a".repeat(200));
        assert!(!known(&text, &"a".repeat(4000), 22));
    }

    #[test]
    fn a_revoked_key_is_refused_even_if_another_line_has_it() {
        let text = format!("db {A}\n@revoked * {A}\n");
        assert_eq!(find(&text, "db", 22).judge(&key(A)), KnownHostsVerdict::Revoked(2));
        assert_eq!(
            find(&text, "db", 22).judge(&key(B)),
            KnownHostsVerdict::Changed(1, &key(A))
        );
    }

    #[test]
    fn a_certificate_authoritys_key_is_not_taken_for_a_host_key() {
        let text = format!("@cert-authority *.example.com {A}\n@something-new db.example.com {A}\n");
        assert_eq!(
            find(&text, "db.example.com", 22).judge(&key(A)),
            KnownHostsVerdict::Unknown
        );
        assert_eq!(
            find(&text, "db.example.com", 22).judge(&key(B)),
            KnownHostsVerdict::Unknown
        );
    }

    #[test]
    fn bad_lines_are_skipped() {
        let bad = [
            "db",
            "db ssh-ed25519",
            "db ssh-ed25519 !!!",
            "db ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
            "|1|x|y z w",
            "\u{0}",
        ];
        let text = format!("# {A}\n#db {B}\n\n{}\r\n  db\t{A}\r\n", bad.join("\n"));
        assert_eq!(find(&text, "db", 22).keys, [(bad.len() + 4, key(A))]);
    }

    #[test]
    fn a_host_may_have_several_keys() {
        let text = format!("db {ECDSA}\ndb {A}\n");
        assert_eq!(find(&text, "db", 22).judge(&key(ECDSA)), KnownHostsVerdict::Known);
        assert_eq!(find(&text, "db", 22).judge(&key(A)), KnownHostsVerdict::Known);
        assert_eq!(
            find(&text, "db", 22).judge(&key(B)),
            KnownHostsVerdict::Changed(1, &key(ECDSA))
        );
    }
}
