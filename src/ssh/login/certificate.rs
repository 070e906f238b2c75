//! User certificates (PROTOCOL.certkeys of OpenSSH): which key a certificate is for, and when it expires. The server
//! decides whether it is valid.

use crate::host_key::PublicKey;
use crate::ssh::bounded_read;
use crate::ssh::login::wire_format::{WireReader, put};
use std::path::{Path, PathBuf};

const SUFFIX: &str = "-cert-v01@openssh.com";

/// A certificate as it stands in a `-cert.pub` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub path: PathBuf,
    /// In wire format.
    pub blob: Vec<u8>,
    /// The certified key itself, in wire format.
    pub key: Vec<u8>,
    /// When it expires, in seconds since 1970. The largest number if it never does.
    valid_before: u64,
}

impl Certificate {
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with its path.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = bounded_read::read_text(path, bounded_read::LONGEST_KEY).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("cannot be read: {error}"),
        })?;
        let blob = text.parse::<PublicKey>().map(|key| key.blob().to_vec());
        blob.ok()
            .and_then(|blob| Self::parse(path, blob))
            .ok_or_else(|| "is not a certificate".to_owned())
    }

    /// The certificate that ssh-keygen writes beside a key, if there is one.
    pub fn beside(key: &Path) -> Option<Self> {
        let mut beside = key.as_os_str().to_owned();
        beside.push("-cert.pub");
        Self::read(Path::new(&beside)).ok()
    }

    fn parse(path: &Path, blob: Vec<u8>) -> Option<Self> {
        let mut reader = WireReader(&blob);
        let kind = std::str::from_utf8(reader.string()?).ok()?;
        let plain = plain_type(kind)?;
        reader.string()?; // a nonce
        let mut key = Vec::new();
        put(&mut key, plain.as_bytes());
        for _ in 0..fields(&plain)? {
            put(&mut key, reader.string()?);
        }
        // Serial number, type, key id, principals, and the start of its validity.
        reader.long()?;
        reader.number()?;
        reader.string()?;
        reader.string()?;
        reader.long()?;
        let valid_before = reader.long()?;
        Some(Self {
            path: path.to_owned(),
            key,
            valid_before,
            blob,
        })
    }

    /// As a line of a public key file.
    pub fn line(&self) -> Option<String> {
        Some(PublicKey::from_blob(&self.blob)?.to_string())
    }

    /// For a refused certificate: when it expired, if it did.
    pub fn expiry(&self) -> Option<String> {
        let end = jiff::Timestamp::from_second(i64::try_from(self.valid_before).ok()?).ok()?;
        (end < jiff::Timestamp::now()).then(|| format!("it expired on {}", end.strftime("%Y-%m-%d %H:%M UTC")))
    }
}

/// Whether a key in wire format is a certificate.
pub fn is_certificate(blob: &[u8]) -> bool {
    type_of(blob).is_some_and(|kind| kind.ends_with(SUFFIX))
}

/// The type in the first field of a key in wire format.
pub fn type_of(blob: &[u8]) -> Option<&str> {
    std::str::from_utf8(WireReader(blob).string()?).ok()
}

/// `sk-` types keep their domain: sk-ssh-ed25519-cert-v01@openssh.com is for an sk-ssh-ed25519@openssh.com.
fn plain_type(kind: &str) -> Option<String> {
    let plain = kind.strip_suffix(SUFFIX)?;
    Some(if plain.starts_with("sk-") {
        format!("{plain}@openssh.com")
    } else {
        plain.to_owned()
    })
}

/// The number of fields after the type, for a key of this type.
fn fields(kind: &str) -> Option<usize> {
    match kind {
        "ssh-ed25519" => Some(1),
        "ssh-rsa" => Some(2),
        _ if kind.starts_with("ecdsa-sha2-") => Some(2),
        "sk-ssh-ed25519@openssh.com" => Some(2),
        "sk-ecdsa-sha2-nistp256@openssh.com" => Some(3),
        _ => None,
    }
}
