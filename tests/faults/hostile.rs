//! Servers and lines that behave as badly as they can. infrakt ends, says what was wrong, and keeps its memory small; and
//! where the server itself is in order, the run comes to its end.

use crate::stage::Stage;
use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::line::{Fault, Line, Way};
use crate::support::server::{Options, Server};
use crate::support::wait;
use infrakt::store::NewServer;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Something that listens on a port and is no SSH server. It says the same to every client.
fn stranger(says: fn(&mut TcpStream) -> std::io::Result<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // It ends when the client has gone, which is an error here.
                let _ = says(&mut client);
            });
        }
    });
    port
}

const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";

/// A packet before any encryption (RFC 4253, section 6): length, length of the padding, payload, padding.
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 8 - (payload.len() + 5) % 8 + 4;
    let padding = if padding < 4 { padding + 8 } else { padding };
    let length = (1 + payload.len() + padding) as u32;
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(padding as u8);
    packet.extend(payload);
    packet.resize(4 + length as usize, 0);
    packet
}

fn for_ever(client: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    loop {
        client.write_all(bytes)?;
    }
}

#[test]
fn what_listens_there_and_is_no_ssh_server_is_said_to_be_none() {
    let strangers: [(&str, u16); 8] = [
        ("closes at once", stranger(|_| Ok(()))),
        (
            "speaks HTTP",
            stranger(|client| client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ),
        (
            "never ends its line",
            stranger(|client| for_ever(client, &[b'a'; 4096])),
        ),
        (
            "never ends its lines",
            stranger(|client| for_ever(client, b"Welcome to this server!\r\n")),
        ),
        ("sends zeros", stranger(|client| for_ever(client, &[0; 4096]))),
        (
            "sends garbage after its banner",
            stranger(|client| {
                client.write_all(BANNER)?;
                for_ever(client, &[0x55; 4096])
            }),
        ),
        (
            "announces a packet of 4 GB",
            stranger(|client| {
                client.write_all(BANNER)?;
                client.write_all(&u32::MAX.to_be_bytes())?;
                for_ever(client, &[0; 4096])
            }),
        ),
        (
            "sends messages to be ignored, without end",
            stranger(|client| {
                client.write_all(BANNER)?;
                // SSH_MSG_IGNORE (RFC 4253, section 11.2) with an empty string.
                for_ever(client, &packet(&[2, 0, 0, 0, 0]).repeat(100))
            }),
        ),
    ];
    std::thread::scope(|scope| {
        for (what, port) in strangers {
            scope.spawn(move || {
                let infrakt = Infrakt::new();
                let mut row = NewServer::new("prod-2", "127.0.0.1");
                row.port = Some(port);
                infrakt.store().add_server(&row).expect("a row");
                let said = infrakt.run_in_little_memory(&["server", "status", "prod-2"]);
                assert_eq!(said.exit, 4, "one that {what}: {said}");
                said.says("no SSH connection with 'prod-2' at 127.0.0.1:")
                    .says("hint: ");
            });
        }
    });
}

#[test]
#[ignore = "needs root and sshd"]
fn a_line_that_carries_badly_changes_nothing_of_the_story() {
    let stage = Stage::set();
    let [up, down] = stage.length;
    let second = Duration::from_millis(300);
    for faults in [
        [Fault::Dribble(Way::Up), Fault::Dribble(Way::Down)].as_slice(),
        &[Fault::Delay(Way::Up, second)],
        &[Fault::Delay(Way::Down, second)],
        // The steps are on their way up, or their output is on its way down.
        &[Fault::Truncate(Way::Up, up - 3000)],
        &[Fault::Truncate(Way::Down, down - 3000)],
        &[Fault::Flood(Way::Up, up - 3000)],
        &[Fault::Flood(Way::Down, down - 3000)],
    ] {
        stage.holds_with(&[faults]);
    }
}

/// As when a laptop sleeps, or a firewall forgets a connection: neither side gets a message, and it takes a while to notice.
#[test]
#[ignore = "needs root and sshd"]
fn a_line_that_falls_silent_is_given_up_and_another_one_taken() {
    let stages: Vec<Stage> = (0..4).map(|_| Stage::set()).collect();
    std::thread::scope(|scope| {
        for (number, stage) in stages.iter().enumerate() {
            let [up, down] = stage.length;
            let fault = match number {
                // Before the login, where the call ends and says so.
                0 => Fault::Stall(Way::Down, 1000),
                // While the steps are on their way, and while their output is.
                1 => Fault::Stall(Way::Up, up - 3000),
                2 => Fault::Stall(Way::Down, down - 3000),
                // A wrong bit may make a packet of any length, whose rest never comes.
                _ => Fault::Corrupt(Way::Down, down - 3000),
            };
            scope.spawn(move || stage.holds_with(&[&[fault]]));
        }
    });
}

#[test]
#[ignore = "needs root and sshd"]
fn a_server_that_is_away_for_a_while_is_called_until_it_is_back() {
    let stage = Stage::set();
    let traces = stage.infrakt.directory.path().join("traces");
    let traces = traces.to_str().expect("UTF-8");
    let recipe = stage.infrakt.recipe(
        "waiting.rhai",
        &format!(
            "ssh::run(\"Wait\", \"echo once >>{traces}/log; until [ -e {traces}/go ]; do sleep 0.05; done; echo waited\");\n"
        ),
    );
    stage.is_cleared();
    stage.line.starts_afresh();
    let run = stage.infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    stage.server.awaits(&format!("test -e {traces}/log"));
    let before = stage.line.connections();
    stage.line.goes_down();
    wait::until("it is called again, several times", || {
        stage.line.connections() >= before + 3
    });
    // Meanwhile the step has ended.
    std::fs::write(format!("{traces}/go"), "").expect("a file");
    stage.line.comes_back();
    Ended::of(run).exits(0).says("connection lost").says("reconnected");
    assert_eq!(stage.traces().log, "once\n");
    let run = stage.infrakt.newest_run().expect("a run");
    assert_eq!(stage.infrakt.told_of(run).printed(0), b"waited\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn another_machine_that_answers_after_a_cut_is_not_trusted_and_gets_nothing() {
    let stage = Stage::set();
    let impostor = Server::start();
    // It would even let the operator in.
    std::fs::copy(
        stage.server.directory.path().join("authorized_keys"),
        impostor.directory.path().join("authorized_keys"),
    )
    .expect("a key");
    let middle = Fault::Cut(Way::Down, stage.length[1] - 3000);
    stage.is_cleared();
    stage.line.starts_afresh();
    stage.line.will(&[&[middle], &[Fault::Elsewhere(impostor.port)]]);
    stage
        .infrakt
        .run(&["run", &stage.recipe, "--server", "prod-2"])
        .exits(4)
        .says("the host key of 'prod-2' has changed")
        .says("hint: only if you know why it changed");
    let log = std::fs::read_to_string(impostor.directory.path().join("log")).expect("its log");
    assert!(!log.contains("Accepted"), "a login was accepted: {log}");
    assert_eq!(impostor.root("ls /var/lib/infrakt"), "");

    // The run can be taken up where the true server has it.
    let run = stage.infrakt.newest_run().expect("a run").to_string();
    assert_eq!(stage.infrakt.json(&["runs", "show", &run])["state"], "interrupted");
    stage.infrakt.run(&["runs", "resume", &run]).exits(0);
    assert!(
        stage.traces().log.starts_with("one\ntwo\nthree\n"),
        "{:?}",
        stage.traces()
    );
    assert!(!stage.traces().log.contains("three\nthree"), "{:?}", stage.traces());
}

/// What commands of a session become: nothing where a file says so; a flood on standard error, once; or a flood on the
/// stream with the number in a file, in place of a shell or, where another file says so, once there seems to be one.
const FLOODS: &str = "ForceCommand if [ -e /run/closes ]; then exit 1; \
                      elif mv /run/floods-once /run/has-flooded 2>/dev/null; then cat /dev/zero >&2; \
                      elif [ -e /run/floods ]; then if [ -e /run/greets ]; then read -r line; eval \"$line\"; fi; \
                      cat /dev/zero >&$(cat /run/floods); \
                      else eval \"$SSH_ORIGINAL_COMMAND\"; fi";

#[test]
#[ignore = "needs root and sshd"]
fn a_server_that_never_stops_talking_is_not_listened_to_without_end() {
    let options = Options {
        config: FLOODS,
        ..Options::default()
    };
    for (stream, greets) in [("1", false), ("2", false), ("1", true), ("2", true)] {
        let server = Server::start_with(&options);
        let infrakt = Infrakt::new();
        infrakt.knows("prod-2", &server, server.port);
        server.root(&format!("echo {stream} >/run/floods"));
        if greets {
            server.root("touch /run/greets");
        }
        infrakt
            .run_in_little_memory(&["server", "status", "prod-2"])
            .exits(4)
            .says("than 16 MiB");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_server_that_talks_of_anything_but_the_run_is_called_again() {
    let options = Options {
        config: FLOODS,
        ..Options::default()
    };
    let server = Server::start_with(&options);
    let line = Line::to(server.port);
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, line.port);
    let traces = tempfile::tempdir().expect("a directory");
    let path = traces.path().to_str().expect("UTF-8");
    let recipe = infrakt.recipe(
        "waiting.rhai",
        &format!(
            "ssh::run(\"Wait\", \"echo once >>{path}/log; until [ -e {path}/go ]; do sleep 0.05; done; echo waited\");"
        ),
    );
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    server.awaits(&format!("test -e {path}/log"));
    // First it is short of everything, and starts no command.
    server.root("touch /run/closes");
    let before = line.connections();
    line.cut();
    wait::until("it is called again", || line.connections() >= before + 2);
    // Then it fills standard error without end, which is no word of the run.
    server.root("touch /run/floods-once; rm /run/closes");
    server.awaits("test -e /run/has-flooded");
    std::fs::write(traces.path().join("go"), "").expect("a file");
    Ended::of(run).exits(0);
    assert_eq!(
        std::fs::read_to_string(traces.path().join("log")).expect("a log"),
        "once\n"
    );
    let run = infrakt.newest_run().expect("a run");
    assert_eq!(infrakt.told_of(run).printed(0), b"waited\n");
}
