//! A real sshd as the first process of a world of its own, whatever it is to be like.

use super::wait::until;
use super::world::World;
use std::net::TcpStream;
use std::path::Path;

const SSHD: &str = "/usr/sbin/sshd";

/// Starts an sshd with an empty home for root: what a developer's own start-up files do is no part of any test, and may
/// take a minute.
pub const PLAIN: &str = "mount -t tmpfs -o mode=700 tmpfs \"$(getent passwd root | cut -d : -f 6)\"\n\
                         exec /usr/sbin/sshd -D -e -f \"$1/sshd_config\"";

/// Runs a script that becomes an sshd, and waits until that listens on `port`, on which nobody may listen before.
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
