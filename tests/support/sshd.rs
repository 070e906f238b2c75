//! A real sshd as the first process of a world of its own, whatever it is to be like.

use super::wait::until;
use super::world::World;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

const SSHD: &str = "/usr/sbin/sshd";

/// Starts an sshd with an empty home for root: what a developer's own start-up files do is no part of any test, and may
/// take a minute.
pub const PLAIN: &str = "mount -t tmpfs -o mode=700 tmpfs \"$(getent passwd root | cut -d : -f 6)\"\n\
                         exec /usr/sbin/sshd -D -e -f \"$1/sshd_config\"";

/// Runs a script that becomes an sshd, and waits until it listens on `port`. No process may listen there before.
pub fn boot(script: &str, directory: &Path, port: u16) -> World {
    assert!(
        Path::new(SSHD).exists(),
        "this test needs sshd (apt-get install openssh-server)"
    );
    // sshd as root insists on it; a service manager would have made it.
    std::fs::create_dir_all("/run/sshd").expect("a directory");
    let mut world = World::begin(script, directory);
    until("the sshd listens", || {
        let log = || std::fs::read_to_string(directory.join("log")).unwrap_or_default();
        assert!(!world.has_ended(), "sshd ended: {}", log());
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    world
}

/// Makes a key pair with ssh-keygen: `-t ed25519 -N ''` are such options.
#[track_caller]
pub fn make_key(path: &Path, options: &[&str]) {
    let mut command = Command::new("ssh-keygen");
    let status = command
        .args(["-q", "-C", "test", "-f"])
        .arg(path)
        .args(options)
        .status();
    assert!(status.expect("ssh-keygen starts").success(), "ssh-keygen {options:?}");
}

/// Writes the configuration of an sshd that lets in only the owners of the keys in the file `authorized_keys`, as root.
/// `more` has further lines.
pub fn configure(directory: &Path, address: &str, port: u16, more: &str) {
    let config = format!(
        "Port {port}\nListenAddress {address}\nAuthorizedKeysFile {}/authorized_keys\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
         MaxStartups 1000\n{more}\n",
        directory.display()
    );
    std::fs::write(directory.join("sshd_config"), config).expect("a configuration");
}
