//! What is wrong with a private key, and the command that fixes it.

use crate::plan::shell::quote;
use std::path::Path;

/// What is wrong with a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("does not exist")]
    Missing,
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The mode's permission bits.
    #[error("can be read by others (mode {0:04o}), so it is not used")]
    TooOpen(u32),
    #[error("is a PuTTY key, which OpenSSH does not read")]
    Putty,
    /// It was damaged by pasting or editing, so that no SSH program can read it.
    #[error("cannot be read by SSH programs: {0}")]
    Untidy(&'static str),
    #[error("cannot be read by SSH programs: it is UTF-16 text")]
    Utf16,
    /// The file holds a public key instead of a private one, and no agent holds the private half.
    #[error("is a public key, and no SSH agent holds its private half")]
    PublicOnly,
    #[error("cannot be used: {0}")]
    Unsupported(String),
    #[error("is encrypted, and the passphrase is wrong")]
    WrongPassphrase,
}

impl KeyProblem {
    /// Whether the file itself must be changed: another key or another passphrase would not help.
    pub fn is_of_the_file(&self) -> bool {
        matches!(
            self,
            Self::TooOpen(_) | Self::Putty | Self::Untidy(_) | Self::Utf16 | Self::PublicOnly
        )
    }

    pub(super) fn hint(&self, server: &str, path: &Path) -> String {
        let path = path.to_string_lossy();
        let named = |other: &str| format!("infrakt server update {server} --key {}", quote(other));
        match self {
            Self::TooOpen(_) => format!("chmod 600 {}", quote(&path)),
            Self::Putty => {
                let other = match path.strip_suffix(".ppk") {
                    Some(stem) => stem.to_owned(),
                    None => format!("{path}.openssh"),
                };
                format!(
                    "puttygen {} -O private-openssh -o {}, and use that file: {}",
                    quote(&path),
                    quote(&other),
                    named(&other)
                )
            }
            Self::Untidy(_) => format!(
                "keep a copy, then remove everything but the key: sed -i -n '/-----BEGIN/,/-----END/\
                 {{s/^.*-----BEGIN/-----BEGIN/;s/^[[:space:]]*//;s/[[:space:]]*$//;p}}' {}",
                quote(&path)
            ),
            Self::Utf16 => {
                let other = format!("{path}.utf8");
                format!(
                    "(umask 077; iconv -f UTF-16 -t UTF-8 {} >{}), and use that file: {}",
                    quote(&path),
                    quote(&other),
                    named(&other)
                )
            }
            Self::PublicOnly => format!("name the private key: {}", named(path.trim_end_matches(".pub"))),
            Self::WrongPassphrase => format!(
                "check the passphrase with: ssh-keygen -y -f {} >/dev/null; you can also set INFRAKT_SSH_PASSPHRASE",
                quote(&path)
            ),
            Self::Missing | Self::Unreadable(_) | Self::Unsupported(_) => {
                format!("use another key: infrakt server update {server} --key PATH")
            }
        }
    }
}
