//! Routes from the user's SSH configuration: jump hosts, commands, and settings that the inventory leaves open.

use crate::configured_client::ConfiguredClient;
use crate::server::{Line, Server, public_half};
use crate::support::port::Port;
use infrakt::host_key::HostKey;
use std::path::Path;

#[test]
#[ignore = "needs root and sshd"]
fn a_server_is_reached_through_two_jump_hosts_each_with_its_own_login() {
    let [bastion, second, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &second, &target]);
    client.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, ""),
        ("web1", &target, "ProxyJump bastion,second"),
    ]);
    let arrival = client.connect_to("web1").connected();
    assert_eq!(arrival.jump_hosts, "bastion second");
    assert_eq!(arrival.address, format!("root@127.0.0.1:{}", target.port));
    assert_eq!(arrival.said, "0\n");

    // A jump host may have jump hosts of its own.
    client.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, "ProxyJump bastion"),
        ("web1", &target, "ProxyJump second"),
    ]);
    assert_eq!(client.connect_to("web1").connected().jump_hosts, "bastion second");
}

/// Other ports are opened through the jump hosts. A port that the jump host can't reach is not reached directly either.
#[test]
#[ignore = "needs root and sshd"]
fn other_ports_of_a_server_are_opened_through_its_jump_hosts() {
    let [mut bastion, other, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &target]);
    let port = other.port.to_string();
    let open = |client: &ConfiguredClient| {
        let environment = [("TEST_OTHER_PORT", port.as_str())];
        client.go_with("web1", &environment).connected().said
    };
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    assert_eq!(open(&client), "SSH-");
    bastion.reconfigure(&format!("PermitOpen 127.0.0.1:{}\n", target.port));
    let refused = open(&client);
    assert!(
        refused.contains("the jump host 'bastion' can't connect to it"),
        "{refused}"
    );

    client.configure(&[("web1", &target, "")]);
    assert_eq!(open(&client), "SSH-");
    let config = target.directory.path().join("sshd_config");
    let command = format!("ProxyCommand /usr/sbin/sshd -i -f {}", config.display());
    client.configure(&[("web1", &target, &command)]);
    assert!(open(&client).contains("only reaches SSH"));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_host_with_an_unknown_key_is_refused_with_a_hint() {
    let [mut bastion, _, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&target]);
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let failure = client.connect_to("web1").failed("jump_host");
    assert!(
        failure.contains("cannot reach 'prod-2' through its jump host"),
        "{failure}"
    );
    assert!(failure.contains("the host key of 'bastion' is not known"), "{failure}");
    let way_on = format!("ssh -p {} root@bastion exit", bastion.port);
    assert!(failure.contains(&way_on), "{failure}");

    client.knows(&[&bastion, &target]);
    client.connect_to("web1").connected();
    bastion.reinstall();
    let failure = client.connect_to("web1").failed("jump_host");
    assert!(failure.contains("the host key of 'bastion' has changed"), "{failure}");
    assert!(failure.contains("known_hosts:1"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn the_recorded_key_is_compared_with_the_servers_key_and_not_with_the_jump_hosts() {
    let [bastion, _, target] = three();
    let mut client = ConfiguredClient::new();
    client.knows(&[&bastion]);
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    client.row.host_key = Some(HostKey::Whole(bastion.host_key("ed25519")));
    let failure = client.connect_to("web1").failed("host_key_changed");
    assert!(failure.contains("the host key of 'prod-2' has changed"), "{failure}");

    client.row.host_key = Some(HostKey::Fingerprint(target.host_key("ed25519").fingerprint()));
    let arrival = client.connect_to("web1").connected();
    assert_eq!(arrival.host_key, target.host_key("ed25519").to_string());
}

#[test]
#[ignore = "needs root and sshd"]
fn an_error_at_a_jump_host_names_the_jump_host() {
    let [bastion, second, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &second, &target]);
    let down = Port::reserved();
    let to_nowhere = format!("ProxyJump root@127.0.0.1:{}", down.number);
    client.configure(&[("web1", &target, &to_nowhere)]);
    let failure = client.connect_to("web1").failed("unreachable");
    assert!(
        failure.contains("cannot reach 'prod-2'") && failure.contains("the jump host '127.0.0.1' at"),
        "{failure}"
    );
    assert!(failure.contains("connection refused"), "{failure}");

    let stranger = bastion.stranger("stranger", &["-t", "ed25519", "-N", ""]);
    client.write(&format!(
        "{}{}",
        client.host_with_key("bastion", &bastion, &stranger),
        client.host("web1", &target, "ProxyJump bastion"),
    ));
    let failure = client.connect_to("web1").failed("jump_host");
    assert!(failure.contains("'bastion' denied the login of root"), "{failure}");
    let tried = format!("the key {} (IdentityFile): refused", stranger.display());
    assert!(failure.contains(&tried), "{failure}");
    assert!(
        failure.contains("from the SSH configuration: HostName 127.0.0.1"),
        "{failure}"
    );

    client.configure(&[
        ("bastion", &bastion, ""),
        ("web1", &target, &format!("ProxyJump bastion\n Port {}", down.number)),
    ]);
    let failure = client.connect_to("web1").failed("unreachable");
    assert!(
        failure.contains("the jump host 'bastion' can't connect to it"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn the_password_of_the_environment_is_never_sent_to_a_jump_host() {
    let [mut bastion, _, mut target] = three();
    for server in [&mut bastion, &mut target] {
        server.lock_out();
        // Without PAM every password is wrong.
        server.reconfigure("PasswordAuthentication yes\n");
    }
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &target]);
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let password = [("INFRAKT_SSH_PASSWORD", "for the server only")];
    let failure = client.go_with("web1", &password).failed("jump_host");
    assert!(failure.contains("'bastion' denied the login of root"), "{failure}");
    assert!(!failure.contains("INFRAKT_SSH_PASSWORD"), "{failure}");
    assert!(failure.contains("no (further) password was given"), "{failure}");
    let failure = client.go_with("bastion", &password).failed("login_denied");
    assert!(
        failure.contains("the password of INFRAKT_SSH_PASSWORD: refused"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn jump_hosts_in_a_circle_are_an_error() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.configure(&[("a", &server, "ProxyJump b"), ("b", &server, "ProxyJump a")]);
    let failure = client.connect_to("a").failed("ssh_configuration");
    assert!(failure.contains("a cycle: a → b → a"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn the_row_takes_precedence_over_the_ssh_configuration() {
    let server = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.knows(&[&server]);
    client.configure(&[("web1", &server, "")]);
    let arrival = client.connect_to("web1").connected();
    assert!(
        arrival.configured.contains(&format!("Port {}", server.port)),
        "{arrival:?}"
    );

    client.write("Host web1\n HostName 127.0.0.1\n Port 1\n User stranger\n IdentityFile /does/not/exist\n");
    let failure = client.connect_to("web1").failed("unreachable");
    assert!(failure.contains("127.0.0.1:1:"), "{failure}");
    client.row.port = Some(server.port);
    let failure = client.connect_to("web1").failed("host_key_unknown");
    assert!(failure.contains("prod-2"), "{failure}");
    client.row.host_key = Some(HostKey::Whole(server.host_key("ed25519")));
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains("denied the login of stranger") && failure.contains("User stranger"),
        "{failure}"
    );
    assert!(!failure.contains("Port 1,"), "the port is the row's own: {failure}");
    client.row.user = Some("root".to_owned());
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains("the key /does/not/exist (IdentityFile) does not exist"),
        "{failure}"
    );
    client.row.key_path = Some(server.directory.path().join("id"));
    let arrival = client.connect_to("web1").connected();
    assert_eq!(arrival.configured, "HostName 127.0.0.1");
}

#[test]
#[ignore = "needs root and sshd"]
fn match_and_include_work_as_in_ssh() {
    let server = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.knows(&[&server]);
    let part = client.directory.path().join("part");
    std::fs::write(
        &part,
        format!(
            "Match originalhost web1 user deploy\n Port 1\nMatch originalhost web1\n Port {}\n",
            server.port
        ),
    )
    .unwrap();
    client.write(&format!(
        "Include {}\nHost other\n Port 2\nHost web*\n HostName 127.0.0.1\n User root\n IdentityFile {}\n UserKnownHostsFile {}\n",
        part.display(),
        server.directory.path().join("id").display(),
        client.known_hosts().display(),
    ));
    client.connect_to("web1").connected();
    // A Match also sees the values of the row.
    client.row.user = Some("deploy".to_owned());
    let failure = client.connect_to("web1").failed("unreachable");
    assert!(failure.contains("127.0.0.1:1:"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn host_key_alias_replaces_the_address_in_known_hosts() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    std::fs::write(
        client.known_hosts(),
        format!("web-key {}\n", server.host_key("ed25519")),
    )
    .unwrap();
    client.configure(&[("web1", &server, "HostKeyAlias web-key")]);
    client.connect_to("web1").connected();
    client.configure(&[("web1", &server, "")]);
    client.connect_to("web1").failed("host_key_unknown");
}

#[test]
#[ignore = "needs root and sshd"]
fn proxy_command_reaches_a_server() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.knows(&[&server]);
    // An sshd for this connection only, at the other end of two pipes.
    let config = server.directory.path().join("sshd_config").display().to_string();
    let command = format!(
        "ProxyCommand sh -c 'test %h:%p:%r:%n = 127.0.0.1:{}:root:web1 && exec /usr/sbin/sshd -i -f {config}'",
        server.port
    );
    client.configure(&[("web1", &server, &command)]);
    assert_eq!(client.connect_to("web1").connected().said, "0\n");

    client.configure(&[("web1", &server, "ProxyCommand false")]);
    let failure = client.connect_to("web1").failed("handshake");
    assert!(
        failure.contains("the ProxyCommand `false` ended (exit status: 1)"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn without_an_ssh_client_only_the_row_is_used_and_a_note_says_so() {
    let server = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.configure(&[("127.0.0.1", &server, "Port 1")]);
    client.row = server.target().into();
    let no_programs = client.directory.path().display().to_string();
    let arrival = client.go_with("127.0.0.1", &[("PATH", &no_programs)]).connected();
    assert!(arrival.note.contains("apt install openssh-client"), "{arrival:?}");
    assert!(arrival.note.contains("config is not used"), "{arrival:?}");

    std::fs::remove_file(client.config()).unwrap();
    let environment = [("PATH", no_programs.as_str()), ("INFRAKT_SSH_CONFIG", "none")];
    assert_eq!(client.go_with("127.0.0.1", &environment).connected().note, "");
}

#[test]
#[ignore = "needs root and sshd"]
fn an_invalid_ssh_configuration_is_an_error_with_its_line() {
    let server = Server::start(&["ed25519"]);
    let mut client = ConfiguredClient::new();
    client.row = server.target().into();
    client.write("Host web1\n Prot 22\n");
    let failure = client.connect_to("web1").failed("ssh_configuration");
    assert!(failure.contains("line 2: Bad configuration option: prot"), "{failure}");
    assert!(failure.contains("ssh -G web1"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_lost_jump_host_is_named_and_reconnecting_goes_through_it_again() {
    let [bastion, second, target] = three();
    let line = Line::to(bastion.port);
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &second, &target]);
    client.write(&format!(
        "{}{}{}",
        client.host_at("bastion", &bastion, line.port, ""),
        client.host("second", &second, ""),
        client.host("web1", &target, "ProxyJump bastion,second"),
    ));
    client.add_known(line.port, &bastion);
    let arrival = client.go_and_lose("web1", || line.cut()).connected();
    let lost = "the connection to 'prod-2' was lost: the connection to the jump host 'bastion' was lost";
    assert!(arrival.lost.contains(lost), "{arrival:?}");
    assert_eq!(arrival.said, "back\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_hundred_sessions_leave_no_thread_and_no_open_file() {
    let [bastion, _, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &target]);
    client.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let arrival = client.go_again_and_again("web1", 100).connected();
    assert_eq!(arrival.left_behind, "0 threads, 0 files");
}

#[test]
#[ignore = "needs root and sshd"]
fn twenty_megabytes_pass_through_two_jump_hosts_in_both_directions() {
    let [bastion, second, target] = three();
    let client = ConfiguredClient::new();
    client.knows(&[&bastion, &second, &target]);
    client.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, ""),
        ("web1", &target, "ProxyJump bastion,second"),
    ]);
    let arrival = client.go_with("web1", &[("TEST_MEGABYTES", "20")]).connected();
    assert_eq!(arrival.said, "whole\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn idle_connections_have_tcp_keepalive() {
    let server = Server::start(&["ed25519"]);
    let client = ConfiguredClient::new();
    client.knows(&[&server]);
    client.configure(&[("web1", &server, "ServerAliveInterval 7")]);
    let seconds: f64 = client.connect_to("web1").connected().next_probe.parse().unwrap();
    assert!(seconds > 0.0 && seconds <= 7.0, "the next probe is due in {seconds} s");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_named_by_the_configuration_may_be_encrypted() {
    let server = Server::start(&["ed25519"]);
    let key = server.key("locked", &["-t", "ed25519", "-N", "open sesame"]);
    let client = ConfiguredClient::new();
    client.knows(&[&server]);
    client.write(&client.host_with_key("web1", &server, &key));
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains("is encrypted, and no passphrase was given"),
        "{failure}"
    );
    client
        .go_with("web1", &[("INFRAKT_SSH_PASSPHRASE", "open sesame")])
        .connected();
    assert!(Path::new(&public_half(&key)).exists());
}

fn three() -> [Server; 3] {
    [(); 3].map(|()| Server::start(&["ed25519"]))
}
