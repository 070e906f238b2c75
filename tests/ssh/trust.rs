//! Which host keys are trusted, and what is reported about the others.

use crate::child::{self, Report};
use crate::server::{Line, Person, Server, ssh_error};
use infrakt::error::{Error, SshError};
use infrakt::host_key::{HostKey, PublicKey};
use infrakt::ssh::{FirstContact, LoginTarget, ServerRoute, connect};
use std::cell::RefCell;

fn recorded(server: &Server, key: Option<HostKey>) -> LoginTarget {
    LoginTarget {
        host_key: key,
        ..server.target()
    }
}

fn home_with_known_hosts(server: &Server, text: &str) -> String {
    let home = server.directory.path().join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    std::fs::write(home.join(".ssh/known_hosts"), text).unwrap();
    home.to_str().unwrap().to_owned()
}

fn connect_knowing(server: &Server, known_hosts: &str) -> Report {
    let home = home_with_known_hosts(server, known_hosts);
    child::connect(&recorded(server, None), &[("HOME", &home)])
}

#[test]
#[ignore = "needs root and sshd"]
fn an_unknown_host_key_is_shown_before_any_login() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    let mut target = recorded(&server, None);
    target.user = "stranger".to_owned();
    target.key_path = None;
    let error = connect(&target, &Person::silent()).map(drop).unwrap_err();
    let SshError::HostKeyUnknown { fingerprint, .. } = ssh_error(error) else {
        panic!("another error")
    };
    assert_eq!(fingerprint, server.host_key("ed25519").fingerprint().to_string());
}

#[test]
#[ignore = "needs root and sshd"]
fn a_first_contact_accepts_the_key_before_the_login_and_over_one_connection() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    let line = Line::to(server.port);
    let mut target = recorded(&server, None);
    target.port = line.port;
    let shown = RefCell::new(Vec::new());
    let accept = |key: &PublicKey| {
        shown.borrow_mut().push(key.clone());
        Ok(())
    };
    let route = ServerRoute::direct(target.clone());
    let session = route.connect(&Person::silent(), FirstContact::Accept(&accept)).unwrap();
    assert_eq!(*session.host_key(), server.host_key("ed25519"));
    assert_eq!(*shown.borrow(), [server.host_key("ed25519")]);
    assert_eq!(line.connections(), 1);

    // If the key is not accepted, no password is asked for.
    let refuse = |_: &PublicKey| Err(Error::Interrupted);
    target.user = "stranger".to_owned();
    target.key_path = None;
    let person = Person::silent();
    let result = ServerRoute::direct(target.clone()).connect(&person, FirstContact::Accept(&refuse));
    assert!(matches!(result.map(drop), Err(Error::Interrupted)));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_first_contact_does_not_accept_another_key_than_the_recorded_one() {
    let server = Server::start(&["ed25519"]);
    let other: HostKey = format!("SHA256:{}", "A".repeat(43)).parse().unwrap();
    let accept = |_: &PublicKey| panic!("the recorded key is another one");
    let route = ServerRoute::direct(recorded(&server, Some(other)));
    let error = route
        .connect(&Person::silent(), FirstContact::Accept(&accept))
        .map(drop)
        .unwrap_err();
    assert!(matches!(ssh_error(error), SshError::HostKeyChanged { .. }));
}

#[test]
#[ignore = "needs root and sshd"]
fn the_type_of_the_recorded_key_is_negotiated() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    for key_type in ["ed25519", "ecdsa", "rsa"] {
        let key = server.host_key(key_type);
        let session = connect(&recorded(&server, Some(HostKey::Whole(key.clone()))), &Person::silent()).unwrap();
        assert_eq!(*session.host_key(), key);
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_recorded_fingerprint_is_enough_to_trust_the_key() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    for key_type in ["ed25519", "ecdsa", "rsa"] {
        let key = server.host_key(key_type);
        let fingerprint = HostKey::Fingerprint(key.fingerprint());
        let session = connect(&recorded(&server, Some(fingerprint)), &Person::silent()).unwrap();
        assert_eq!(*session.host_key(), key);
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_wrong_fingerprint_is_reported_as_a_changed_key() {
    let server = Server::start(&["ed25519"]);
    let other: HostKey = format!("SHA256:{}", "A".repeat(43)).parse().unwrap();
    let error = connect(&recorded(&server, Some(other.clone())), &Person::silent())
        .map(drop)
        .unwrap_err();
    match ssh_error(error) {
        SshError::HostKeyChanged { recorded, offered, .. } => {
            assert_eq!(recorded, other.fingerprint().to_string());
            assert_eq!(offered, server.host_key("ed25519").fingerprint().to_string());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_changed_key_is_refused_with_a_hint() {
    let mut server = Server::start(&["ed25519"]);
    let before = server.target();
    server.reinstall();
    let error = connect(&before, &Person::silent()).map(drop).unwrap_err();
    assert_eq!(error.exit() as i32, 4);
    assert_eq!(error.code(), "host_key_changed");
    let new = server.host_key("ed25519").fingerprint().to_string();
    assert!(error.to_string().contains(&new), "{error}");
    assert!(
        error
            .hint()
            .unwrap()
            .contains(&format!("infrakt server update prod-2 --host-key {new}"))
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_of_another_type_is_reported_as_a_changed_key() {
    let server = Server::start(&["ecdsa"]);
    let other = Server::start(&["rsa"]);
    let target = recorded(&server, Some(HostKey::Whole(other.host_key("rsa"))));
    let error = connect(&target, &Person::silent()).map(drop).unwrap_err();
    assert!(matches!(ssh_error(error), SshError::HostKeyChanged { .. }));
    let target = recorded(&server, Some(HostKey::Fingerprint(other.host_key("rsa").fingerprint())));
    let error = connect(&target, &Person::silent()).map(drop).unwrap_err();
    assert!(matches!(ssh_error(error), SshError::HostKeyChanged { .. }));
}

#[test]
#[ignore = "needs root and sshd"]
fn an_unknown_key_is_refused_with_a_hint() {
    let server = Server::start(&["ed25519"]);
    let report = connect_knowing(&server, "");
    let fingerprint = server.host_key("ed25519").fingerprint();
    assert!(report.failure().contains("host_key_unknown"), "{report:?}");
    let way_on = format!("infrakt server update prod-2 --host-key {fingerprint}");
    assert!(report.failure().contains(&way_on), "{report:?}");
}

#[test]
#[ignore = "needs root and sshd"]
fn keys_in_known_hosts_are_trusted() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    for key_type in ["ed25519", "ecdsa", "rsa"] {
        let line = format!("[127.0.0.1]:{} {}\n", server.port, server.host_key(key_type));
        assert_eq!(connect_knowing(&server, &line), Report::Connected, "{key_type}");
    }
    let other_port = format!("127.0.0.1 {}\n", server.host_key("ed25519"));
    assert!(
        connect_knowing(&server, &other_port)
            .failure()
            .contains("host_key_unknown")
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn known_hosts_can_contradict_and_revoke_keys() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let changed = format!("# a comment\n[127.0.0.1]:* {}\n", other.host_key("ed25519"));
    let report = connect_knowing(&server, &changed);
    assert!(report.failure().contains("host_key_changed"), "{report:?}");
    assert!(report.failure().contains(".ssh/known_hosts:2"), "{report:?}");

    let revoked = format!("@revoked * {}\n", server.host_key("ed25519"));
    let report = connect_knowing(&server, &revoked);
    assert!(report.failure().contains("host_key_revoked"), "{report:?}");
    // Not even the record in the inventory overrides that.
    let home = home_with_known_hosts(&server, &revoked);
    let report = child::connect(&server.target(), &[("HOME", &home)]);
    assert!(report.failure().contains("host_key_revoked"), "{report:?}");
}
