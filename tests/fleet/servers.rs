//! Many servers on this computer: one sshd, which is every address of the loopback, and is another machine at each.

use crate::support::port::Port;
use crate::support::sshd;
use crate::support::wait::until;
use crate::support::world::World;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        let config = format!(
            "Port {port}\nListenAddress 0.0.0.0\nHostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nPidFile none\nMaxStartups 1000\nSetEnv IK_MACHINES={0}/machines\n\
             ForceCommand {1}/tests/fleet/as-server\n",
            directory.path().display(),
            env!("CARGO_MANIFEST_DIR"),
        );
        std::fs::write(path("sshd_config"), config).expect("a configuration");
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
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-a", "1", "-C", "test", "-N", passphrase, "-f"])
        .arg(path)
        .status();
    assert!(status.expect("ssh-keygen").success());
}
