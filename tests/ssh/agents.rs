//! Agents named by the SSH configuration, and what they are used for: keys, certificates and keys on security tokens.

use crate::configured_client::ConfiguredClient;
use crate::keys::Agent;
use crate::security_token::{Token, private_file};
use crate::server::{Server, public_half};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A host without named keys.
fn unnamed(client: &ConfiguredClient, server: &Server, more: &str) -> String {
    format!(
        "Host web1\n {more}\n HostName 127.0.0.1\n Port {}\n User root\n UserKnownHostsFile {}\n",
        server.port,
        client.known_hosts().display()
    )
}

/// A client that knows the server, with `more` in its configuration.
fn client_of(server: &Server, more: &str) -> ConfiguredClient {
    let client = ConfiguredClient::new();
    client.knows(&[server]);
    client.write(&unnamed(&client, server, more));
    client
}

#[test]
#[ignore = "needs root and sshd"]
fn only_the_agent_named_by_the_ssh_configuration_is_used() {
    let server = Server::start(&["ed25519"]);
    let agent = Agent::start(&server);
    agent.add(&server.directory.path().join("id"));
    let elsewhere = [("SSH_AUTH_SOCK", "/nowhere/at/all")];

    let client = client_of(&server, &format!("IdentityAgent {}", agent.socket));
    client.go_with("web1", &elsewhere).connected();

    // As a path below the home directory, and as a variable.
    std::os::unix::fs::symlink(&agent.socket, client.directory.path().join("agent.sock")).unwrap();
    client.write(&unnamed(&client, &server, "IdentityAgent ${HOME}/agent.sock"));
    client.go_with("web1", &elsewhere).connected();
    client.write(&unnamed(&client, &server, "IdentityAgent $MY_AGENT"));
    client.go_with("web1", &[("MY_AGENT", &agent.socket)]).connected();
    client.write(&unnamed(&client, &server, "IdentityAgent SSH_AUTH_SOCK"));
    client.go_with("web1", &[("SSH_AUTH_SOCK", &agent.socket)]).connected();

    client.write(&unnamed(&client, &server, "IdentityAgent none"));
    let failure = client
        .go_with("web1", &[("SSH_AUTH_SOCK", &agent.socket)])
        .failed("login_denied");
    assert!(!failure.contains("of the agent at"), "{failure}");
    assert!(failure.contains("IdentityAgent none"), "{failure}");

    client.write(&unnamed(&client, &server, "IdentityAgent /nowhere/at/all"));
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains("the SSH agent at /nowhere/at/all (IdentityAgent) does not answer"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn the_error_lists_the_attempts_in_their_order() {
    let server = Server::start(&["ed25519"]);
    let agent = Agent::start(&server);
    let stranger = server.stranger("stranger", &["-t", "ed25519", "-N", ""]);
    let other = server.stranger("other", &["-t", "ed25519", "-N", ""]);
    agent.add(&stranger);
    let client = client_of(&server, &format!("IdentityFile {}", other.display()));
    let failure = client
        .go_with("web1", &[("SSH_AUTH_SOCK", &agent.socket)])
        .failed("login_denied");
    let tried = format!(
        "the key {} (IdentityFile): refused; the key 'test' of the agent at {}: refused; the server accepts: publickey; \
         from the SSH configuration: HostName",
        other.display(),
        agent.socket
    );
    assert!(failure.contains(&tried), "{failure}");
}

#[test]
#[ignore = "needs root and sshd"]
fn identities_only_offers_no_other_keys_of_the_agent() {
    let server = Server::start(&["ed25519"]);
    let agent = Agent::start(&server);
    for number in 0..8 {
        agent.add(&server.stranger(&format!("other-{number}"), &["-t", "ed25519", "-N", ""]));
    }
    let mine = server.directory.path().join("id");
    agent.add(&mine);
    let environment = [("SSH_AUTH_SOCK", agent.socket.as_str())];
    // Only the public half is on this computer.
    let public = server.directory.path().join("mine");
    std::fs::copy(public_half(&mine), public_half(&public)).unwrap();
    let only = |key: &Path| format!("IdentitiesOnly yes\n IdentityFile {}", key.display());
    client_of(&server, &only(&public))
        .go_with("web1", &environment)
        .connected();
    client_of(&server, &only(&public_half(&public)))
        .go_with("web1", &environment)
        .connected();

    let stranger = server.stranger("stranger", &["-t", "ed25519", "-N", ""]);
    let failure = client_of(&server, &only(&stranger))
        .go_with("web1", &environment)
        .failed("login_denied");
    assert!(!failure.contains("of the agent at"), "{failure}");
    assert!(failure.contains("the server accepts: publickey"), "{failure}");
}

/// A server that accepts all certificates of this authority.
fn with_authority(server: &mut Server) -> PathBuf {
    let authority = server.stranger("authority", &["-t", "ed25519", "-N", ""]);
    server.reconfigure(&format!("TrustedUserCAKeys {}\n", public_half(&authority).display()));
    authority
}

fn certify(authority: &Path, key: &Path, validity: &str) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-I", "me", "-n", "root", "-V", validity, "-s"])
        .arg(authority)
        .arg(public_half(key))
        .status();
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "needs root and sshd"]
fn certificates_work_from_files_from_agents_and_from_both() {
    let mut server = Server::start(&["ed25519"]);
    let authority = with_authority(&mut server);
    for options in [
        &["-t", "ed25519", "-N", ""][..],
        &["-t", "ecdsa", "-b", "384", "-N", ""],
        &["-t", "rsa", "-N", ""],
    ] {
        let key = server.stranger(&options.join(""), options);
        let client = client_of(&server, &format!("IdentityFile {}", key.display()));
        let failure = client.connect_to("web1").failed("login_denied");
        assert!(failure.contains(": refused"), "{failure}");

        certify(&authority, &key, "-1h:+1h");
        client.connect_to("web1").connected();

        // ssh-add adds the certificate too.
        let agent = Agent::start(&server);
        agent.add(&key);
        let environment = [("SSH_AUTH_SOCK", agent.socket.as_str())];
        client_of(&server, "").go_with("web1", &environment).connected();
        drop(agent);

        // The key in the agent, and its certificate in a file elsewhere.
        let beside = format!("{}-cert.pub", key.display());
        let elsewhere = server.directory.path().join("elsewhere");
        std::fs::rename(&beside, &elsewhere).unwrap();
        let agent = Agent::start(&server);
        agent.add(&key);
        let environment = [("SSH_AUTH_SOCK", agent.socket.as_str())];
        let more = format!("CertificateFile {}", elsewhere.display());
        client_of(&server, "")
            .go_with("web1", &environment)
            .failed("login_denied");
        client_of(&server, &more).go_with("web1", &environment).connected();
        let more = format!("{more}\n IdentitiesOnly yes\n IdentityFile /does/not/exist");
        client_of(&server, &more).go_with("web1", &environment).connected();
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn an_expired_certificate_is_reported_as_expired() {
    let mut server = Server::start(&["ed25519"]);
    let authority = with_authority(&mut server);
    let key = server.stranger("certified", &["-t", "ed25519", "-N", ""]);
    certify(&authority, &key, "20200101:20200102");
    let client = client_of(&server, &format!("IdentityFile {}", key.display()));
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(failure.contains("-cert.pub (it expired on 2020-01-0"), "{failure}");
    let client = client_of(&server, "CertificateFile /does/not/exist");
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains("the certificate /does/not/exist (CertificateFile) does not exist"),
        "{failure}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn keys_on_security_tokens_work_through_an_agent() {
    let mut server = Server::start(&["ed25519"]);
    let authority = with_authority(&mut server);
    let socket = server.directory.path().join("token");
    let token = Token::start(&socket);
    server.let_in(&token.public_line());
    let environment = [("SSH_AUTH_SOCK", socket.to_str().unwrap())];
    let client = client_of(&server, "");
    client.go_with("web1", &environment).connected();
    // And again, without a question.
    let arrival = client
        .go_with("web1", &[environment[0], ("TEST_TIMES", "3")])
        .connected();
    assert_eq!(arrival.left_behind, "0 threads, 0 files");

    // Its certificate, on a server that does not accept the key alone.
    server.lock_out();
    client.go_with("web1", &environment).failed("login_denied");
    let public = server.directory.path().join("id_ed25519_sk");
    std::fs::write(public_half(&public), token.public_line()).unwrap();
    certify(&authority, &public, "-1h:+1h");
    let more = format!("CertificateFile {}-cert.pub", public.display());
    client_of(&server, &more).go_with("web1", &environment).connected();
}

#[test]
#[ignore = "needs root and sshd"]
fn a_key_file_for_a_security_token_needs_an_agent() {
    let server = Server::start(&["ed25519"]);
    let key = server.directory.path().join("id_ed25519_sk");
    let token = Token::start(&server.directory.path().join("token"));
    std::fs::write(&key, private_file(&token)).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let client = client_of(&server, &format!("IdentityFile {}", key.display()));
    let failure = client.connect_to("web1").failed("login_denied");
    assert!(
        failure.contains(&format!("ssh-add {}", key.display())) && failure.contains("security token"),
        "{failure}"
    );
}
