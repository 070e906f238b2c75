//! What the SSH configuration says of host keys: infrakt is never less strict than ssh.

use crate::server::{Server, public_half};
use crate::traveller::Traveller;
use infrakt::host_key::HostKey;
use std::path::{Path, PathBuf};
use std::process::Command;

fn host_key_file(server: &Server, key_type: &str) -> PathBuf {
    public_half(&server.directory.path().join(format!("host_{key_type}")))
}

/// A key revocation list with these keys.
fn krl(path: &Path, keys: &[PathBuf]) {
    let mut command = Command::new("ssh-keygen");
    let status = command.args(["-q", "-k", "-f"]).arg(path).args(keys).status().unwrap();
    assert!(status.success());
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_that_revoked_host_keys_lists_is_refused_however_it_is_known() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.knows(&[&server]);
    let place = |name: &str| traveller.directory.path().join(name);
    let (text, list, spaced) = (place("revoked"), place("krl"), place("revoked hosts"));
    let configure = |path: &Path| {
        traveller.configure(&[("web1", &server, &format!("RevokedHostKeys \"{}\"", path.display()))]);
    };
    let own = format!("# a comment\n\n{} root@server\n", server.host_key("ed25519"));
    let others = format!("{}\n", other.host_key("ed25519"));

    std::fs::write(&text, &others).unwrap();
    configure(&text);
    traveller.go("web1").connected();
    std::fs::write(&text, format!("{others}{own}")).unwrap();
    let failure = traveller.go("web1").failed("host_key_revoked");
    assert!(failure.contains(&text.display().to_string()), "{failure}");

    krl(&list, &[host_key_file(&other, "ed25519")]);
    configure(&list);
    traveller.go("web1").connected();
    krl(
        &list,
        &[host_key_file(&other, "ed25519"), host_key_file(&server, "ed25519")],
    );
    traveller.go("web1").failed("host_key_revoked");

    std::fs::write(&spaced, &own).unwrap();
    configure(&spaced);
    traveller.go("web1").failed("host_key_revoked");

    // ssh trusts no host then (ssh_config(5)).
    for bad in ["missing", "garbage", "truncated"] {
        let path = place(bad);
        match bad {
            "garbage" => std::fs::write(&path, "not a key\n").unwrap(),
            "truncated" => std::fs::write(&path, &std::fs::read(&list).unwrap()[..20]).unwrap(),
            _ => {}
        }
        configure(&path);
        let failure = traveller.go("web1").failed("ssh_configuration");
        assert!(failure.contains("RevokedHostKeys"), "{bad}: {failure}");
    }
    configure(Path::new("none"));
    traveller.go("web1").connected();

    // What the inventory records does not outweigh it, neither by fingerprint nor whole.
    configure(&text);
    let key = server.host_key("ed25519");
    for recorded in [HostKey::Fingerprint(key.fingerprint()), HostKey::Whole(key)] {
        traveller.row.host_key = Some(recorded);
        let revoked = format!("RevokedHostKeys {}", text.display());
        traveller.configure(&[("web1", &server, &revoked)]);
        traveller.go("web1").failed("host_key_revoked");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_hosts_settings_count_for_the_jump_host_and_for_nobody_else() {
    let bastion = Server::start(&["ed25519"]);
    let target = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &target]);
    let revoked = traveller.directory.path().join("revoked");
    std::fs::write(&revoked, format!("{}\n", bastion.host_key("ed25519"))).unwrap();
    let setting = format!("RevokedHostKeys {}", revoked.display());
    traveller.configure(&[
        ("bastion", &bastion, ""),
        ("web1", &target, &format!("ProxyJump bastion\n {setting}")),
    ]);
    traveller.go("web1").connected();
    traveller.configure(&[("bastion", &bastion, &setting), ("web1", &target, "ProxyJump bastion")]);
    let failure = traveller.go("web1").failed("jump_host");
    assert!(failure.contains("revoked"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn only_the_host_key_algorithms_that_are_allowed_are_asked_for() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    let traveller = Traveller::new();
    let lines = ["rsa", "ecdsa", "ed25519"]
        .map(|key_type| format!("[127.0.0.1]:{} {}\n", server.port, server.host_key(key_type)));
    std::fs::write(traveller.known_hosts(), lines.concat()).unwrap();
    for (allowed, shown) in [
        ("rsa-sha2-512", "ssh-rsa"),
        ("ecdsa-sha2-nistp256,ssh-dss", "ecdsa-sha2-nistp256"),
        ("-ssh-ed25519", "ecdsa-sha2-nistp256"),
        ("^rsa-sha2-256", "ssh-ed25519"),
    ] {
        traveller.configure(&[("web1", &server, &format!("HostKeyAlgorithms {allowed}"))]);
        let arrival = traveller.go("web1").connected();
        assert!(arrival.host_key.starts_with(shown), "{allowed}: {}", arrival.host_key);
    }
    // SHA-1 signatures are not used.
    traveller.configure(&[("web1", &server, "HostKeyAlgorithms ssh-rsa")]);
    let failure = traveller.go("web1").failed("ssh_configuration");
    assert!(failure.contains("HostKeyAlgorithms"), "{failure}");

    traveller.configure(&[("web1", &server, "HostKeyAlgorithms rsa-sha2-512\n RequiredRSASize 8192")]);
    let failure = traveller.go("web1").failed("ssh_configuration");
    assert!(failure.contains("RequiredRSASize is 8192"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn with_strict_checking_no_key_is_taken_on_trust() {
    let server = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.knows(&[]);
    traveller.configure(&[("web1", &server, "StrictHostKeyChecking yes")]);
    let fingerprint = server.host_key("ed25519").fingerprint();
    let failure = traveller.go("web1").failed("host_key_unknown");
    assert!(failure.contains("StrictHostKeyChecking"), "{failure}");
    assert!(
        failure.contains(&format!("infrakt server update prod-2 --host-key {fingerprint}")),
        "{failure}"
    );
    // With a looser value nothing else is accepted than without any.
    for looser in ["ask", "no", "accept-new"] {
        traveller.configure(&[("web1", &server, &format!("StrictHostKeyChecking {looser}"))]);
        traveller.go("web1").failed("host_key_unknown");
    }
    traveller.configure(&[("web1", &server, "StrictHostKeyChecking yes")]);
    traveller.row.host_key = Some(HostKey::Fingerprint(fingerprint));
    traveller.go("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn with_check_host_ip_the_address_must_not_contradict() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    // By its alias the server is known; the address is known with another key.
    let known = format!(
        "web1 {}\n[127.0.0.1]:{} {}\n",
        server.host_key("ed25519"),
        server.port,
        other.host_key("ed25519")
    );
    std::fs::write(traveller.known_hosts(), known).unwrap();
    traveller.configure(&[("web1", &server, "HostKeyAlias web1")]);
    traveller.go("web1").connected();
    traveller.configure(&[("web1", &server, "HostKeyAlias web1\n CheckHostIP yes")]);
    let failure = traveller.go("web1").failed("host_key_changed");
    assert!(failure.contains("known_hosts:2, with CheckHostIP"), "{failure}");
    // Of an address nothing more is asked than ever: what the inventory records counts.
    let mut traveller = traveller;
    traveller.row.host_key = Some(HostKey::Whole(server.host_key("ed25519")));
    traveller.configure(&[("web1", &server, "CheckHostIP yes")]);
    traveller.go("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn what_cannot_be_honoured_is_refused_by_its_name() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.knows(&[&server]);
    traveller.configure(&[("web1", &server, "KnownHostsCommand /bin/echo %H")]);
    let failure = traveller.go("web1").failed("ssh_configuration");
    assert!(failure.contains("KnownHostsCommand is not supported"), "{failure}");
    traveller.configure(&[(
        "web1",
        &server,
        "KnownHostsCommand none\n VerifyHostKeyDNS yes\n UpdateHostKeys yes",
    )]);
    traveller.go("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn every_known_hosts_file_counts_and_none_is_none() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    let directory = traveller.directory.path();
    let (first, second) = (directory.join("first"), directory.join("my second"));
    let line = |marker: &str, server: &Server, of: &Server| {
        format!("{marker}[127.0.0.1]:{} {}\n", server.port, of.host_key("ed25519"))
    };
    std::fs::write(&first, line("", &server, &server)).unwrap();
    std::fs::write(&second, line("@revoked ", &server, &server)).unwrap();
    let both = format!("UserKnownHostsFile {} \"{}\"", first.display(), second.display());
    traveller.configure(&[("web1", &server, &both)]);
    let failure = traveller.go("web1").failed("host_key_revoked");
    assert!(failure.contains("my second:1"), "{failure}");
    let split = format!(
        "UserKnownHostsFile {}\n GlobalKnownHostsFile \"{}\"",
        first.display(),
        second.display()
    );
    traveller.configure(&[("web1", &server, &split)]);
    traveller.go("web1").failed("host_key_revoked");
    traveller.configure(&[("web1", &server, "UserKnownHostsFile none\n GlobalKnownHostsFile none")]);
    traveller.go("web1").failed("host_key_unknown");
    // An endless file is none.
    traveller.configure(&[("web1", &server, "UserKnownHostsFile /dev/zero")]);
    traveller.go("web1").failed("host_key_unknown");

    // Certificates of hosts are not used: such a line neither vouches nor contradicts, nor does a revoked authority.
    std::fs::write(
        &first,
        [
            line("@cert-authority ", &server, &other),
            line("@revoked ", &server, &other),
            line("", &server, &server),
        ]
        .concat(),
    )
    .unwrap();
    traveller.configure(&[("web1", &server, &format!("UserKnownHostsFile {}", first.display()))]);
    traveller.go("web1").connected();
}
