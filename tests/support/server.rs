//! A real sshd that believes to be alone on its machine: with a spool, a lock, a machine-id and processes of its own,
//! so that tests collide neither with this computer nor with each other.
//!
//! What root's shell reads when it starts is not this computer's either.
//!
//! Everything that was ever started in it ends with it.

use super::port::Port;
use super::sshd;
use super::world::World;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A running sshd in a world of its own. It is stopped, and its directory removed, when the test ends.
pub struct Server {
    /// The sshd is its first process. It ends before its directory goes.
    world: World,
    pub directory: tempfile::TempDir,
    pub port: u16,
    _reserved: Port,
}

/// How a server differs from an ordinary one.
#[derive(Default)]
pub struct Options<'a> {
    /// Lines for sshd_config.
    pub config: &'a str,
    /// The size of the file system that holds the spool, as tmpfs(5) takes it; ordinarily a directory without a limit.
    pub spool_size: Option<&'a str>,
    /// Programs that everything there finds before those of this computer.
    pub programs: Option<&'a Path>,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&Options::default())
    }

    pub fn start_with(options: &Options<'_>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        let reserved = Port::reserved();
        let port = reserved.number;
        std::fs::create_dir(path("spool")).expect("a directory");
        // machine-id(5): 32 hexadecimal digits.
        let machine_id = infrakt::executor::nonce().expect("randomness").split_off(2);
        std::fs::write(path("machine-id"), format!("{machine_id}\n")).expect("a machine-id");
        for name in ["host_ed25519", "id"] {
            sshd::make_key(&path(name), &["-t", "ed25519", "-N", ""]);
        }
        std::fs::copy(path("id.pub"), path("authorized_keys")).expect("the key is let in");
        let host_key = path("host_ed25519");
        let more = format!("HostKey {}\n{}", host_key.display(), options.config);
        sshd::configure(directory.path(), "127.0.0.1", port, &more);
        let world = boot(directory.path(), port, options);
        Self {
            world,
            directory,
            port,
            _reserved: reserved,
        }
    }

    pub fn key(&self) -> PathBuf {
        self.directory.path().join("id")
    }

    /// The fingerprint of its host key, as `server add --host-key` takes it.
    pub fn fingerprint(&self) -> String {
        let public = std::fs::read_to_string(self.directory.path().join("host_ed25519.pub")).expect("a host key");
        let key: infrakt::host_key::PublicKey = public.parse().expect("a host key");
        key.fingerprint().to_string()
    }

    /// Where it keeps the records of runs, as this computer sees it. Empty if its file system has a limit.
    pub fn spool(&self) -> PathBuf {
        self.directory.path().join("spool")
    }

    /// Runs a script in its world; not over SSH.
    pub fn run(&self, script: &str) -> Output {
        let mut command = self.world.command("sh");
        command.args(["-c", script]).output().expect("nsenter starts")
    }

    /// What a script prints there, without the last line's end.
    #[track_caller]
    pub fn root(&self, script: &str) -> String {
        let output = self.run(script);
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub fn holds(&self, script: &str) -> bool {
        self.run(script).status.success()
    }

    /// Waits until a script succeeds there.
    #[track_caller]
    pub fn awaits(&self, script: &str) {
        super::wait::until(script, || self.holds(script));
    }

    /// Power off and on: every process is gone, and what was in memory; the spool is there.
    pub fn restarts(&mut self) {
        self.world.end();
        self.world = boot(self.directory.path(), self.port, &Options::default());
    }
}

fn boot(directory: &Path, port: u16, options: &Options<'_>) -> World {
    let spool = match options.spool_size {
        Some(size) => format!("mount -t tmpfs -o size={size} tmpfs /var/lib/infrakt"),
        None => "mount --bind \"$1/spool\" /var/lib/infrakt".to_owned(),
    };
    let programs = match options.programs {
        Some(programs) => format!("mount --bind '{}' /usr/local/sbin", programs.display()),
        None => String::new(),
    };
    let script = format!(
        "set -e\n\
         mkdir -p /var/lib/infrakt /etc/infrakt\n\
         mount -t tmpfs tmpfs /etc/infrakt\n\
         mount -t tmpfs tmpfs /etc/ssh\n\
         cp \"$1/host_ed25519.pub\" /etc/ssh/ssh_host_ed25519_key.pub\n\
         mount -t tmpfs tmpfs /run\n\
         mkdir /run/sshd\n\
         {spool}\n\
         {programs}\n\
         mount --bind \"$1/machine-id\" /etc/machine-id\n\
         {}",
        sshd::PLAIN
    );
    sshd::boot(&script, directory, port)
}
