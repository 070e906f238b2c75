//! The key that encrypts the values of env files, and how one value is encrypted.
//!
//! XChaCha20-Poly1305 with a random nonce for each value. The id of the app and the name of the variable are
//! authenticated with it, so a value can't be moved to another variable or app. It must not know where values are
//! stored.

use crate::error::{Error, Result, StoreError};
use crate::plan::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Write};
use std::path::Path;
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

pub(super) struct MasterKey {
    bytes: Zeroizing<[u8; KEY_LENGTH]>,
}

impl MasterKey {
    /// Reads the key: 32 bytes in base64 on one line. `None` if there is no such file.
    pub(super) fn load(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(malformed(path, "it is not text")),
            Err(error) => return Err(Error::file("read", path)(error)),
        };
        let decoded = BASE64_STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| malformed(path, "it is not in base64"))?;
        let bytes = decoded
            .as_slice()
            .try_into()
            .map_err(|_| malformed(path, &format!("it has {} bytes and not {KEY_LENGTH}", decoded.len())))?;
        Ok(Some(Self {
            bytes: Zeroizing::new(bytes),
        }))
    }

    /// Makes a new key and writes it, complete or not at all. A file that already exists is never overwritten.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        fill_random(bytes.as_mut_slice())?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let text = Zeroizing::new(format!("{}\n", BASE64_STANDARD.encode(bytes.as_slice())));
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path)?;
            std::fs::File::open(directory)?.sync_all()
        };
        write().map_err(Error::file("write", path))?;
        Ok(Self { bytes })
    }

    /// A name for the key that does not give it away, to tell a wrong key from a damaged file.
    pub(super) fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"infrakt master key id\0")
            .chain_update(self.bytes.as_slice())
            .finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Encrypts one value: base64 of the nonce and what XChaCha20-Poly1305 makes of the value.
    pub(super) fn seal(&self, app_id: i64, name: &str, value: &Secret) -> Result<String> {
        let mut nonce = [0; NONCE_LENGTH];
        fill_random(&mut nonce)?;
        let payload = Payload {
            msg: value.expose().as_bytes(),
            aad: &context(app_id, name),
        };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::usage(format!("the value of {name} is too long to be encrypted")))?;
        Ok(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what `seal` made for the same app and name; `None` if it is anything else.
    pub(super) fn open(&self, app_id: i64, name: &str, sealed: &str) -> Option<Secret> {
        let bytes = BASE64_STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
        let payload = Payload {
            msg: sealed,
            aad: &context(app_id, name),
        };
        let value = self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(value).ok().map(Secret::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.bytes).into())
    }
}

/// What is authenticated beside the value. A variable's name holds no NUL, so no two pairs look alike.
fn context(app_id: i64, name: &str) -> Vec<u8> {
    format!("infrakt env 1\0{app_id}\0{name}").into_bytes()
}

fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes)
        .map_err(|error| Error::usage(format!("this computer has no source of random numbers: {error}")))
}

fn malformed(path: &Path, reason: &str) -> Error {
    StoreError::KeyMalformed {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
    .into()
}
