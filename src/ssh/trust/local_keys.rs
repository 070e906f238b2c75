//! The host keys of the computer that infrakt runs on. Knows no server.

use crate::error::{Error, Result};
use crate::host_key::PublicKey;
use crate::ssh::bounded_read;
use std::io::ErrorKind;
use std::path::Path;

/// The host keys of this computer, so that infrakt recognises it behind any address. A computer without an SSH server
/// has none.
///
/// # Errors
/// If the keys exist and can't be read: infrakt could then not recognise this computer.
pub fn local_host_keys() -> Result<Vec<PublicKey>> {
    host_keys_in(Path::new("/etc/ssh"))
}

fn host_keys_in(directory: &Path) -> Result<Vec<PublicKey>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::file("read", directory))?,
    };
    let mut keys: Vec<PublicKey> = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file("read", directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("ssh_host_") && name.ends_with("_key.pub") {
            let bytes = bounded_read::read(&path, bounded_read::LONGEST_KEY).map_err(Error::file("read", &path))?;
            // A file without a key is not used by sshd either.
            keys.extend(String::from_utf8_lossy(&bytes).parse());
        }
    }
    keys.sort_by(|one, other| one.algorithm().cmp(other.algorithm()));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::host_keys_in;

    // Made with `ssh-keygen -t ed25519`.
    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPJz6mmiw4syvolEVz4zaWSGHGK1D8lw556wDmkd1POK";

    #[test]
    fn the_keys_of_this_computer_are_found_and_may_be_missing() {
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
