//! Servers on which nothing can be begun: what is in the way is named within seconds, nothing is run, and once it is out of
//! the way everything works.

use crate::support::infrakt::Infrakt;
use crate::support::server::{Options, Server};

/// What is in the way, how it gets there, how it is removed again, and what is said of it.
struct Obstacle {
    name: &'static str,
    begins: &'static str,
    ends: &'static str,
    says: &'static [&'static str],
}

const OBSTACLES: &[Obstacle] = &[
    Obstacle {
        name: "a read-only /var/lib/infrakt",
        begins: "mount -o remount,bind,ro /var/lib/infrakt",
        ends: "mount -o remount,bind,rw /var/lib/infrakt",
        says: &["/var/lib/infrakt/spool/", "Read-only file system"],
    },
    Obstacle {
        name: "a read-only /var/lib/infrakt where nothing was ever run",
        begins: "rm -r /var/lib/infrakt/spool; mount -o remount,bind,ro /var/lib/infrakt",
        ends: "mount -o remount,bind,rw /var/lib/infrakt",
        says: &["/var/lib/infrakt/spool", "Read-only file system"],
    },
    Obstacle {
        name: "a read-only /run",
        begins: "mount -o remount,ro /run",
        ends: "mount -o remount,rw /run",
        says: &["/run/infrakt/lock", "Read-only file system"],
    },
    Obstacle {
        name: "a read-only /run where nothing was ever run",
        begins: "rm -r /run/infrakt; mount -o remount,ro /run",
        ends: "mount -o remount,rw /run",
        says: &["/run/infrakt", "Read-only file system"],
    },
    Obstacle {
        name: "a handful of inodes in /var/lib/infrakt",
        begins: "mount -t tmpfs -o nr_inodes=6 tmpfs /var/lib/infrakt",
        ends: "umount /var/lib/infrakt",
        says: &["/var/lib/infrakt/spool/", "No space left on device"],
    },
    Obstacle {
        name: "no inodes in /run/infrakt",
        begins: "mkdir -p /run/infrakt; mount -t tmpfs -o nr_inodes=1 tmpfs /run/infrakt",
        ends: "umount /run/infrakt",
        says: &["/run/infrakt/lock", "No space left on device"],
    },
    Obstacle {
        name: "no space in /run/infrakt",
        begins: "mkdir -p /run/infrakt; mount -t tmpfs -o size=4k tmpfs /run/infrakt; \
                 head -c 4096 /dev/zero >/run/infrakt/full",
        ends: "umount /run/infrakt",
        says: &["can't store the records of a run", "No space left on device"],
    },
    Obstacle {
        name: "a directory in the lock's place",
        begins: "rm -f /run/infrakt/lock; mkdir -p /run/infrakt/lock",
        ends: "rmdir /run/infrakt/lock",
        says: &["/run/infrakt/lock", "Is a directory"],
    },
    Obstacle {
        name: "a pipe in the lock's place",
        begins: "mkdir -p /run/infrakt; rm -f /run/infrakt/lock; mkfifo /run/infrakt/lock",
        ends: "rm /run/infrakt/lock",
        says: &["/run/infrakt/lock is a pipe"],
    },
    Obstacle {
        name: "a pipe where the lock's holder is recorded",
        begins: "rm -f /run/infrakt/lock.holder; mkfifo /run/infrakt/lock.holder",
        ends: "rm /run/infrakt/lock.holder",
        says: &["/run/infrakt/lock.holder is a pipe"],
    },
    Obstacle {
        name: "no flock",
        begins: "mount --bind /dev/null /usr/bin/flock",
        ends: "umount /usr/bin/flock",
        says: &["can't be used", "flock: "],
    },
    Obstacle {
        name: "a flock without -E, such as busybox's",
        begins: "printf '#!/bin/sh\\necho \"flock: unrecognized option: E\" >&2\\nexit 1\\n' >/run/flock; chmod 755 /run/flock; \
                 mount --bind /run/flock /usr/bin/flock",
        ends: "umount /usr/bin/flock",
        says: &["can't be used", "unrecognized option: E"],
    },
    Obstacle {
        name: "no setsid",
        begins: "mount --bind /dev/null /usr/bin/setsid",
        ends: "umount /usr/bin/setsid",
        says: &["the runner is no longer there", "setsid: "],
    },
    Obstacle {
        name: "no mkdir and no folder",
        begins: "rm -r /var/lib/infrakt/spool; mount --bind /dev/null /usr/bin/mkdir",
        ends: "umount /usr/bin/mkdir",
        says: &["can't store the records of a run", "mkdir: "],
    },
];

#[test]
#[ignore = "needs root and sshd"]
fn whatever_keeps_a_server_from_beginning_is_named_and_is_never_called_another_run() {
    let server = Server::start_with(&Options::default());
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let traces = tempfile::tempdir().expect("a directory");
    let log = traces.path().join("log");
    let recipe = infrakt.recipe(
        "one.rhai",
        &format!("ssh::run(\"One\", \"echo one >>{}\");\n", log.display()),
    );
    let run = ["run", &recipe, "--server", "prod-2"];
    infrakt.run(&run).exits(0);
    for obstacle in OBSTACLES {
        // What is left of the last run may still hold a mount for a moment.
        server.awaits(obstacle.begins);
        let ended = infrakt.run(&run);
        assert_eq!(ended.exit, 4, "{}: {ended}", obstacle.name);
        let mut ended = ended.keeps_silent_about("at work");
        for words in obstacle.says {
            ended = ended.says(words);
        }
        assert_eq!(
            std::fs::read_to_string(&log).expect("a log"),
            "one\n",
            "{}",
            obstacle.name
        );
        server.awaits(obstacle.ends);
        infrakt.run(&run).exits(0);
        std::fs::write(&log, "one\n").expect("the log");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_lock_that_cannot_be_looked_at_is_neither_free_nor_taken() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    let recipe = infrakt.recipe("one.rhai", "ssh::run(\"One\", \"true\");\n");
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    server.root(
        "printf '#!/bin/sh\\necho \"flock: no such luck\" >&2\\nexit 1\\n' >/run/flock; chmod 755 /run/flock; \
         mount --bind /run/flock /usr/bin/flock",
    );
    for words in [
        &["server", "unlock", "prod-2"][..],
        &["server", "unlock", "prod-2", "--confirm", "prod-2"],
    ] {
        infrakt
            .run(words)
            .exits(4)
            .says("flock: no such luck")
            .keeps_silent_about("at work");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_pipe_in_the_locks_place_does_not_keep_unlock_waiting() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    server.root("mkdir -p /run/infrakt; rm -f /run/infrakt/lock; mkfifo /run/infrakt/lock");
    infrakt
        .run(&["server", "unlock", "prod-2"])
        .exits(4)
        .says("/run/infrakt/lock is a pipe")
        .keeps_silent_about("at work");
}
