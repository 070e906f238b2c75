//! Which keys work, and what is reported about those that don't.

use crate::child::{self, Report};
use crate::server::{Person, Server, public_half, ssh_error};
use crate::support::wait::until;
use infrakt::error::{KeyProblem, SshError};
use infrakt::ssh::{LoginTarget, connect};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

fn with_key(server: &Server, path: &Path) -> LoginTarget {
    LoginTarget {
        key_path: Some(path.to_owned()),
        ..server.target()
    }
}

fn problem_with(server: &Server, path: &Path) -> KeyProblem {
    match ssh_error(
        connect(&with_key(server, path), &Person::silent())
            .map(drop)
            .unwrap_err(),
    ) {
        SshError::KeyFile { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn all_common_types_of_keys_work() {
    let server = Server::start(&["ed25519"]);
    for options in [
        &["-t", "ed25519", "-N", ""][..],
        &["-t", "ecdsa", "-N", ""],
        &["-t", "ecdsa", "-b", "521", "-N", ""],
        &["-t", "rsa", "-N", ""],
        &["-t", "rsa", "-m", "PEM", "-N", ""],
        &["-t", "rsa", "-m", "PKCS8", "-N", ""],
        &["-t", "ecdsa", "-m", "PEM", "-N", ""],
    ] {
        let key = server.key(&options.join(""), options);
        let person = Person::silent();
        connect(&with_key(&server, &key), &person).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(person.was_asked(), [""; 0]);
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn all_formats_of_encrypted_keys_work_and_ask_once_for_the_passphrase() {
    let server = Server::start(&["ed25519"]);
    for options in [
        &["-t", "ed25519"][..],
        &["-t", "ed25519", "-Z", "chacha20-poly1305@openssh.com"],
        &["-t", "ed25519", "-Z", "aes256-gcm@openssh.com"],
        &["-t", "ed25519", "-Z", "aes128-cbc"],
        &["-t", "ecdsa"],
        &["-t", "rsa"],
        &["-t", "rsa", "-m", "PEM"],
        &["-t", "rsa", "-m", "PKCS8"],
        &["-t", "ecdsa", "-m", "PKCS8"],
    ] {
        let key = server.key(&options.join(""), &[options, &["-N", "open sesame"]].concat());
        let person = Person::who_says(&["open sesame"]);
        for _ in 0..2 {
            connect(&with_key(&server, &key), &person).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        }
        assert_eq!(
            person.was_asked(),
            [format!("Passphrase for key '{}': ", key.display())],
            "{options:?}"
        );
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_passphrase_may_be_tried_three_times() {
    let server = Server::start(&["ed25519"]);
    let key = server.key("corrected", &["-t", "ed25519", "-N", "open sesame"]);
    let person = Person::who_says(&["sesam", "open sesame"]);
    connect(&with_key(&server, &key), &person).unwrap();
    assert!(person.was_asked()[1].contains("wrong"), "{:?}", person.was_asked());

    for options in [
        &["-t", "ed25519", "-N", "open sesame"][..],
        &["-t", "rsa", "-m", "PEM", "-N", "open sesame"],
    ] {
        let key = server.key(&options.join(""), options);
        let person = Person::who_says(&["a", "b", "c", "d"]);
        let error = connect(&with_key(&server, &key), &person).map(drop).unwrap_err();
        assert_eq!(person.was_asked().len(), 3);
        assert!(error.hint().unwrap().contains("ssh-keygen -y -f"), "{error}");
        let error = ssh_error(error);
        assert!(
            matches!(
                &error,
                SshError::KeyFile {
                    problem: KeyProblem::WrongPassphrase,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn without_a_terminal_an_encrypted_key_names_the_environment_variable() {
    let server = Server::start(&["ed25519"]);
    let key = server.key("locked", &["-t", "ed25519", "-N", "open sesame"]);
    let error = connect(&with_key(&server, &key), &Person::silent())
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("INFRAKT_SSH_PASSPHRASE"), "{error}");

    let target = with_key(&server, &key);
    let report = child::connect(&target, &[("INFRAKT_SSH_PASSPHRASE", "open sesame")]);
    assert_eq!(report, Report::Connected);
    let report = child::connect(&target, &[("INFRAKT_SSH_PASSPHRASE", "wrong")]);
    assert!(report.failure().contains("the passphrase is wrong"), "{report:?}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_unknown_to_the_server_is_listed_as_refused() {
    let server = Server::start(&["ed25519"]);
    let key = server.stranger("stranger", &["-t", "ed25519", "-N", ""]);
    let error = connect(&with_key(&server, &key), &Person::silent())
        .map(drop)
        .unwrap_err();
    assert!(
        error
            .hint()
            .unwrap()
            .contains("infrakt server update prod-2 --user USER --key PATH")
    );
    let SshError::Denied { tried, .. } = ssh_error(error) else {
        panic!("another error")
    };
    assert!(
        tried.contains(&format!("the key {}: refused", key.display())),
        "{tried:?}"
    );
    assert!(tried.contains(&"the server accepts: publickey".to_owned()), "{tried:?}");
}

#[test]
#[ignore = "needs root and sshd"]
fn an_unusable_key_file_is_reported_with_the_reason() {
    let server = Server::start(&["ed25519"]);
    let file = |name: &str, text: &str| {
        let path = server.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    assert_eq!(
        problem_with(&server, &server.directory.path().join("gone")),
        KeyProblem::Missing
    );
    assert!(matches!(
        problem_with(&server, server.directory.path()),
        KeyProblem::Unreadable(_)
    ));
    let putty = file("id.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n");
    assert_eq!(problem_with(&server, &putty), KeyProblem::Putty);
    for text in [
        "",
        "hello\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    ] {
        assert!(
            matches!(problem_with(&server, &file("odd", text)), KeyProblem::Unsupported(_)),
            "{text}"
        );
    }
    let key = server.key("open", &["-t", "ed25519", "-N", ""]);
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(problem_with(&server, &key), KeyProblem::TooOpen(0o640));
}

#[test]
#[ignore = "needs root and sshd"]
fn the_hint_for_a_damaged_key_file_repairs_it() {
    let server = Server::start(&["ed25519"]);
    let path = server.directory.path().join("untidy");
    let write = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    for options in [&["-t", "ed25519", "-N", ""][..], &["-t", "rsa", "-m", "PEM", "-N", ""]] {
        let key = std::fs::read_to_string(server.key(&format!("pasted{}", options[1]), options)).unwrap();
        let lines = |change: &dyn Fn(&str) -> String| key.lines().map(change).collect::<String>();
        for (text, problem) in [
            (
                lines(&|line| format!("  {line}\n")),
                "there are spaces before or after its lines",
            ),
            (
                lines(&|line| format!("\t{line}\r\n")),
                "there are spaces before or after its lines",
            ),
            (
                lines(&|line| format!("{line} \n")),
                "there are spaces before or after its lines",
            ),
            (format!("\u{feff}{key}"), "it begins with a byte order mark"),
            (format!("deploy key:\n{key}"), "there is other text before it"),
        ] {
            write(text.as_bytes());
            let error = connect(&with_key(&server, &path), &Person::silent())
                .map(drop)
                .unwrap_err();
            let remedy = error.hint().unwrap();
            assert!(error.to_string().contains(problem), "{error}");
            let (_, command) = remedy.split_at(remedy.find("sed -i").unwrap());
            assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
            connect(&with_key(&server, &path), &Person::silent()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        }
        // libssh2 accepts this one.
        for text in [
            key.replace('\n', "\r\n"),
            format!("\n\n{key}"),
            key.trim_end().to_owned(),
        ] {
            write(text.as_bytes());
            connect(&with_key(&server, &path), &Person::silent()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        }
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(key.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        write(&utf16);
        let error = connect(&with_key(&server, &path), &Person::silent())
            .map(drop)
            .unwrap_err();
        let hint = error.hint().unwrap();
        let (command, _) = hint.split_once(", and use").unwrap();
        assert!(
            Command::new("sh").args(["-c", command]).status().unwrap().success(),
            "{command}"
        );
        let converted = server.directory.path().join("untidy.utf8");
        connect(&with_key(&server, &converted), &Person::silent()).unwrap();
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn an_unusable_key_in_the_usual_place_gets_a_hint_when_nothing_else_is_accepted() {
    let server = Server::start(&["ed25519"]);
    let home = server.directory.path().join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let unnamed = LoginTarget {
        key_path: None,
        ..server.target()
    };
    let own = home.join(".ssh/id_ed25519");
    let key = std::fs::read_to_string(server.directory.path().join("id")).unwrap();
    for (mode, text, remedy) in [
        (0o600, key.replace('\n', "\n  "), "sed -i -n"),
        (0o644, key.clone(), "chmod 600"),
        (0o600, "PuTTY-User-Key-File-3: ssh-ed25519\n".to_owned(), "puttygen"),
    ] {
        std::fs::write(&own, text).unwrap();
        std::fs::set_permissions(&own, PermissionsExt::from_mode(mode)).unwrap();
        let report = child::connect(&unnamed, &[("HOME", home.to_str().unwrap())]);
        let hint = report.failure().lines().last().unwrap();
        assert!(hint.contains(remedy) && hint.contains("id_ed25519"), "{report:?}");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn huge_and_special_files_are_not_read_as_keys() {
    let server = Server::start(&["ed25519"]);
    let path = server.directory.path().join("large");
    // A sparse file takes no room on the disk, but would fill the memory.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(
        problem_with(&server, &path),
        KeyProblem::Unreadable("it is longer than 1048 kB".to_owned())
    );
    for odd in ["/dev/zero", "/dev/tty", "/proc/self/fd"] {
        assert!(
            matches!(problem_with(&server, Path::new(odd)), KeyProblem::Unreadable(_)),
            "{odd}"
        );
    }
    let pipe = server.directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(problem_with(&server, &pipe), KeyProblem::Unreadable(_)));
    // Files beside a key are read with a limit too.
    for beside in ["id.pub", "id-cert.pub"] {
        let beside = server.directory.path().join(beside);
        std::fs::File::create(&beside).unwrap().set_len(1 << 40).unwrap();
    }
    connect(&server.target(), &Person::silent()).unwrap();
}

#[test]
#[ignore = "needs root and sshd"]
fn the_agent_and_the_usual_key_files_are_used_by_default() {
    let server = Server::start(&["ed25519"]);
    let home = server.directory.path().join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let unnamed = LoginTarget {
        key_path: None,
        ..server.target()
    };
    let home_only = [("HOME", home.to_str().unwrap())];
    let report = child::connect(&unnamed, &home_only);
    assert!(report.failure().contains("there is no key to offer"), "{report:?}");

    let agent = Agent::start(&server);
    let with_agent = [home_only[0], ("SSH_AUTH_SOCK", agent.socket.as_str())];
    agent.add(&server.directory.path().join("id"));
    assert_eq!(child::connect(&unnamed, &with_agent), Report::Connected);

    std::fs::copy(server.directory.path().join("id"), home.join(".ssh/id_ed25519")).unwrap();
    assert_eq!(child::connect(&unnamed, &home_only), Report::Connected);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_named_key_is_offered_before_the_other_keys_of_the_agent() {
    let server = Server::start(&["ed25519"]);
    let agent = Agent::start(&server);
    for number in 0..8 {
        agent.add(&server.stranger(&format!("other-{number}"), &["-t", "ed25519", "-N", ""]));
    }
    let locked = server.key("locked", &["-t", "ed25519", "-N", ""]);
    agent.add(&locked);
    // From here on only the agent can use the key, though the file is named.
    let status = Command::new("ssh-keygen")
        .args(["-p", "-N", "open sesame", "-f"])
        .arg(&locked)
        .output();
    assert!(status.unwrap().status.success());
    let environment = [("SSH_AUTH_SOCK", agent.socket.as_str())];
    assert_eq!(child::connect(&server.target(), &environment), Report::Connected);
    assert_eq!(
        child::connect(&with_key(&server, &locked), &environment),
        Report::Connected
    );
    let public = public_half(&locked);
    assert_eq!(
        child::connect(&with_key(&server, &public), &environment),
        Report::Connected
    );

    let report = child::connect(
        &LoginTarget {
            key_path: None,
            ..server.target()
        },
        &environment,
    );
    assert!(report.failure().contains("takes no further tries"), "{report:?}");
    assert!(report.failure().contains("--key PATH"), "{report:?}");
    assert!(report.failure().contains("IdentitiesOnly yes"), "{report:?}");
}

#[test]
#[ignore = "needs root and sshd"]
fn naming_a_public_key_without_an_agent_is_an_error() {
    let server = Server::start(&["ed25519"]);
    let public = server.directory.path().join("id.pub");
    let error = connect(&with_key(&server, &public), &Person::silent())
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("is a public key"), "{error}");
    let private = server.directory.path().join("id");
    let remedy = format!("infrakt server update prod-2 --key {}", private.display());
    assert!(error.hint().unwrap().contains(&remedy), "{:?}", error.hint());
}

/// A real ssh-agent. It ends with the test.
pub struct Agent {
    pub socket: String,
    process: std::process::Child,
}

impl Agent {
    pub fn start(server: &Server) -> Self {
        let socket = server.directory.path().join("agent");
        let process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The socket file exists a moment before the agent listens.
        until("the agent listens", || UnixStream::connect(&socket).is_ok());
        Self {
            socket: socket.to_str().unwrap().to_owned(),
            process,
        }
    }

    pub fn add(&self, key: &Path) {
        let mut command = Command::new("ssh-add");
        let status = command.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::remove_file(&self.socket).unwrap();
    }
}
