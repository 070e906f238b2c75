//! The way to a server as the user's SSH configuration describes it: jump hosts, commands, and what it says where the
//! inventory is silent.

use crate::server::{Line, Server, public_half};
use crate::support::port::Port;
use crate::traveller::Traveller;
use infrakt::host_key::HostKey;
use std::path::Path;

#[test]
#[ignore = "needs root and sshd"]
fn a_server_behind_two_jump_hosts_is_reached_and_each_host_is_logged_in_to_by_its_own_means() {
    let [bastion, second, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &second, &target]);
    traveller.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, ""),
        ("web1", &target, "ProxyJump bastion,second"),
    ]);
    let arrival = traveller.go("web1").connected();
    assert_eq!(arrival.jump_hosts, "bastion second");
    assert_eq!(arrival.address, format!("root@127.0.0.1:{}", target.port));
    assert_eq!(arrival.said, "0\n");

    // A jump host's own way counts too, and is part of the whole.
    traveller.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, "ProxyJump bastion"),
        ("web1", &target, "ProxyJump second"),
    ]);
    assert_eq!(traveller.go("web1").connected().jump_hosts, "bastion second");
}

/// Another port than that of SSH is opened by the same way: what the jump host can't reach, nobody does.
#[test]
#[ignore = "needs root and sshd"]
fn other_ports_of_a_server_are_opened_through_its_jump_hosts_and_not_past_them() {
    let [mut bastion, other, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &target]);
    let port = other.port.to_string();
    let open = |traveller: &Traveller| {
        let environment = [("TEST_OTHER_PORT", port.as_str())];
        traveller.go_with("web1", &environment).connected().said
    };
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    assert_eq!(open(&traveller), "SSH-");
    bastion.reconfigure(&format!("PermitOpen 127.0.0.1:{}\n", target.port));
    let refused = open(&traveller);
    assert!(
        refused.contains("the jump host 'bastion' can't connect to it"),
        "{refused}"
    );

    traveller.configure(&[("web1", &target, "")]);
    assert_eq!(open(&traveller), "SSH-");
    let config = target.directory.path().join("sshd_config");
    let command = format!("ProxyCommand /usr/sbin/sshd -i -f {}", config.display());
    traveller.configure(&[("web1", &target, &command)]);
    assert!(open(&traveller).contains("only reaches SSH"));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_host_that_nothing_vouches_for_is_not_passed_and_the_way_on_is_shown() {
    let [mut bastion, _, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&target]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let failure = traveller.go("web1").failed("jump_host");
    assert!(
        failure.contains("cannot reach 'prod-2' through its jump host"),
        "{failure}"
    );
    assert!(failure.contains("the host key of 'bastion' is not known"), "{failure}");
    let way_on = format!("ssh -p {} root@bastion exit", bastion.port);
    assert!(failure.contains(&way_on), "{failure}");

    traveller.knows(&[&bastion, &target]);
    traveller.go("web1").connected();
    bastion.reinstall();
    let failure = traveller.go("web1").failed("jump_host");
    assert!(failure.contains("the host key of 'bastion' has changed"), "{failure}");
    assert!(failure.contains("known_hosts:1"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn the_key_that_is_compared_is_the_servers_own_and_not_that_of_its_jump_host() {
    let [bastion, _, target] = three();
    let mut traveller = Traveller::new();
    traveller.knows(&[&bastion]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    traveller.row.host_key = Some(HostKey::Whole(bastion.host_key("ed25519")));
    let failure = traveller.go("web1").failed("host_key_changed");
    assert!(failure.contains("the host key of 'prod-2' has changed"), "{failure}");

    traveller.row.host_key = Some(HostKey::Fingerprint(target.host_key("ed25519").fingerprint()));
    let arrival = traveller.go("web1").connected();
    assert_eq!(arrival.host_key, target.host_key("ed25519").to_string());
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_host_that_is_down_or_lets_nobody_in_or_through_is_told_by_its_name() {
    let [bastion, second, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &second, &target]);
    let down = Port::reserved();
    let to_nowhere = format!("ProxyJump root@127.0.0.1:{}", down.number);
    traveller.configure(&[("web1", &target, &to_nowhere)]);
    let failure = traveller.go("web1").failed("unreachable");
    assert!(
        failure.contains("cannot reach 'prod-2'") && failure.contains("the jump host '127.0.0.1' at"),
        "{failure}"
    );
    assert!(failure.contains("connection refused"), "{failure}");

    let stranger = bastion.stranger("stranger", &["-t", "ed25519", "-N", ""]);
    traveller.write(&format!(
        "{}{}",
        traveller.host_with_key("bastion", &bastion, &stranger),
        traveller.host("web1", &target, "ProxyJump bastion"),
    ));
    let failure = traveller.go("web1").failed("jump_host");
    assert!(failure.contains("'bastion' denied the login of root"), "{failure}");
    let tried = format!("the key {} (IdentityFile): refused", stranger.display());
    assert!(failure.contains(&tried), "{failure}");
    assert!(
        failure.contains("from the SSH configuration: HostName 127.0.0.1"),
        "{failure}"
    );

    traveller.configure(&[
        ("bastion", &bastion, ""),
        ("web1", &target, &format!("ProxyJump bastion\n Port {}", down.number)),
    ]);
    let failure = traveller.go("web1").failed("unreachable");
    assert!(
        failure.contains("the jump host 'bastion' can't connect to it"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn the_password_that_the_environment_gives_for_the_server_is_not_shown_to_its_jump_host() {
    let [mut bastion, _, mut target] = three();
    for server in [&mut bastion, &mut target] {
        server.lock_out();
        // Without PAM no password is the right one.
        server.reconfigure("PasswordAuthentication yes\n");
    }
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &target]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let password = [("INFRAKT_SSH_PASSWORD", "for the server only")];
    let failure = traveller.go_with("web1", &password).failed("jump_host");
    assert!(failure.contains("'bastion' denied the login of root"), "{failure}");
    assert!(!failure.contains("INFRAKT_SSH_PASSWORD"), "{failure}");
    assert!(failure.contains("no (further) password was given"), "{failure}");
    let failure = traveller.go_with("bastion", &password).failed("login_denied");
    assert!(
        failure.contains("the password of INFRAKT_SSH_PASSWORD: refused"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn jump_hosts_that_lead_in_a_circle_are_an_error_and_not_an_endless_way() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.configure(&[("a", &server, "ProxyJump b"), ("b", &server, "ProxyJump a")]);
    let failure = traveller.go("a").failed("ssh_configuration");
    assert!(failure.contains("a cycle: a → b → a"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn what_the_row_says_wins_and_the_configuration_fills_in_the_rest() {
    let server = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.knows(&[&server]);
    traveller.configure(&[("web1", &server, "")]);
    let arrival = traveller.go("web1").connected();
    assert!(
        arrival.configured.contains(&format!("Port {}", server.port)),
        "{arrival:?}"
    );

    traveller.write("Host web1\n HostName 127.0.0.1\n Port 1\n User nobody-here\n IdentityFile /does/not/exist\n");
    let failure = traveller.go("web1").failed("unreachable");
    assert!(failure.contains("127.0.0.1:1:"), "{failure}");
    traveller.row.port = Some(server.port);
    let failure = traveller.go("web1").failed("host_key_unknown");
    assert!(failure.contains("prod-2"), "{failure}");
    traveller.row.host_key = Some(HostKey::Whole(server.host_key("ed25519")));
    let failure = traveller.go("web1").failed("login_denied");
    assert!(
        failure.contains("denied the login of nobody-here") && failure.contains("User nobody-here"),
        "{failure}"
    );
    assert!(!failure.contains("Port 1,"), "the port is the row's own: {failure}");
    traveller.row.user = Some("root".to_owned());
    let failure = traveller.go("web1").failed("login_denied");
    assert!(
        failure.contains("the key /does/not/exist (IdentityFile) does not exist"),
        "{failure}"
    );
    traveller.row.key_path = Some(server.directory.path().join("id"));
    let arrival = traveller.go("web1").connected();
    assert_eq!(arrival.configured, "HostName 127.0.0.1");
}

#[test]
#[ignore = "needs root and sshd"]
fn match_and_include_mean_what_they_mean_for_ssh() {
    let server = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.knows(&[&server]);
    let part = traveller.directory.path().join("part");
    std::fs::write(
        &part,
        format!(
            "Match originalhost web1 user deploy\n Port 1\nMatch originalhost web1\n Port {}\n",
            server.port
        ),
    )
    .unwrap();
    traveller.write(&format!(
        "Include {}\nHost other\n Port 2\nHost web*\n HostName 127.0.0.1\n User root\n IdentityFile {}\n UserKnownHostsFile {}\n",
        part.display(),
        server.directory.path().join("id").display(),
        traveller.known_hosts().display(),
    ));
    traveller.go("web1").connected();
    // What a Match asks about is also what the row says.
    traveller.row.user = Some("deploy".to_owned());
    let failure = traveller.go("web1").failed("unreachable");
    assert!(failure.contains("127.0.0.1:1:"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_name_for_host_keys_is_looked_up_in_place_of_the_address() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    std::fs::write(
        traveller.known_hosts(),
        format!("web-key {}\n", server.host_key("ed25519")),
    )
    .unwrap();
    traveller.configure(&[("web1", &server, "HostKeyAlias web-key")]);
    traveller.go("web1").connected();
    traveller.configure(&[("web1", &server, "")]);
    traveller.go("web1").failed("host_key_unknown");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_command_can_lead_to_a_server() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.knows(&[&server]);
    // An sshd of its own for this one connection, at the other end of two pipes.
    let config = server.directory.path().join("sshd_config").display().to_string();
    let command = format!(
        "ProxyCommand sh -c 'test %h:%p:%r:%n = 127.0.0.1:{}:root:web1 && exec /usr/sbin/sshd -i -f {config}'",
        server.port
    );
    traveller.configure(&[("web1", &server, &command)]);
    assert_eq!(traveller.go("web1").connected().said, "0\n");

    traveller.configure(&[("web1", &server, "ProxyCommand false")]);
    let failure = traveller.go("web1").failed("handshake");
    assert!(
        failure.contains("the ProxyCommand `false` ended (exit status: 1)"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn without_an_ssh_client_the_row_alone_counts_and_a_configuration_that_is_there_is_mentioned() {
    let server = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.configure(&[("127.0.0.1", &server, "Port 1")]);
    traveller.row = server.target().into();
    let no_programs = traveller.directory.path().display().to_string();
    let arrival = traveller.go_with("127.0.0.1", &[("PATH", &no_programs)]).connected();
    assert!(arrival.note.contains("apt install openssh-client"), "{arrival:?}");
    assert!(arrival.note.contains("config is not used"), "{arrival:?}");

    std::fs::remove_file(traveller.config()).unwrap();
    let environment = [("PATH", no_programs.as_str()), ("INFRAKT_SSH_CONFIG", "none")];
    assert_eq!(traveller.go_with("127.0.0.1", &environment).connected().note, "");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_configuration_that_ssh_does_not_accept_is_an_error_with_its_line() {
    let server = Server::start(&["ed25519"]);
    let mut traveller = Traveller::new();
    traveller.row = server.target().into();
    traveller.write("Host web1\n Prot 22\n");
    let failure = traveller.go("web1").failed("ssh_configuration");
    assert!(failure.contains("line 2: Bad configuration option: prot"), "{failure}");
    assert!(failure.contains("ssh -G web1"), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_jump_host_that_is_lost_in_the_middle_is_told_and_the_whole_way_is_gone_again() {
    let [bastion, second, target] = three();
    let line = Line::to(bastion.port);
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &second, &target]);
    traveller.write(&format!(
        "{}{}{}",
        traveller.host_at("bastion", &bastion, line.port, ""),
        traveller.host("second", &second, ""),
        traveller.host("web1", &target, "ProxyJump bastion,second"),
    ));
    traveller.add_known(line.port, &bastion);
    let arrival = traveller.go_and_lose("web1", || line.cut()).connected();
    let lost = "the connection to 'prod-2' was lost: the connection to the jump host 'bastion' was lost";
    assert!(arrival.lost.contains(lost), "{arrival:?}");
    assert_eq!(arrival.said, "back\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_hundred_times_there_and_back_leaves_no_thread_and_no_file_behind() {
    let [bastion, _, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &target]);
    traveller.configure(&[("bastion", &bastion, ""), ("web1", &target, "ProxyJump bastion")]);
    let arrival = traveller.go_again_and_again("web1", 100).connected();
    assert_eq!(arrival.left_behind, "0 threads, 0 files");
}

#[test]
#[ignore = "needs root and sshd"]
fn twenty_megabytes_arrive_whole_through_two_jump_hosts_in_both_directions() {
    let [bastion, second, target] = three();
    let traveller = Traveller::new();
    traveller.knows(&[&bastion, &second, &target]);
    traveller.configure(&[
        ("bastion", &bastion, ""),
        ("second", &second, ""),
        ("web1", &target, "ProxyJump bastion,second"),
    ]);
    let arrival = traveller.go_with("web1", &[("TEST_MEGABYTES", "20")]).connected();
    assert_eq!(arrival.said, "whole\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn the_system_probes_a_connection_that_stays_idle() {
    let server = Server::start(&["ed25519"]);
    let traveller = Traveller::new();
    traveller.knows(&[&server]);
    traveller.configure(&[("web1", &server, "ServerAliveInterval 7")]);
    let seconds: f64 = traveller.go("web1").connected().next_probe.parse().unwrap();
    assert!(seconds > 0.0 && seconds <= 7.0, "the next probe is due in {seconds} s");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_named_by_the_configuration_may_be_encrypted() {
    let server = Server::start(&["ed25519"]);
    let key = server.key("locked", &["-t", "ed25519", "-N", "open sesame"]);
    let traveller = Traveller::new();
    traveller.knows(&[&server]);
    traveller.write(&traveller.host_with_key("web1", &server, &key));
    let failure = traveller.go("web1").failed("login_denied");
    assert!(
        failure.contains("is encrypted, and no passphrase was given"),
        "{failure}"
    );
    traveller
        .go_with("web1", &[("INFRAKT_SSH_PASSPHRASE", "open sesame")])
        .connected();
    assert!(Path::new(&public_half(&key)).exists());
}

fn three() -> [Server; 3] {
    [(); 3].map(|()| Server::start(&["ed25519"]))
}
