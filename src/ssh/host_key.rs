//! A server's public host key, and what can be recorded of one. Knows no connection.

use crate::error::{Error, Result};
use crate::ssh::bounded_read;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

/// A public key in the wire format of RFC 4253, section 6.6.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HostKey {
    algorithm: String,
    blob: Vec<u8>,
}

impl HostKey {
    /// From the wire format. Its first field names the algorithm (RFC 4253, section 6.6).
    pub(in crate::ssh) fn from_blob(blob: &[u8]) -> Option<Self> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let algorithm = rest.get(..u32::from_be_bytes(*length) as usize)?;
        let algorithm = std::str::from_utf8(algorithm).ok()?;
        let printable = !algorithm.is_empty() && algorithm.bytes().all(|byte| byte.is_ascii_graphic());
        printable.then(|| Self {
            algorithm: algorithm.to_owned(),
            blob: blob.to_vec(),
        })
    }

    /// From the two words that stand in public key files and in known_hosts.
    pub(in crate::ssh) fn from_words(algorithm: &str, base64: &str) -> Option<Self> {
        let blob = STANDARD.decode(base64).ok()?;
        Self::from_blob(&blob).filter(|key| key.algorithm == algorithm)
    }

    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, …
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// How long the modulus of an RSA key is; `None` for other keys.
    pub(in crate::ssh) fn rsa_bits(&self) -> Option<usize> {
        if self.algorithm != "ssh-rsa" {
            return None;
        }
        // RFC 4253, section 6.6: the algorithm, the exponent, the modulus.
        let mut rest = self.blob.as_slice();
        let mut field: &[u8] = &[];
        for _ in 0..3 {
            let (length, after) = rest.split_first_chunk::<4>()?;
            (field, rest) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        }
        let significant = field
            .iter()
            .position(|byte| *byte != 0)
            .map_or(&[][..], |at| &field[at..]);
        let first = significant.first()?;
        Some(significant.len() * 8 - first.leading_zeros() as usize)
    }

    /// The wire format.
    pub(in crate::ssh) fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// `SHA256:…` as OpenSSH prints it: base64 without padding.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }
}

/// An OpenSSH public key line without a comment: `ssh-ed25519 AAAA…`.
impl fmt::Display for HostKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.algorithm, STANDARD.encode(&self.blob))
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostKey({} {})", self.algorithm, self.fingerprint())
    }
}

/// Reads an OpenSSH public key line; a comment at its end is dropped.
impl FromStr for HostKey {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some(algorithm), Some(base64)) => Self::from_words(algorithm, base64),
            _ => None,
        }
        .ok_or_else(|| Error::Malformed {
            what: format!("the host key '{}'", line.trim().escape_debug()),
            reason: "it is no OpenSSH public key line such as 'ssh-ed25519 AAAA…'".to_owned(),
            hint: Some("print the server's own, there: cat /etc/ssh/ssh_host_ed25519_key.pub".to_owned()),
        })
    }
}

/// What the inventory knows of a server's host key: all of it, or only the fingerprint that was given beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedKey {
    Full(HostKey),
    /// `SHA256:…` without padding.
    Fingerprint(String),
}

impl RecordedKey {
    /// Whether `offered` is the key meant.
    pub fn is(&self, offered: &HostKey) -> bool {
        match self {
            Self::Full(key) => key == offered,
            Self::Fingerprint(fingerprint) => *fingerprint == offered.fingerprint(),
        }
    }

    pub fn fingerprint(&self) -> String {
        match self {
            Self::Full(key) => key.fingerprint(),
            Self::Fingerprint(fingerprint) => fingerprint.clone(),
        }
    }
}

impl fmt::Display for RecordedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(key) => key.fmt(formatter),
            Self::Fingerprint(fingerprint) => formatter.write_str(fingerprint),
        }
    }
}

/// Reads a fingerprint (`SHA256:…`, padded or not) or a public key line.
impl FromStr for RecordedKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some(hash) = text.strip_prefix("SHA256:") else {
            if text.starts_with("MD5:") || !text.contains(' ') {
                return Err(bad_fingerprint(text));
            }
            return text.parse().map(Self::Full);
        };
        let hash = hash.trim_end_matches('=');
        match STANDARD_NO_PAD.decode(hash) {
            Ok(bytes) if bytes.len() == Sha256::output_size() => Ok(Self::Fingerprint(format!("SHA256:{hash}"))),
            _ => Err(bad_fingerprint(text)),
        }
    }
}

fn bad_fingerprint(text: &str) -> Error {
    Error::Malformed {
        what: format!("the host key fingerprint '{}'", text.escape_debug()),
        reason: "it must be 'SHA256:' and 43 characters of base64".to_owned(),
        hint: Some("print the server's own, there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub".to_owned()),
    }
}

/// The host keys of this very computer, so that it can recognise itself behind any address. Without an SSH server of
/// its own it has none.
///
/// # Errors
/// If they are there and can't be read: then this computer could not recognise itself.
pub fn local_host_keys() -> Result<Vec<HostKey>> {
    host_keys_in(Path::new("/etc/ssh"))
}

fn host_keys_in(directory: &Path) -> Result<Vec<HostKey>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::file("read", directory))?,
    };
    let mut keys: Vec<HostKey> = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file("read", directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("ssh_host_") && name.ends_with("_key.pub") {
            let bytes = bounded_read::read(&path, bounded_read::LONGEST_KEY).map_err(Error::file("read", &path))?;
            // A file that holds no key is no server's key either.
            keys.extend(String::from_utf8_lossy(&bytes).parse());
        }
    }
    keys.sort_by(|one, other| one.algorithm.cmp(&other.algorithm));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::{HostKey, RecordedKey, host_keys_in};

    // Made with `ssh-keygen -t ed25519`; the fingerprint is what `ssh-keygen -l` prints for it.
    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPJz6mmiw4syvolEVz4zaWSGHGK1D8lw556wDmkd1POK";
    const FINGERPRINT: &str = "SHA256:fARBhe18s5ej0ND1/HaJlfwYPRGl9krZoRWUh/eID7A";

    #[test]
    fn a_public_key_line_has_the_fingerprint_that_openssh_prints() {
        let key: HostKey = format!("{LINE} root@somewhere\n").parse().unwrap();
        assert_eq!(key.algorithm(), "ssh-ed25519");
        assert_eq!(key.fingerprint(), FINGERPRINT);
        assert_eq!(key.to_string(), LINE);
    }

    #[test]
    fn the_length_of_an_rsa_key_is_that_of_its_modulus() {
        let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let rsa = |modulus: &[u8]| {
            let blob = [field(b"ssh-rsa"), field(&[1, 0, 1]), field(modulus)].concat();
            HostKey::from_blob(&blob).unwrap().rsa_bits()
        };
        assert_eq!(rsa(&[&[0, 0x80][..], &[0; 255]].concat()), Some(2048));
        assert_eq!(rsa(&[&[0x7f][..], &[0; 127]].concat()), Some(1023));
        assert_eq!(rsa(&[]), None);
        assert_eq!(LINE.parse::<HostKey>().unwrap().rsa_bits(), None);
    }

    #[test]
    fn what_is_recorded_is_a_whole_key_or_its_fingerprint_and_both_recognise_the_key() {
        let key: HostKey = LINE.parse().unwrap();
        for text in [LINE.to_owned(), FINGERPRINT.to_owned(), format!("{FINGERPRINT}=")] {
            let recorded: RecordedKey = text.parse().unwrap();
            assert!(recorded.is(&key), "{text}");
            assert_eq!(recorded.to_string().parse::<RecordedKey>().unwrap(), recorded);
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_the_command_that_prints_the_right_thing() {
        for text in [
            "",
            "SHA256:abc",
            "MD5:aa:bb",
            "yes",
            "ssh-ed25519 !!!",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
        ] {
            let error = text.parse::<RecordedKey>().unwrap_err();
            assert!(
                error.hint().unwrap().contains("/etc/ssh/ssh_host_ed25519_key.pub"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn this_computers_own_keys_are_found_and_a_computer_without_any_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(host_keys_in(&directory.path().join("missing")).unwrap(), []);
        std::fs::write(
            directory.path().join("ssh_host_ed25519_key.pub"),
            format!("{LINE} root@here\n"),
        )
        .unwrap();
        std::fs::write(directory.path().join("ssh_host_rsa_key.pub"), "broken").unwrap();
        std::fs::write(directory.path().join("other.pub"), LINE).unwrap();
        assert_eq!(host_keys_in(directory.path()).unwrap(), [LINE.parse().unwrap()]);
        std::fs::create_dir(directory.path().join("ssh_host_ecdsa_key.pub")).unwrap();
        assert!(
            host_keys_in(directory.path()).is_err(),
            "what can't be read may be a key"
        );
    }
}
