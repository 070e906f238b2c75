//! Lost connections, and reconnecting.

use crate::server::{Line, Person, Server, read_all, ssh_error};
use infrakt::error::SshError;
use infrakt::executor::connection::{Connection, Incoming};
use infrakt::host_key::HostKey;
use infrakt::ssh::connect;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "needs root and sshd"]
fn a_cut_connection_is_not_taken_for_the_end_of_the_script() {
    let server = Server::start(&["ed25519"]);
    let line = Line::to(server.port);
    let mut target = server.target();
    target.port = line.port;
    let mut session = connect(&target, &Person::silent()).unwrap();

    let mut channel = session.start(b"echo here; read -r line; exit\n").unwrap();
    assert_eq!(channel.receive(MINUTE).unwrap(), Incoming::Stdout(b"here\n".to_vec()));
    line.cut();
    let error = ssh_error(channel.receive(MINUTE).unwrap_err());
    assert!(
        matches!(&error, SshError::Lost { server, .. } if server == "prod-2"),
        "{error:?}"
    );
    // It stays lost.
    assert!(matches!(
        ssh_error(channel.receive(MINUTE).unwrap_err()),
        SshError::Lost { .. }
    ));
    assert!(matches!(
        ssh_error(channel.send(b"x").unwrap_err()),
        SshError::Lost { .. }
    ));
    drop(channel);
    let error = session.start(b"exit\n").map(drop).unwrap_err();
    assert!(matches!(ssh_error(error), SshError::Lost { .. }));
}

#[test]
#[ignore = "needs root and sshd"]
fn reconnecting_succeeds_after_some_attempts_without_questions() {
    let server = Server::start(&["ed25519"]);
    let line = Line::to(server.port);
    let mut target = server.target();
    target.port = line.port;
    target.key_path = Some(server.key("locked", &["-t", "ed25519", "-N", "open sesame"]));
    let person = Person::who_says(&["open sesame"]);
    let mut session = connect(&target, &person).unwrap();
    assert_eq!(person.was_asked().len(), 1);

    line.turn_away(3);
    line.cut();
    session.reconnect(MINUTE).unwrap();
    assert!(line.turned_all_away());
    assert_eq!(person.was_asked().len(), 1);
    let printed = read_all(&mut *session.start(b"echo back; exit\n").unwrap()).unwrap();
    assert_eq!(printed.stdout, b"back\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn reconnecting_gives_up_at_its_deadline() {
    let mut server = Server::start(&["ed25519"]);
    let mut session = connect(&server.target(), &Person::silent()).unwrap();
    server.stop();
    let error = ssh_error(session.reconnect(Duration::from_secs(1)).unwrap_err());
    let SshError::Unreachable { address, reason, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*address, format!("127.0.0.1:{}", server.port));
    assert!(reason.contains("refused"), "{reason}");
}

#[test]
#[ignore = "needs root and sshd"]
fn reconnecting_refuses_another_machine_at_the_same_address() {
    let mut server = Server::start(&["ed25519"]);
    // Only a fingerprint was recorded. After the first login, the whole key must match.
    let mut target = server.target();
    target.host_key = Some(HostKey::Fingerprint(server.host_key("ed25519").fingerprint()));
    let mut session = connect(&target, &Person::silent()).unwrap();
    server.reinstall();
    let error = ssh_error(session.reconnect(MINUTE).unwrap_err());
    assert!(matches!(error, SshError::HostKeyChanged { .. }), "{error:?}");
}

#[test]
#[ignore = "needs root and sshd"]
fn dropping_a_running_script_does_not_wait_for_it() {
    let server = Server::start(&["ed25519"]);
    let mut session = connect(&server.target(), &Person::silent()).unwrap();
    let mut channel = session.start(b"echo running; read -r line; exit\n").unwrap();
    assert_eq!(
        channel.receive(MINUTE).unwrap(),
        Incoming::Stdout(b"running\n".to_vec())
    );
    drop(channel);
    let error = session.start(b"exit\n").map(drop).unwrap_err();
    assert!(matches!(ssh_error(error), SshError::Lost { .. }));
    session.reconnect(MINUTE).unwrap();
    assert_eq!(
        read_all(&mut *session.start(b"echo back; exit\n").unwrap())
            .unwrap()
            .stdout,
        b"back\n"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_session_can_be_dropped_in_the_middle_of_everything() {
    let server = Server::start(&["ed25519"]);
    let mut session = connect(&server.target(), &Person::silent()).unwrap();
    let script = format!(
        "cat /dev/zero & cat /dev/zero >&2 &\n{}",
        ": padding\n".repeat(1_000_000)
    );
    let mut channel = session.start(script.as_bytes()).unwrap();
    for _ in 0..50 {
        assert_ne!(channel.receive(MINUTE).unwrap(), Incoming::Quiet);
    }
    drop(channel);
    drop(session);
}

#[test]
#[ignore = "needs root and sshd"]
fn an_unreachable_server_is_reported_with_address_and_reason() {
    let server = Server::start(&["ed25519"]);
    let mut target = server.target();
    target.host = "name.invalid".to_owned();
    let error = connect(&target, &Person::silent()).map(drop).unwrap_err();
    assert!(error.to_string().contains("name.invalid"), "{error}");
    assert_eq!(error.exit() as i32, 4);
    assert!(error.hint().unwrap().contains("infrakt server show prod-2"));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_port_that_does_not_speak_ssh_is_reported() {
    let server = Server::start(&["ed25519"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = server.target();
    target.port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::Write;
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = connect(&target, &Person::silent()).map(drop).unwrap_err();
    assert!(matches!(ssh_error(error), SshError::Handshake { .. }));
}
