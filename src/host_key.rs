//! Host keys: the public key that a server proves to own, and what is recorded of it. One parser and one fingerprint for
//! what a server shows, known_hosts files, the inventory, facts and plans.
//!
//! It must not know connections, files or the database.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// OpenSSH writes keys with padding. Without padding they are read too.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, READING);
/// ssh-keygen(1) prints fingerprints without padding. With padding they are read too.
const FINGERPRINT_BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, READING.with_encode_padding(false));
const READING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Why a text is not a host key, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidHostKey(pub &'static str);

/// A public key in the wire format of RFC 4253, section 6.6.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    algorithm: String,
    blob: Vec<u8>,
}

impl PublicKey {
    /// From the wire format. Its first field names the algorithm (RFC 4253, section 6.6).
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let algorithm = rest.get(..u32::from_be_bytes(*length) as usize)?;
        let algorithm = std::str::from_utf8(algorithm).ok()?;
        let printable = !algorithm.is_empty() && algorithm.bytes().all(|byte| byte.is_ascii_graphic());
        printable.then(|| Self {
            algorithm: algorithm.to_owned(),
            blob: blob.to_vec(),
        })
    }

    /// From the first two words of a public key file, which also stand in known_hosts.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn from_words(algorithm: &str, base64: &str) -> Result<Self, InvalidHostKey> {
        let blob = KEY_BASE64
            .decode(base64)
            .map_err(|_| InvalidHostKey("it is not in base64"))?;
        Self::from_blob(&blob)
            .filter(|key| key.algorithm == algorithm)
            .ok_or(InvalidHostKey("the key is not of the type that its first word names"))
    }

    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, …
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// How long the modulus of an RSA key is; `None` for other keys.
    pub fn rsa_bits(&self) -> Option<usize> {
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
        while let [0, significant @ ..] = field {
            field = significant;
        }
        let first = field.first()?;
        Some(field.len() * 8 - first.leading_zeros() as usize)
    }

    /// The wire format.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.blob).into())
    }
}

/// The line of a public key file without its comment: `ssh-ed25519 AAAA…`.
impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.algorithm, KEY_BASE64.encode(&self.blob))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({} {})", self.algorithm, self.fingerprint())
    }
}

/// Reads the line of a public key file, with or without a comment at its end.
impl FromStr for PublicKey {
    type Err = InvalidHostKey;

    fn from_str(line: &str) -> Result<Self, InvalidHostKey> {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some(algorithm), Some(base64)) => Self::from_words(algorithm, base64),
            _ => Err(InvalidHostKey("it is not a public key such as 'ssh-ed25519 AAAA…'")),
        }
    }
}

/// The SHA-256 of a public key, which is all that people are given beforehand.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// `SHA256:…` as OpenSSH prints it: base64 without padding.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SHA256:{}", FINGERPRINT_BASE64.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What is known of a server's host key: the whole key, or only the fingerprint that was given beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKey {
    Whole(PublicKey),
    Fingerprint(Fingerprint),
}

impl HostKey {
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Whole(key) => key.fingerprint(),
            Self::Fingerprint(fingerprint) => *fingerprint,
        }
    }

    /// Whether both are the same key, in whichever form.
    pub fn is_same(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint()
    }

    /// Whether `offered` is this key.
    pub fn is(&self, offered: &PublicKey) -> bool {
        match self {
            Self::Whole(key) => key == offered,
            Self::Fingerprint(fingerprint) => *fingerprint == offered.fingerprint(),
        }
    }

    /// The key itself, if more is known than its fingerprint.
    pub fn whole(&self) -> Option<&PublicKey> {
        match self {
            Self::Whole(key) => Some(key),
            Self::Fingerprint(_) => None,
        }
    }
}

impl From<PublicKey> for HostKey {
    fn from(key: PublicKey) -> Self {
        Self::Whole(key)
    }
}

/// The form in which it is stored and shown: the line of a public key file, or `SHA256:…`.
impl fmt::Display for HostKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(key) => key.fmt(formatter),
            Self::Fingerprint(fingerprint) => fmt::Display::fmt(fingerprint, formatter),
        }
    }
}

/// Reads a fingerprint (`SHA256:…`, padded or not) or the line of a public key file.
impl FromStr for HostKey {
    type Err = InvalidHostKey;

    fn from_str(text: &str) -> Result<Self, InvalidHostKey> {
        let text = text.trim();
        let Some(encoded) = text.strip_prefix("SHA256:") else {
            return match text.contains(char::is_whitespace) {
                true => text.parse().map(Self::Whole),
                false => Err(InvalidHostKey("it is neither a SHA-256 fingerprint nor a public key")),
            };
        };
        let digest = FINGERPRINT_BASE64
            .decode(encoded)
            .map_err(|_| InvalidHostKey("it is not in base64"))?;
        let digest = digest
            .try_into()
            .map_err(|_| InvalidHostKey("a SHA-256 fingerprint has 43 characters after 'SHA256:'"))?;
        Ok(Self::Fingerprint(Fingerprint(digest)))
    }
}

impl Serialize for HostKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| serde::de::Error::custom(format!("'{text}' is not a host key: {error}")))
    }
}

impl JsonSchema for HostKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HostKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::{HostKey, PublicKey};

    // Made with `ssh-keygen -t ed25519`; the fingerprint is what `ssh-keygen -l` prints for it.
    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPJz6mmiw4syvolEVz4zaWSGHGK1D8lw556wDmkd1POK";
    const FINGERPRINT: &str = "SHA256:fARBhe18s5ej0ND1/HaJlfwYPRGl9krZoRWUh/eID7A";

    #[test]
    fn a_public_key_line_has_the_fingerprint_that_openssh_prints() {
        let key: PublicKey = format!("{LINE} root@somewhere\n").parse().unwrap();
        assert_eq!(key.algorithm(), "ssh-ed25519");
        assert_eq!(key.fingerprint().to_string(), FINGERPRINT);
        assert_eq!(key.to_string(), LINE);
    }

    #[test]
    fn the_length_of_an_rsa_key_is_that_of_its_modulus() {
        let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let rsa = |modulus: &[u8]| {
            let blob = [field(b"ssh-rsa"), field(&[1, 0, 1]), field(modulus)].concat();
            PublicKey::from_blob(&blob).unwrap().rsa_bits()
        };
        assert_eq!(rsa(&[&[0, 0x80][..], &[0; 255]].concat()), Some(2048));
        assert_eq!(rsa(&[&[0x7f][..], &[0; 127]].concat()), Some(1023));
        assert_eq!(rsa(&[]), None);
        assert_eq!(LINE.parse::<PublicKey>().unwrap().rsa_bits(), None);
    }

    #[test]
    fn both_forms_are_read_with_and_without_padding_and_recognise_the_key() {
        let key: PublicKey = LINE.parse().unwrap();
        let with_comment = format!("  {LINE} root@prod-2\n");
        for text in [LINE, FINGERPRINT, &format!("{FINGERPRINT}="), &with_comment] {
            let recorded: HostKey = text.parse().unwrap();
            assert!(recorded.is(&key), "{text}");
            assert_eq!(recorded.fingerprint().to_string(), FINGERPRINT, "{text}");
            assert_eq!(recorded.to_string().parse::<HostKey>().unwrap(), recorded);
        }
    }

    #[test]
    fn comments_are_not_recorded() {
        let recorded: HostKey = format!("  {LINE} root@prod-2\n").parse().unwrap();
        assert_eq!(recorded.to_string(), LINE);
        assert_eq!(serde_json::to_value(recorded).unwrap(), LINE);
    }

    #[test]
    fn other_texts_are_refused() {
        let other_word = LINE.replace("ssh-ed25519", "ssh-rsa");
        for text in [
            "",
            "yes",
            "ssh-ed25519",
            "SHA256:",
            "SHA256:abc",
            "MD5:aa:bb",
            "ssh-ed25519 %%%",
            "ssh-ed25519 !!!",
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
            &other_word,
        ] {
            assert!(text.parse::<HostKey>().is_err(), "{text}");
            assert!(serde_json::from_value::<HostKey>(text.into()).is_err(), "{text}");
        }
    }
}
