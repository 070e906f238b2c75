//! A real sshd as the first process of a world of its own, whatever it is to be like.

use super::wait::until;
use super::world::{self, World};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

const SSHD: &str = "/usr/sbin/sshd";

/// Starts an sshd with an empty home for root: what a developer's own start-up files do is no part of any test, and may
/// take a minute.
pub const PLAIN: &str = "mount -t tmpfs -o mode=700 tmpfs \"$(getent passwd root | cut -d : -f 6)\"\n\
                         exec /usr/sbin/sshd -D -e -f \"$1/sshd_config\"";

/// Whether tests can have an sshd here. If not, says on the terminal that the running test is skipped, and why.
pub fn can_be_had() -> bool {
    let reason = if !cfg!(target_os = "linux") {
        "not Linux"
    } else if !Path::new(SSHD).exists() {
        "no sshd (apt-get install openssh-server)"
    } else if !rustix::process::geteuid().is_root() {
        "not root"
    } else if !world::can_be_made() {
        "no namespaces of its own (unshare --mount --pid)"
    } else {
        // sshd as root insists on it; a service manager would have made it.
        std::fs::create_dir_all("/run/sshd").expect("a directory");
        return true;
    };
    skipped(reason);
    false
}

/// Says on the terminal that the running test does not run. Not by println: what the harness captures nobody sees.
pub fn skipped(reason: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    writeln!(std::io::stdout().lock(), "skipped: {name}: {reason}").expect("a terminal");
}

/// Runs a script that becomes an sshd, and waits until that listens on `port`, on which nobody may listen before.
pub fn boot(script: &str, directory: &Path, port: u16) -> World {
    let mut world = World::begin(script, directory);
    until("the sshd listens", || {
        let log = || std::fs::read_to_string(directory.join("log")).unwrap_or_default();
        assert!(!world.has_ended(), "sshd ended: {}", log());
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    world
}
