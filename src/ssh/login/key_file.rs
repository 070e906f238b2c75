//! Private key files: what a file contains, whether it may be used, and how to unlock it. Knows no connection.
//!
//! libssh2 reports the same error for a wrong passphrase, a missing one and an unknown format, so the header is checked
//! here. Keys in OpenSSH's own format are also decrypted here, once per process: the key derivation is slow by design,
//! and each login would pay for it again.

use crate::error::{KeyProblem, Result};
use crate::host_key::PublicKey;
use crate::plan::secret::Secret;
use crate::ssh::ask_secret::AskSecret;
use crate::ssh::ask_secret::secret_of_environment;
use crate::ssh::bounded_read;
use crate::ssh::login::certificate::type_of;
use crate::ssh::login::openssh_key::{self, PrivateKeyContainer};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How often a person is asked for one passphrase, as in OpenSSH.
const ATTEMPTS: usize = 3;

/// A key file that may be used.
pub struct KeyFile {
    pub path: PathBuf,
    /// The public half in wire format, if the file shows it.
    pub public: Option<Vec<u8>>,
    contents: Contents,
}

enum Contents {
    PublicOnly,
    /// The private half is on a security token. The agent can use it.
    OnToken,
    /// Not encrypted: ready for libssh2.
    Plain(Secret),
    EncryptedOpenSsh(Secret),
    EncryptedPem(Secret),
}

/// The result of unlocking a key.
pub enum Unlocking {
    /// The key's text, decrypted.
    Unlocked(Secret),
    /// There was no person to ask, or no passphrase was typed.
    NoPassphrase,
    WrongPassphrase,
    /// The file has only the public half. The agent may have the private one.
    PublicOnly,
    /// The private half is on a security token, which only the agent can use.
    OnToken,
}

impl KeyFile {
    pub fn read(path: &Path) -> Result<Self, KeyProblem> {
        let unreadable = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => KeyProblem::Missing,
            _ => KeyProblem::Unreadable(error.to_string()),
        };
        let bytes = zeroize::Zeroizing::new(bounded_read::read(path, bounded_read::LONGEST_KEY).map_err(unreadable)?);
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(KeyProblem::Utf16);
        }
        let text =
            std::str::from_utf8(&bytes).map_err(|_| KeyProblem::Unsupported("it is not a text file".to_owned()))?;
        let key = Self::parse(path, text)?;
        // As in OpenSSH, the mode matters only for the user's own files. The mode of others' files is up to their
        // owners.
        let own = metadata.uid() == rustix::process::getuid().as_raw();
        let mode = metadata.mode() & 0o7777;
        if own && mode & 0o077 != 0 && !matches!(key.contents, Contents::PublicOnly) {
            return Err(KeyProblem::TooOpen(mode));
        }
        Ok(key)
    }

    /// As [`KeyFile::read`]. If only the public half exists, reads that: the agent may have the private one.
    pub fn read_or_public(path: &Path) -> Result<Self, KeyProblem> {
        match (Self::read(path), public_beside(path)) {
            (Err(KeyProblem::Missing), Some(public)) => Ok(Self {
                path: path.to_owned(),
                public: Some(public),
                contents: Contents::PublicOnly,
            }),
            (read, _) => read,
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, KeyProblem> {
        tidy(text)?;
        let header = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .trim();
        let (contents, public) = match header {
            openssh_key::BEGIN => {
                let container = PrivateKeyContainer::parse(text).map_err(KeyProblem::Unsupported)?;
                let text = Secret::new(text);
                let contents = if type_of(&container.public).is_some_and(|kind| kind.starts_with("sk-")) {
                    Contents::OnToken
                } else if container.is_encrypted() {
                    Contents::EncryptedOpenSsh(text)
                } else {
                    Contents::Plain(text)
                };
                (contents, Some(container.public))
            }
            "-----BEGIN ENCRYPTED PRIVATE KEY-----" => (Contents::EncryptedPem(Secret::new(text)), None),
            "-----BEGIN RSA PRIVATE KEY-----" | "-----BEGIN EC PRIVATE KEY-----" | "-----BEGIN PRIVATE KEY-----" => {
                // RFC 1421, section 4.6.1.1, as OpenSSL writes it.
                let encrypted = text
                    .lines()
                    .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
                let text = Secret::new(text);
                let contents = if encrypted {
                    Contents::EncryptedPem(text)
                } else {
                    Contents::Plain(text)
                };
                (contents, None)
            }
            _ if header.starts_with("PuTTY-User-Key-File-") => return Err(KeyProblem::Putty),
            _ => match header.parse::<PublicKey>() {
                Ok(key) => (Contents::PublicOnly, Some(key.blob().to_vec())),
                Err(_) => {
                    return Err(KeyProblem::Unsupported(
                        "it does not look like a private key".to_owned(),
                    ));
                }
            },
        };
        let public = public.or_else(|| public_beside(path));
        Ok(Self {
            path: path.to_owned(),
            public,
            contents,
        })
    }

    /// The public half as a line of a public key file, if the private file itself contains it: a `.pub` file beside it
    /// may belong to another key.
    pub fn public_line(&self) -> Option<String> {
        match &self.contents {
            Contents::EncryptedOpenSsh(_) => {}
            Contents::Plain(text) if text.expose().trim_start().starts_with(openssh_key::BEGIN) => {}
            Contents::Plain(_) | Contents::EncryptedPem(_) | Contents::PublicOnly | Contents::OnToken => return None,
        }
        Some(PublicKey::from_blob(self.public.as_deref()?)?.to_string())
    }

    /// Whether a passphrase is needed.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.contents, Contents::EncryptedOpenSsh(_) | Contents::EncryptedPem(_))
    }

    /// Unlocks the key: from an earlier login of this process, with `INFRAKT_SSH_PASSPHRASE`, or by asking.
    pub fn unlock(&self, ask: &dyn AskSecret) -> Result<Unlocking> {
        let (text, decrypt): (&Secret, Decrypt) = match &self.contents {
            Contents::PublicOnly => return Ok(Unlocking::PublicOnly),
            Contents::OnToken => return Ok(Unlocking::OnToken),
            Contents::Plain(text) => return Ok(Unlocking::Unlocked(text.clone())),
            Contents::EncryptedOpenSsh(text) => (text, decrypt_openssh),
            Contents::EncryptedPem(text) => (text, decrypt_pem),
        };
        let digest: [u8; 32] = Sha256::digest(text.expose()).into();
        // Locked while asking: of several logins with the same key, one asks, and the others then find it unlocked.
        let mut unlocked = UNLOCKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = unlocked.iter().find(|(known, _)| *known == digest) {
            return Ok(Unlocking::Unlocked(key.clone()));
        }
        let given = secret_of_environment("INFRAKT_SSH_PASSPHRASE");
        let mut wrong = false;
        let question = format!("Passphrase for key '{}': ", self.path.display());
        for attempt in 0..=ATTEMPTS {
            let passphrase = match (attempt, &given) {
                (0, None) => continue,
                (0, Some(given)) => given.clone(),
                _ => {
                    let again = if wrong { "The passphrase is wrong. " } else { "" };
                    match ask.ask(&format!("{again}{question}"))? {
                        // An empty answer skips the key, as in OpenSSH.
                        Some(answer) if !answer.expose().is_empty() => answer,
                        _ if wrong => return Ok(Unlocking::WrongPassphrase),
                        _ => return Ok(Unlocking::NoPassphrase),
                    }
                }
            };
            if let Some(key) = decrypt(text, &passphrase) {
                unlocked.push((digest, key.clone()));
                return Ok(Unlocking::Unlocked(key));
            }
            wrong = true;
        }
        Ok(Unlocking::WrongPassphrase)
    }
}

/// Takes the encrypted text and a passphrase. `None` if the passphrase is wrong.
type Decrypt = fn(&Secret, &Secret) -> Option<Secret>;

/// The unlocked keys, by the hash of their encrypted text.
static UNLOCKED: Mutex<Vec<([u8; 32], Secret)>> = Mutex::new(Vec::new());

fn decrypt_openssh(text: &Secret, passphrase: &Secret) -> Option<Secret> {
    let container = PrivateKeyContainer::parse(text.expose()).ok()?;
    Some(Secret::new(container.decrypt(passphrase.expose().as_bytes())?.as_str()))
}

fn decrypt_pem(text: &Secret, passphrase: &Secret) -> Option<Secret> {
    let (text, passphrase) = (text.expose().as_bytes(), passphrase.expose().as_bytes());
    let key = openssl::pkey::PKey::private_key_from_pem_passphrase(text, passphrase).ok()?;
    let plain = zeroize::Zeroizing::new(key.private_key_to_pem_pkcs8().ok()?);
    Some(Secret::new(std::str::from_utf8(&plain).ok()?))
}

/// Neither ssh nor libssh2 reads a key with other text around its lines. libssh2 would not even report it, but offer
/// something else, which the server then refuses.
fn tidy(text: &str) -> Result<(), KeyProblem> {
    let Some((before, _)) = text.split_once("-----BEGIN ") else {
        return Ok(());
    };
    if before.starts_with('\u{feff}') {
        return Err(KeyProblem::Untidy("it begins with a byte order mark"));
    }
    if !before.trim().is_empty() {
        return Err(KeyProblem::Untidy("there is other text before it"));
    }
    // A carriage return at the end of a line does no harm.
    let is_tidy = |line: &str| line.strip_suffix('\r').unwrap_or(line).trim() == line.trim_end_matches('\r');
    match text.split('\n').all(is_tidy) {
        true => Ok(()),
        false => Err(KeyProblem::Untidy("there are spaces before or after its lines")),
    }
}

/// The public half from the `.pub` file that ssh-keygen writes beside each key.
fn public_beside(path: &Path) -> Option<Vec<u8>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let line = bounded_read::read_text(Path::new(&beside), bounded_read::LONGEST_KEY).ok()?;
    Some(line.parse::<PublicKey>().ok()?.blob().to_vec())
}
