//! The key of the HTTP API: created once, stored in the home, compared in constant time.
//!
//! It must not know requests.

use crate::error::{Error, Result};
use crate::plan::secret::Secret;
use crate::store::Home;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 256 random bits.
const RANDOM_BYTES: usize = 32;
/// The shortest key that is accepted: 128 bits in hexadecimal.
const SHORTEST: usize = 32;
const LONGEST: usize = 256;

pub struct ApiKey {
    key: Secret,
    /// Whether it was made just now.
    pub made: bool,
}

impl ApiKey {
    /// Reads the key of this home, or makes it if there is none. Of several that make it at the same time, one wins.
    ///
    /// # Errors
    /// If others can read the file, if it belongs to another user, or if it contains no key.
    pub fn open(home: &Home) -> Result<Self> {
        let path = home.api_key_path();
        if let Some(key) = read(&path)? {
            return Ok(Self { key, made: false });
        }
        match make(&path) {
            Ok(key) => Ok(Self { key, made: true }),
            Err(Error::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                let key = read(&path)?.ok_or_else(|| malformed(&path, "it was deleted while infrakt read it"))?;
                Ok(Self { key, made: false })
            }
            Err(error) => Err(error),
        }
    }

    pub fn secret(&self) -> &Secret {
        &self.key
    }

    /// Whether `offered` is the key. Digests of the same length are compared, all of them, so that the time tells
    /// neither a beginning nor a length.
    pub fn fits(&self, offered: &[u8]) -> bool {
        let digest = |bytes: &[u8]| Sha256::digest(bytes);
        digest(offered)
            .as_slice()
            .ct_eq(digest(self.key.expose().as_bytes()).as_slice())
            .into()
    }
}

fn read(path: &Path) -> Result<Option<Secret>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    let metadata = file.metadata().map_err(Error::file("read", path))?;
    if !metadata.is_file() {
        return Err(malformed(path, "it is not a file"));
    }
    if metadata.mode() & 0o077 != 0 {
        let word = crate::plan::shell::quote(&path.display().to_string()).into_owned();
        return Err(Error::Malformed {
            what: format!("the API key {}", path.display()),
            reason: format!("others may read it (mode {:04o})", metadata.mode() & 0o7777),
            hint: Some(format!(
                "other users may have read it; make a new key: rm {word} && infrakt serve; or, if no one did: chmod \
                 600 {word}"
            )),
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST as u64 + 2)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidData => malformed(path, "it is not text"),
            _ => Error::file("read", path)(error),
        })?;
    let key = text.strip_suffix('\n').unwrap_or(&text);
    if key.is_empty() {
        return Err(malformed(path, "it is empty"));
    }
    if !key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        return Err(malformed(path, "it holds more than letters, digits, - and _"));
    }
    if !(SHORTEST..=LONGEST).contains(&key.len()) {
        return Err(malformed(
            path,
            &format!(
                "a key has {SHORTEST} to {LONGEST} characters, and this one {}",
                key.len()
            ),
        ));
    }
    Ok(Some(Secret::new(key)))
}

fn make(path: &Path) -> Result<Secret> {
    let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| Error::usage(format!("this computer has no source of random numbers: {error}")))?;
    let key = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        // Such a file is made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(key.expose().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(Error::file("write", path))?;
    Ok(key)
}

fn malformed(path: &Path, reason: &str) -> Error {
    let word = crate::plan::shell::quote(&path.display().to_string()).into_owned();
    Error::Malformed {
        what: format!("the API key {}", path.display()),
        reason: reason.to_owned(),
        hint: Some(format!(
            "restore it from a backup, or make a new key: rm {word} && infrakt serve"
        )),
    }
}
