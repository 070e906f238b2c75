//! A real sshd that believes to be alone on its machine: with a spool, a lock, a machine-id and processes of its own,
//! so that tests collide neither with this computer nor with each other.
//!
//! What root's shell reads when it starts is not this computer's either.
//!
//! It lives in namespaces for mounts and processes (unshare(1)); everything that was ever started in it ends with it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const SSHD: &str = "/usr/sbin/sshd";

/// A running sshd in a world of its own. It is stopped, and its directory removed, when the test ends.
pub struct Server {
    pub directory: tempfile::TempDir,
    pub port: u16,
    /// unshare(1), whose only child is the sshd: the first process of its world.
    process: Child,
}

/// How a server differs from an ordinary one.
#[derive(Default)]
pub struct Options<'a> {
    /// Lines for sshd_config.
    pub config: &'a str,
    /// The size of the file system that holds the spool, as tmpfs(5) takes it; ordinarily a directory without a limit.
    pub spool_size: Option<&'a str>,
    /// Variables for sshd and everything that it starts: `NAME=value`.
    pub environment: &'a [String],
}

impl Server {
    /// `None`, and the reason on the terminal, where this computer can't have such a server.
    pub fn start() -> Option<Self> {
        Self::start_with(&Options::default())
    }

    pub fn start_with(options: &Options<'_>) -> Option<Self> {
        let reason = if !cfg!(target_os = "linux") {
            "not Linux"
        } else if !Path::new(SSHD).exists() {
            "no sshd (apt-get install openssh-server)"
        } else if !rustix::process::geteuid().is_root() {
            "not root"
        } else if !can_have_a_world_of_its_own() {
            "no namespaces of its own (unshare --mount --pid)"
        } else {
            return Some(Self::start_here(options));
        };
        skipped(reason);
        None
    }

    fn start_here(options: &Options<'_>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        let port = free_port();
        std::fs::create_dir(path("spool")).expect("a directory");
        // machine-id(5): 32 hexadecimal digits.
        let machine_id = infrakt::executor::nonce().expect("randomness")[2..].to_owned();
        std::fs::write(path("machine-id"), format!("{machine_id}\n")).expect("a machine-id");
        make_key(&path("host_ed25519"));
        make_key(&path("id"));
        std::fs::copy(path("id.pub"), path("authorized_keys")).expect("the key is let in");
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
             MaxStartups 100\n{}\n",
            path("host_ed25519").display(),
            path("authorized_keys").display(),
            options.config,
        );
        std::fs::write(path("sshd_config"), config).expect("a configuration");
        let process = boot(directory.path(), port, options);
        Self {
            directory,
            port,
            process,
        }
    }

    pub fn key(&self) -> PathBuf {
        self.directory.path().join("id")
    }

    /// The fingerprint of its host key, as `server add --host-key` takes it.
    pub fn fingerprint(&self) -> String {
        let public = std::fs::read_to_string(self.directory.path().join("host_ed25519.pub")).expect("a host key");
        let key: infrakt::ssh::HostKey = public.parse().expect("a host key");
        key.fingerprint()
    }

    /// Where it keeps the records of runs, as this computer sees it. Empty if its file system has a limit.
    pub fn spool(&self) -> PathBuf {
        self.directory.path().join("spool")
    }

    /// Runs a script in its world; not over SSH.
    pub fn run(&self, script: &str) -> Output {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--pid", "--target", &self.first_process().to_string()]);
        command.args(["sh", "-c", script]).output().expect("nsenter starts")
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
        self.stop();
        self.process = boot(self.directory.path(), self.port, &Options::default());
    }

    fn stop(&mut self) {
        // unshare was told to take its child with it.
        self.process.kill().expect("it can be ended");
        self.process.wait().expect("it ends");
    }

    fn first_process(&self) -> u32 {
        child_of(self.process.id()).expect("the server runs")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Says on the terminal that the running test does not run. Not by println: what the harness captures nobody sees.
pub fn skipped(reason: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    writeln!(std::io::stdout().lock(), "skipped: {name}: {reason}").expect("a terminal");
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

pub fn make_key(path: &Path) {
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-C", "test", "-t", "ed25519", "-N", "", "-f"])
        .arg(path);
    assert!(command.status().expect("ssh-keygen starts").success());
}

const OWN_WORLD: [&str; 6] = [
    "--mount",
    "--propagation=private",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    "--mount-proc",
];

fn can_have_a_world_of_its_own() -> bool {
    let mut command = Command::new("unshare");
    let output = command.args(OWN_WORLD).args(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
    output.output().is_ok_and(|output| output.status.success())
}

fn boot(directory: &Path, port: u16, options: &Options<'_>) -> Child {
    let log = std::fs::File::create(directory.join("log")).expect("a log");
    let spool = match options.spool_size {
        Some(size) => format!("mount -t tmpfs -o size={size} tmpfs /var/lib/infrakt"),
        None => "mount --bind \"$1/spool\" /var/lib/infrakt".to_owned(),
    };
    // The home is an empty one: what a developer's own start-up files do is no part of the test, and may take a minute.
    let script = format!(
        "set -e\n\
         mkdir -p /var/lib/infrakt /etc/infrakt\n\
         mount -t tmpfs tmpfs /etc/infrakt\n\
         mount -t tmpfs tmpfs /etc/ssh\n\
         cp \"$1/host_ed25519.pub\" /etc/ssh/ssh_host_ed25519_key.pub\n\
         mount -t tmpfs tmpfs /run\n\
         mkdir /run/sshd\n\
         mount -t tmpfs -o mode=700 tmpfs \"$(getent passwd root | cut -d : -f 6)\"\n\
         {spool}\n\
         mount --bind \"$1/machine-id\" /etc/machine-id\n\
         exec env {environment} {SSHD} -D -e -f \"$1/sshd_config\"",
        environment = options.environment.join(" "),
    );
    let mut process = Command::new("unshare")
        .args(OWN_WORLD)
        .args(["sh", "-c", &script, "sh"])
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("unshare starts");
    super::wait::until("the sshd listens", || {
        let log = || std::fs::read_to_string(directory.join("log")).unwrap_or_default();
        assert!(
            process.try_wait().expect("a process").is_none(),
            "sshd ended: {}",
            log()
        );
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    process
}

fn child_of(process: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
