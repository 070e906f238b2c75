//! The message of a server that starts no shell is shown, with a hint.

use crate::server::{Person, Server, public_half, read_all, ssh_error};
use crate::support::infrakt::Infrakt;
use crate::support::server::{Options, Server as World};
use infrakt::error::{Obstacle, SshError};
use infrakt::executor::connection::Connection;
use infrakt::ssh::connect;

/// As cloud-init writes it. The sleep is longer: a client that waits for its end does not finish in time.
const CLOUD_INIT: &str = r#"no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo 'Please login as the user \"debian\" rather than the user \"root\".';echo;sleep 1000;exit 142""#;

/// Accepts the key with these options only.
fn forced(server: &Server, options: &str) {
    let line = std::fs::read_to_string(public_half(&server.directory.path().join("id"))).unwrap();
    server.lock_out();
    server.let_in(&format!("{options} {line}"));
}

/// The result of the first script.
fn first_script(server: &Server) -> infrakt::error::Result<String> {
    let mut session = connect(&server.target(), &Person::silent())?;
    let mut channel = session.start(b"echo \"user $(id -u)\"; exit\n")?;
    Ok(String::from_utf8(read_all(&mut *channel)?.stdout).unwrap())
}

fn refusal(server: &Server) -> (String, Obstacle, String) {
    let error = first_script(server).unwrap_err();
    let hint = error.hint().unwrap();
    match ssh_error(error) {
        SshError::NoCommand { reason, obstacle, .. } => (reason, obstacle, hint),
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn the_user_named_by_a_cloud_image_is_suggested_only_if_it_is_a_user_name() {
    let server = Server::start(&["ed25519"]);
    for (words, user) in [
        (r#"\"debian\" rather than the user \"root\""#, Some("debian")),
        ("debian rather than the user root", Some("debian")),
        (r#"\"$(touch began)\" rather than the user \"root\""#, None),
    ] {
        // After an unclear message infrakt waits for the end, which comes at once here.
        let sleep = if user.is_some() { "sleep 1000;" } else { "" };
        forced(
            &server,
            &format!("command=\"echo 'Please login as the user {words}.';echo;{sleep}exit 142\""),
        );
        let (reason, obstacle, hint) = refusal(&server);
        let said = words.replace('\\', "");
        assert_eq!(reason, format!("Please login as the user {said}."));
        match user {
            Some(user) => {
                assert_eq!(obstacle, Obstacle::OtherUser(user.to_owned()));
                assert_eq!(hint, format!("infrakt server update prod-2 --user {user}"));
            }
            None => {
                assert_eq!(obstacle, Obstacle::Unclear);
                assert!(!hint.contains("touch"), "{hint}");
            }
        }
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn the_output_of_a_forced_command_is_shown_without_the_script() {
    let mut server = Server::start(&["ed25519"]);
    for (command, reason) in [
        ("echo no entry; echo really >&2", "no entry really"),
        ("exit 3", "it ended without output"),
        (
            r"printf '\033[2J\033]0;mine\007gone\r\n'",
            r"\u{1b}[2J\u{1b}]0;mine\u{7}gone",
        ),
        // The script may contain secrets.
        ("cat", "instead of a shell, something echoes its input"),
        ("cat >&2", "instead of a shell, something echoes its input"),
    ] {
        forced(&server, &format!("command=\"{command}\""));
        assert_eq!(refusal(&server).0, reason, "{command}");
    }
    // A megabyte of output is neither kept nor shown.
    forced(&server, "command=\"yes | head -c 1000000\"");
    let (reason, ..) = refusal(&server);
    assert!(reason.len() < 1000, "{}", reason.len());

    forced(&server, "command=\"/usr/sbin/nologin\"");
    let (reason, obstacle, hint) = refusal(&server);
    assert_eq!(reason, "This account is currently not available.");
    assert_eq!(obstacle, Obstacle::NoLogin);
    assert!(hint.contains("usermod -s /bin/sh root"), "{hint}");

    forced(&server, "restrict");
    server.reconfigure("ForceCommand echo sftp only here\n");
    assert_eq!(refusal(&server).0, "sftp only here");
    server.reconfigure("ForceCommand none\nChrootDirectory /run/sshd\n");
    let (reason, obstacle, _) = refusal(&server);
    assert!(reason.contains("No such file or directory"), "{reason}");
    assert_eq!(obstacle, Obstacle::NoShell);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_shell_may_print_text_before_it_starts() {
    let server = Server::start(&["ed25519"]);
    for before in [
        "echo welcome; echo to you >&2",
        "printf no-line-end",
        "echo 'Please login as the user \\\"debian\\\" rather than the user \\\"root\\\".'",
        "yes | head -c 1000000",
    ] {
        forced(
            &server,
            &format!("command=\"{before}; exec sh -c \\\"$SSH_ORIGINAL_COMMAND\\\"\""),
        );
        assert_eq!(first_script(&server).unwrap(), "user 0\n", "{before}");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn all_commands_show_the_message_of_the_server_and_a_hint() {
    let world = World::start_with(&Options::default());
    let authorized = world.directory.path().join("authorized_keys");
    let line = std::fs::read_to_string(&authorized).unwrap();
    std::fs::write(&authorized, format!("{CLOUD_INIT} {line}")).unwrap();
    let infrakt = Infrakt::new().with("INFRAKT_SSH_CONFIG", "none");
    let recipe = infrakt.recipe("look.rhai", "ssh::run(\"Look\", \"id\");\n");
    let (port, key, host_key) = (world.port.to_string(), world.key(), world.fingerprint());
    let add = ["server", "add", "cloud", "--host", "127.0.0.1", "--port", &port];
    let add = [&add[..], &["--key", key.to_str().unwrap(), "--host-key", &host_key]].concat();
    for words in [
        &add[..],
        &["server", "status", "cloud"],
        &["plan", &recipe, "--server", "cloud"],
        &["run", &recipe, "--server", "cloud"],
    ] {
        let ended = infrakt.run(words);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(
            said.contains(r#"Please login as the user "debian" rather than the user "root"."#),
            "{words:?}: {said}"
        );
        assert!(
            said.contains("infrakt server update cloud --user debian"),
            "{words:?}: {said}"
        );
    }
    let error = infrakt.run(&["server", "status", "cloud"]);
    assert_eq!(error.exit, 4, "{error}");
}
