//! A home that can't be used as it is: each says so, says what to do, and leaves everything as it was.

use crate::support::ended::Ended;
use crate::support::executable;
use crate::support::infrakt::Infrakt;
use infrakt::event::{RunEvent, Stream};
use infrakt::plan::Plan;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs as a user whom file permissions restrict. They don't restrict root, so root becomes an unprivileged user.
fn as_ordinary_user(infrakt: &Infrakt, words: &[&str]) -> Ended {
    let mut command = infrakt.command(words);
    if is_root() {
        // That user can't read the folder where the program was built.
        let program = infrakt.folder().join("infrakt");
        if !program.exists() {
            executable::write(&program, &fs::read(env!("CARGO_BIN_EXE_infrakt")).unwrap());
        }
        fs::set_permissions(infrakt.folder(), Permissions::from_mode(0o755)).unwrap();
        command = Command::new(program);
        command
            .args(words)
            .env("INFRAKT_HOME", infrakt.home())
            .current_dir("/")
            .uid(65534)
            .gid(65534);
    }
    Ended::from(command.output().unwrap())
}

fn give_to_ordinary_user(path: &Path) {
    if is_root() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap().path();
            std::os::unix::fs::chown(&entry, Some(65534), Some(65534)).unwrap();
        }
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
}

#[test]
fn a_home_that_cannot_be_made() {
    let infrakt = Infrakt::new();
    infrakt.file("file", "");
    let below = infrakt.folder().join("file/home");
    let said = infrakt.refused(2, &["server", "list", "--home", below.to_str().unwrap()]);
    assert!(
        said.contains("can't be used as infrakt's home: not a directory"),
        "{said}"
    );
    assert!(
        said.contains("hint: choose another directory: infrakt --home DIRECTORY"),
        "{said}"
    );
    assert!(!said.contains("os error"), "{said}");
    let file = infrakt.folder().join("file");
    assert!(
        infrakt
            .refused(2, &["server", "list", "--home", file.to_str().unwrap()])
            .contains("can't be used as infrakt's home")
    );
}

#[test]
fn a_home_that_is_not_writable() {
    let infrakt = Infrakt::new();
    let closed = infrakt.folder().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let home = closed.join("home");
    let add = [
        "server",
        "add",
        "prod-2",
        "--host",
        "127.0.0.1",
        "--port",
        "9",
        "--home",
    ];
    let ended = as_ordinary_user(&infrakt, &[&add[..], &[home.to_str().unwrap()]].concat());
    assert_eq!(ended.exit, 2, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("can't be used as infrakt's home: permission denied"),
        "{}",
        ended.stderr
    );

    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    give_to_ordinary_user(infrakt.home());
    fs::set_permissions(infrakt.home(), Permissions::from_mode(0o500)).unwrap();
    fs::set_permissions(infrakt.home().join("infrakt.db"), Permissions::from_mode(0o400)).unwrap();
    let ended = as_ordinary_user(
        &infrakt,
        &["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"],
    );
    assert_eq!(ended.exit, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("infrakt.db cannot be written"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("hint: check who may write there: ls -la"),
        "{}",
        ended.stderr
    );
    fs::set_permissions(infrakt.home(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
#[ignore = "needs root"]
fn a_home_that_the_user_may_not_read_is_named() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    let ended = as_ordinary_user(&infrakt, &["server", "list"]);
    assert_eq!(ended.exit, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("permission denied") && ended.stderr.contains("hint: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_mistyped_home_is_named_and_not_created() {
    let infrakt = Infrakt::new();
    let recipe = infrakt.recipe("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    let plain = infrakt.folder().join("plain");
    fs::create_dir(&plain).unwrap();
    fs::set_permissions(&plain, Permissions::from_mode(0o755)).unwrap();
    let absent = infrakt.folder().join("mistyped");
    for home in [&absent, &plain] {
        let home_word = home.to_str().unwrap();
        // What lists finds nothing; what looks for something by name does not find it.
        for (exit, words) in [
            (0, &["server", "list"][..]),
            (0, &["server", "list", "--tag", "web"]),
            (0, &["runs", "list"]),
            (0, &["app", "list"]),
            (2, &["server", "show", "prod-2"]),
            (2, &["server", "status", "prod-2"]),
            (2, &["server", "ssh", "prod-2"]),
            (2, &["server", "tag", "prod-2", "web"]),
            (2, &["server", "update", "prod-2", "--port", "22"]),
            (2, &["server", "remove", "prod-2"]),
            (2, &["server", "unlock", "prod-2"]),
            (2, &["server", "wipe", "prod-2"]),
            (2, &["facts", "prod-2"]),
            (2, &["plan", "wipe", "--server", "prod-2"]),
            (2, &["run", "wipe"]),
            (2, &["run", "wipe", "--all"]),
            (2, &["runs", "show", "1"]),
            (2, &["runs", "logs", "1"]),
            (2, &["runs", "resume", "1"]),
            (2, &["runs", "retry", "g1"]),
            (2, &["app", "show", "web"]),
            (2, &["app", "add", "web", "--server", "prod-2", "--image", "nginx"]),
            (2, &["env", "list", "web"]),
            (2, &["env", "set", "web", "A=b"]),
        ] {
            for json in [&[][..], &["--json"]] {
                let ended = infrakt.run(&[words, json, &["--home", home_word]].concat()).exits(exit);
                assert!(ended.stderr.contains(home_word), "{words:?}: {ended}");
            }
        }
        // Recipes are of use without an inventory.
        for words in [
            &["recipe", "list"][..],
            &["recipe", "show", "wipe"],
            &["recipe", "check", &recipe],
            &["recipe", "test", &recipe],
        ] {
            infrakt.run(&[words, &["--home", home_word]].concat()).exits(0);
        }
    }
    assert!(!absent.exists());
    assert_eq!(fs::read_dir(&plain).unwrap().count(), 0);
    assert_eq!(plain.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert!(!infrakt.home().exists());
}

/// A file system that goes away with it.
struct Mounted(PathBuf);

impl Mounted {
    fn new(at: PathBuf, options: &str) -> Self {
        fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", options, "infrakt-test"]).arg(&at);
        let output = mount.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(at)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // No panic: the test may be on its way out with one already.
            eprintln!("{} could not be unmounted", self.0.display());
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_full_disk_is_said_to_be_full_and_what_was_there_stays() {
    let infrakt = Infrakt::new();
    let mounted = Mounted::new(infrakt.home().to_owned(), "size=1m,mode=0700");
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    // All of the space but a page or two.
    let mut ballast = fs::File::create(mounted.0.join("ballast")).unwrap();
    while ballast.write_all(&[0; 512]).is_ok() {}
    for words in [
        &["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"][..],
        &["app", "add", "web", "--server", "prod-2", "--image", "nginx"],
    ] {
        let said = infrakt.refused(2, words);
        assert!(
            said.contains("the disk is full") && said.contains("hint: ") && said.contains("df -h"),
            "{said}"
        );
        let error: serde_json::Value =
            serde_json::from_str(&infrakt.run(&[words, &["--json"]].concat()).stdout).unwrap();
        assert_eq!(error["error"]["code"], "disk_full");
    }
    drop(ballast);
    fs::remove_file(mounted.0.join("ballast")).unwrap();
    let servers = infrakt.json(&["server", "list"]);
    assert_eq!(servers.as_array().map(Vec::len), Some(1), "nothing was half added");
    infrakt.ok(&["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"]);
}

/// The journal is what a run stops for when it can't be written; what it holds by then stays readable.
#[test]
#[ignore = "needs root"]
fn a_disk_that_fills_up_in_mid_run_is_an_error_of_the_journal_and_keeps_what_was_noted() {
    let infrakt = Infrakt::new();
    let _mounted = Mounted::new(infrakt.home().to_owned(), "size=2m,mode=0700");
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    let plan = [
        "plan",
        "./hello.rhai",
        "--server",
        "prod-2",
        "--offline",
        "--facts",
        "debian-13",
        "--json",
    ];
    let plan = Plan::parse(&infrakt.ok(&plan), "the plan").unwrap();
    let store = infrakt.store();
    let mut journal = store.begin_run(&plan, None, "me@here").unwrap();
    journal.append(&[RunEvent::StepStarted { step: 0 }], None).unwrap();
    let output = RunEvent::Output {
        step: 0,
        stream: Stream::Stdout,
        bytes: vec![b'x'; 64 << 10],
    };
    let error = (0..1000)
        .find_map(|_| journal.append(std::slice::from_ref(&output), None).err())
        .expect("2 MB are soon full");
    assert_eq!(error.code(), "disk_full");
    assert!(error.hint().unwrap().contains("df -h"), "{error}");
    let run = journal.run_id().to_string();
    assert!(infrakt.ok(&["runs", "show", &run]).contains("Say hello"));
    let printed = infrakt.ok(&["runs", "logs", &run, "--step", "1"]);
    assert!(
        printed.len() > 64 << 10 && printed.len().is_multiple_of(64 << 10),
        "{} bytes",
        printed.len()
    );
}

#[test]
#[ignore = "needs root"]
fn a_home_on_a_file_system_that_is_mounted_read_only() {
    let infrakt = Infrakt::new();
    let mounted = Mounted::new(infrakt.home().to_owned(), "size=2m,mode=0700");
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    let again = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(&mounted.0)
        .status()
        .unwrap();
    assert!(again.success());
    let said = infrakt.refused(2, &["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"]);
    assert!(said.contains("cannot be written") && said.contains("hint: "), "{said}");
    assert!(!said.contains("os error"), "{said}");
}

#[test]
fn a_database_that_another_program_has_locked() {
    let infrakt = Infrakt::with_server();
    let other = rusqlite::Connection::open(infrakt.home().join("infrakt.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(
        infrakt.ok(&["server", "list"]).contains("prod-2"),
        "reading still works"
    );
    let said = infrakt.refused(2, &["server", "tag", "prod-2", "web"]);
    assert!(
        said.contains("is locked by another program") && said.contains("hint: find out which program"),
        "{said}"
    );
    drop(other);
    infrakt.ok(&["server", "tag", "prod-2", "web"]);
}

#[test]
fn a_missing_or_wrong_master_key_is_an_error_and_nothing_is_written() {
    let infrakt = Infrakt::with_server();
    infrakt.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx"]);
    infrakt.ok(&["env", "set", "web", "TOKEN=abc"]);
    let key = infrakt.home().join("master.key");
    let (good, env_file) = (
        fs::read(&key).unwrap(),
        fs::read(infrakt.home().join("envs/1.json")).unwrap(),
    );
    let other = Infrakt::with_server();
    other.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx"]);
    other.ok(&["env", "set", "web", "TOKEN=abc"]);
    let another = fs::read(other.home().join("master.key")).unwrap();
    for (bad, error) in [
        (None, "master.key, is missing"),
        (Some(&b"short"[..]), "is not a key file of infrakt"),
        (Some(&another), "encrypted with a key other"),
    ] {
        match bad {
            None => fs::remove_file(&key).unwrap(),
            Some(bytes) => fs::write(&key, bytes).unwrap(),
        }
        for words in [&["env", "get", "web", "TOKEN"][..], &["env", "set", "web", "B=1"]] {
            let said = infrakt.refused(2, words);
            assert!(said.contains(error) && said.contains("hint: "), "{words:?}: {said}");
        }
        assert_eq!(fs::read(infrakt.home().join("envs/1.json")).unwrap(), env_file);
        assert!(
            infrakt.ok(&["server", "list"]).contains("prod-2"),
            "everything else still works"
        );
        fs::write(&key, &good).unwrap();
    }
    assert_eq!(infrakt.ok(&["env", "get", "web", "TOKEN"]), "abc\n");
}
