//! Many servers on this computer: one sshd, which is every address of the loopback, and is another machine at each.

use crate::support::port::Port;
use crate::support::sshd;
use crate::support::wait::until;
use crate::support::world::World;
use std::io::Write;
use std::path::{Path, PathBuf};

/// They are gone, with everything that runs on them, when the test ends.
pub struct Servers {
    /// What runs on these servers does not see the infrakt that is tested. It ends before the directory goes.
    _world: World,
    directory: tempfile::TempDir,
    pub port: u16,
    _reserved: Port,
}

impl Servers {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        for name in ["machines", "shared"] {
            std::fs::create_dir(path(name)).expect("a directory");
        }
        for name in ["host_key", "id"] {
            make_key(&path(name), "");
        }
        std::fs::copy(path("id.pub"), path("authorized_keys")).expect("a key");
        let reserved = Port::reserved_on("0.0.0.0");
        let port = reserved.number;
        let more = format!(
            "HostKey {0}/host_key\nSetEnv IK_MACHINES={0}/machines\nForceCommand {1}/tests/fleet/as-server",
            directory.path().display(),
            env!("CARGO_MANIFEST_DIR"),
        );
        sshd::configure(directory.path(), "0.0.0.0", port, &more);
        let world = sshd::boot(sshd::PLAIN, directory.path(), port);
        Self {
            directory,
            port,
            _reserved: reserved,
            _world: world,
        }
    }

    /// The key that all of them let in.
    pub fn key(&self) -> PathBuf {
        self.directory.path().join("id")
    }

    /// A further key that all of them let in, encrypted with this passphrase.
    pub fn encrypted_key(&self, passphrase: &str) -> PathBuf {
        let path = self.directory.path().join("encrypted");
        make_key(&path, passphrase);
        let public = std::fs::read_to_string(self.directory.path().join("encrypted.pub")).expect("a key");
        let authorized = self.directory.path().join("authorized_keys");
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(authorized)
            .expect("a file");
        file.write_all(public.as_bytes()).expect("a key");
        path
    }

    pub fn host_key(&self) -> String {
        let key = std::fs::read_to_string(self.directory.path().join("host_key.pub")).expect("a key");
        key.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// A directory that all of them see, and the test too.
    pub fn shared(&self) -> PathBuf {
        self.directory.path().join("shared")
    }

    /// The names of what lies there, sorted.
    pub fn in_shared(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.shared())
            .expect("the directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    /// Waits until something of that name lies there.
    #[track_caller]
    pub fn awaits(&self, name: &str) {
        until(name, || self.shared().join(name).exists());
    }

    /// The lines of a file there.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.shared().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn make_key(path: &Path, passphrase: &str) {
    // Few rounds of the key derivation: decrypting takes time otherwise.
    sshd::make_key(path, &["-t", "ed25519", "-a", "1", "-N", passphrase]);
}
