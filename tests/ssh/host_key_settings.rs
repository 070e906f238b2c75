//! Settings of the SSH configuration about host keys: infrakt is never less strict than ssh.

use crate::configured_client::ConfiguredClient;
use crate::server::{Server, public_half};
use infrakt::host_key::HostKey;
use std::path::{Path, PathBuf};
use std::process::Command;

fn host_key_file(server: &Server, key_type: &str) -> PathBuf {
    public_half(&server.directory.path().join(format!("host_{key_type}")))
}

/// A key revocation list of these keys.
fn krl(path: &Path, keys: &[PathBuf]) {
    let mut command = Command::new("ssh-keygen");
    let status = command.args(["-q", "-k", "-f"]).arg(path).args(keys).status().unwrap();
    assert!(status.success());
}

#[test]
#[ignore = "needs root and sshd"]
fn a_host_key_in_revoked_host_keys_is_refused_even_if_it_is_recorded() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.knows(&[&server]);
    let place = |name: &str| client.directory.path().join(name);
    let (text, list, spaced) = (place("revoked"), place("krl"), place("revoked hosts"));
    let configure = |path: &Path| {
        client.configure(&[("web1", &server, &format!("RevokedHostKeys \"{}\"", path.display()))]);
    };
    let own = format!("# a comment\n\n{} root@server\n", server.host_key("ed25519"));
    let others = format!("{}\n", other.host_key("ed25519"));

    std::fs::write(&text, &others).unwrap();
    configure(&text);
    client.connect_to("web1").connected();
    std::fs::write(&text, format!("{others}{own}")).unwrap();
    let failure = client.connect_to("web1").failed("host_key_revoked");
    assert!(failure.contains(&text.display().to_string()), "{failure}");

    krl(&list, &[host_key_file(&other, "ed25519")]);
    configure(&list);
    client.connect_to("web1").connected();
    krl(
        &list,
        &[host_key_file(&other, "ed25519"), host_key_file(&server, "ed25519")],
    );
    client.connect_to("web1").failed("host_key_revoked");

    std::fs::write(&spaced, &own).unwrap();
    configure(&spaced);
    client.connect_to("web1").failed("host_key_revoked");

    // ssh then trusts no host (ssh_config(5)).
    for bad in ["missing", "garbage", "truncated"] {
        let path = place(bad);
        match bad {
            "garbage" => std::fs::write(&path, "not a key\n").unwrap(),
            "truncated" => std::fs::write(&path, &std::fs::read(&list).unwrap()[..20]).unwrap(),
            _ => {}
        }
        configure(&path);
        let failure = client.connect_to("web1").failed("ssh_configuration");
        assert!(failure.contains("RevokedHostKeys"), "{bad}: {failure}");
    }
    configure(Path::new("none"));
    client.connect_to("web1").connected();

    // A record in the inventory does not override it, neither a fingerprint nor a whole key.
    configure(&text);
    let key = server.host_key("ed25519");
    for recorded in [HostKey::Fingerprint(key.fingerprint()), HostKey::Whole(key)] {
        client.row.host_key = Some(recorded);
        let revoked = format!("RevokedHostKeys {}", text.display());
        client.configure(&[("web1", &server, &revoked)]);
        client.connect_to("web1").failed("host_key_revoked");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn settings_of_a_jump_host_apply_to_no_other_host() {
    let bastion = Server::start(&["ed25519"]);
    let target = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &target]);
    let revoked = client.directory.path().join("revoked");
    std::fs::write(&revoked, format!("{}\n", bastion.host_key("ed25519"))).unwrap();
    let setting = format!("RevokedHostKeys {}", revoked.display());
    client.configure(&[
        ("bastion", &bastion, ""),
        ("web1", &target, &format!("ProxyJump bastion\n {setting}")),
    ]);
    client.connect_to("web1").connected();
    client.configure(&[("bastion", &bastion, &setting), ("web1", &target, "ProxyJump bastion")]);
    let failure = client.connect_to("web1").failed("jump_host");
    assert!(failure.contains("revoked"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn only_algorithms_in_host_key_algorithms_are_used() {
    let server = Server::start(&["rsa", "ecdsa", "ed25519"]);
    let client = ConfiguredClient::new();
    let lines = ["rsa", "ecdsa", "ed25519"]
        .map(|key_type| format!("[127.0.0.1]:{} {}\n", server.port, server.host_key(key_type)));
    std::fs::write(client.known_hosts(), lines.concat()).unwrap();
    for (allowed, shown) in [
        ("rsa-sha2-512", "ssh-rsa"),
        ("ecdsa-sha2-nistp256,ssh-dss", "ecdsa-sha2-nistp256"),
        ("-ssh-ed25519", "ecdsa-sha2-nistp256"),
        ("^rsa-sha2-256", "ssh-ed25519"),
    ] {
        client.configure(&[("web1", &server, &format!("HostKeyAlgorithms {allowed}"))]);
        let arrival = client.connect_to("web1").connected();
        assert!(arrival.host_key.starts_with(shown), "{allowed}: {}", arrival.host_key);
    }
    // SHA-1 signatures are not used.
    client.configure(&[("web1", &server, "HostKeyAlgorithms ssh-rsa")]);
    let failure = client.connect_to("web1").failed("ssh_configuration");
    assert!(failure.contains("HostKeyAlgorithms"), "{failure}");

    client.configure(&[("web1", &server, "HostKeyAlgorithms rsa-sha2-512\n RequiredRSASize 8192")]);
    let failure = client.connect_to("web1").failed("ssh_configuration");
    assert!(failure.contains("RequiredRSASize is 8192"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn strict_host_key_checking_refuses_unknown_keys() {
    let server = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.knows(&[]);
    client.configure(&[("web1", &server, "StrictHostKeyChecking yes")]);
    let fingerprint = server.host_key("ed25519").fingerprint();
    let failure = client.connect_to("web1").failed("host_key_unknown");
    assert!(failure.contains("StrictHostKeyChecking"), "{failure}");
    assert!(
        failure.contains(&format!("infrakt server update prod-2 --host-key {fingerprint}")),
        "{failure}"
    );
    // Looser values accept no more than the default.
    for looser in ["ask", "no", "accept-new"] {
        client.configure(&[("web1", &server, &format!("StrictHostKeyChecking {looser}"))]);
        client.connect_to("web1").failed("host_key_unknown");
    }
    client.configure(&[("web1", &server, "StrictHostKeyChecking yes")]);
    client.row.host_key = Some(HostKey::Fingerprint(fingerprint));
    client.connect_to("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn check_host_ip_refuses_a_key_that_contradicts_the_address() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    // The server is known by its alias. The address is known with another key.
    let known = format!(
        "web1 {}\n[127.0.0.1]:{} {}\n",
        server.host_key("ed25519"),
        server.port,
        other.host_key("ed25519")
    );
    std::fs::write(client.known_hosts(), known).unwrap();
    client.configure(&[("web1", &server, "HostKeyAlias web1")]);
    client.connect_to("web1").connected();
    client.configure(&[("web1", &server, "HostKeyAlias web1\n CheckHostIP yes")]);
    let failure = client.connect_to("web1").failed("host_key_changed");
    assert!(failure.contains("known_hosts:2, with CheckHostIP"), "{failure}");
    // The record in the inventory decides, as for every address.
    let mut client = client;
    client.row.host_key = Some(HostKey::Whole(server.host_key("ed25519")));
    client.configure(&[("web1", &server, "CheckHostIP yes")]);
    client.connect_to("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn unsupported_host_key_settings_are_refused_by_name() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.knows(&[&server]);
    client.configure(&[("web1", &server, "KnownHostsCommand /bin/echo %H")]);
    let failure = client.connect_to("web1").failed("ssh_configuration");
    assert!(failure.contains("KnownHostsCommand is not supported"), "{failure}");
    client.configure(&[(
        "web1",
        &server,
        "KnownHostsCommand none\n VerifyHostKeyDNS yes\n UpdateHostKeys yes",
    )]);
    client.connect_to("web1").connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn all_known_hosts_files_are_used_and_none_turns_them_off() {
    let server = Server::start(&["ed25519"]);
    let other = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    let directory = client.directory.path();
    let (first, second) = (directory.join("first"), directory.join("my second"));
    let line = |marker: &str, server: &Server, of: &Server| {
        format!("{marker}[127.0.0.1]:{} {}\n", server.port, of.host_key("ed25519"))
    };
    std::fs::write(&first, line("", &server, &server)).unwrap();
    std::fs::write(&second, line("@revoked ", &server, &server)).unwrap();
    let both = format!("UserKnownHostsFile {} \"{}\"", first.display(), second.display());
    client.configure(&[("web1", &server, &both)]);
    let failure = client.connect_to("web1").failed("host_key_revoked");
    assert!(failure.contains("my second:1"), "{failure}");
    let split = format!(
        "UserKnownHostsFile {}\n GlobalKnownHostsFile \"{}\"",
        first.display(),
        second.display()
    );
    client.configure(&[("web1", &server, &split)]);
    client.connect_to("web1").failed("host_key_revoked");
    client.configure(&[("web1", &server, "UserKnownHostsFile none\n GlobalKnownHostsFile none")]);
    client.connect_to("web1").failed("host_key_unknown");
    // A device that never ends is not a file.
    client.configure(&[("web1", &server, "UserKnownHostsFile /dev/zero")]);
    client.connect_to("web1").failed("host_key_unknown");

    // Host certificates are not used: lines with authorities neither confirm nor contradict, nor do revoked
    // authorities.
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
    client.configure(&[("web1", &server, &format!("UserKnownHostsFile {}", first.display()))]);
    client.connect_to("web1").connected();
}
