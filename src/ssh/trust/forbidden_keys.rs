//! Host keys that the SSH configuration forbids (ssh_config(5)): those in `RevokedHostKeys`, and RSA keys shorter than
//! `RequiredRSASize`.
//!
//! It must not know which key is the expected one.

use crate::host_key::PublicKey;
use crate::ssh::bounded_read;
use crate::ssh::route::host_key_settings::HostKeySettings;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a key revocation list begins (PROTOCOL.krl of OpenSSH). Any other file holds one key per line.
const KRL: &[u8] = b"SSHKRL\n\0";
const LONGEST_LIST: u64 = 64 << 20;

/// Why a key may not be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Objection {
    /// The file that revokes it.
    Revoked(PathBuf),
    /// The setting that forbids the key, or that infrakt can't honour.
    Setting(String),
}

/// Checks a key that would otherwise be trusted.
pub fn check(settings: &HostKeySettings, key: &PublicKey) -> Result<(), Objection> {
    for path in &settings.revoked {
        match is_revoked(path, key) {
            Ok(false) => {}
            Ok(true) => return Err(Objection::Revoked(path.clone())),
            Err(why) => {
                return Err(Objection::Setting(format!(
                    "RevokedHostKeys {} can't be used ({why}), so no host key can be trusted",
                    path.display()
                )));
            }
        }
    }
    match (settings.smallest_rsa, key.rsa_bits()) {
        (Some(smallest), Some(bits)) if bits < smallest => Err(Objection::Setting(format!(
            "RequiredRSASize is {smallest}, and the host key has {bits} bits"
        ))),
        _ => Ok(()),
    }
}

/// # Errors
/// Why the list can't be read. ssh then trusts no host (ssh_config(5), RevokedHostKeys).
fn is_revoked(path: &Path, key: &PublicKey) -> Result<bool, String> {
    let list = bounded_read::read(path, LONGEST_LIST).map_err(|error| error.to_string())?;
    if list.starts_with(KRL) {
        return is_in_krl(path, key);
    }
    let text = String::from_utf8(list).map_err(|_| "it is neither text nor a key revocation list".to_owned())?;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let revoked: PublicKey = line
            .parse()
            .map_err(|_| format!("line {} is not a public key", index + 1))?;
        if revoked == *key {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Asks ssh-keygen, which is part of the client that the configuration is for.
fn is_in_krl(path: &Path, key: &PublicKey) -> Result<bool, String> {
    let failed = |error: std::io::Error| format!("cannot run ssh-keygen: {error}");
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    writeln!(file, "{key}").map_err(failed)?;
    let output = Command::new("ssh-keygen")
        .args(["-Q", "-f"])
        .arg(path)
        .arg(file.path())
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    match output.status.code() {
        Some(0) => Ok(false),
        // ssh-keygen(1), -Q: non-zero if a key was revoked or something went wrong; it says which.
        Some(1)
            if String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .ends_with(": REVOKED") =>
        {
            Ok(true)
        }
        _ => Err(crate::ssh::server_messages::last_of(
            &String::from_utf8_lossy(&output.stderr),
            "ssh-keygen does not understand it",
        )),
    }
}
