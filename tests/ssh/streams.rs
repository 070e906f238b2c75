//! A script's three streams: nothing is lost and nothing blocks, whatever the script does with them.

use crate::server::{Person, Server, read_all};
use infrakt::executor::connection::{Connection, Incoming};
use infrakt::ssh::{Session, connect};
use std::process::Command;
use std::time::Duration;

fn session(server: &Server) -> Session {
    connect(&server.target(), &Person::silent()).unwrap()
}

#[test]
#[ignore = "needs root and sshd"]
fn scripts_run_as_root_and_one_after_the_other() {
    let server = Server::start(&["ed25519"]);
    let mut session = session(&server);
    for word in ["first", "second"] {
        let script = format!("id -u; echo {word}; echo {word} >&2; exit\n");
        let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
        assert_eq!(printed.stdout, format!("0\n{word}\n").as_bytes());
        assert_eq!(printed.stderr, format!("{word}\n").as_bytes());
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn twenty_megabytes_on_both_streams_arrive_complete() {
    let server = Server::start(&["ed25519"]);
    let script =
        b"head -c 20000000 /dev/zero | tr '\\0' o & head -c 20000000 /dev/zero | tr '\\0' e >&2 & wait; exit\n";
    let printed = read_all(&mut *session(&server).start(script).unwrap()).unwrap();
    assert_eq!((printed.stdout.len(), printed.stderr.len()), (20_000_000, 20_000_000));
    assert!(printed.stdout.iter().all(|byte| *byte == b'o'));
    assert!(printed.stderr.iter().all(|byte| *byte == b'e'));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_long_stream_arrives_complete_while_the_other_is_silent() {
    let server = Server::start(&["ed25519"]);
    let mut session = session(&server);
    let script = b"head -c 10000000 /dev/zero >&2; echo end; exit\n";
    let printed = read_all(&mut *session.start(script).unwrap()).unwrap();
    assert_eq!(
        (printed.stdout.as_slice(), printed.stderr.len()),
        (&b"end\n"[..], 10_000_000)
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_script_of_ten_megabytes_is_sent_while_it_prints_ten_megabytes() {
    let server = Server::start(&["ed25519"]);
    feed_ten_megabytes(&mut session(&server));
}

/// On slow connections, the socket takes less than a packet at a time, and packets stay half-sent while output arrives.
/// A network namespace can have such sockets without an effect on others.
#[test]
#[ignore = "needs root and sshd"]
fn packets_larger_than_the_socket_buffer_do_not_block() {
    let narrow = "ip link set lo up && echo '4096 8192 8192' >/proc/sys/net/ipv4/tcp_wmem && exec \"$0\" \"$@\"";
    let output = Command::new("unshare")
        .args(["--net", "sh", "-c", narrow])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "streams::helper_feeds_ten_megabytes"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "started by another test"]
fn helper_feeds_ten_megabytes() {
    let server = Server::start(&["ed25519"]);
    feed_ten_megabytes(&mut session(&server));
}

/// sshd takes no input before it has started the command, and then says so once. A client that is slow may read that
/// while it looks for output. Then it must write: the shell waits for its input, so nothing more arrives.
#[test]
#[ignore = "needs root and sshd"]
fn input_is_written_whenever_the_server_allows_it() {
    for microseconds in [200, 400, 800, 1600, 3200] {
        let delay = format!("inject=recvfrom:delay_exit={microseconds}");
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=recvfrom", "-e", &delay])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "streams::helper_greets_again_and_again"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{microseconds} µs: {said}");
    }
}

#[test]
#[ignore = "started by another test"]
fn helper_greets_again_and_again() {
    let server = Server::start(&["ed25519"]);
    for _ in 0..10 {
        let mut session = session(&server);
        let printed = read_all(&mut *session.start(b"echo hello; exit\n").unwrap()).unwrap();
        assert_eq!(printed.stdout, b"hello\n");
    }
}

/// A script of ten megabytes that prints ten megabytes on each stream while it is being read.
pub fn feed_ten_megabytes(session: &mut Session) {
    let padding = "x".repeat(1000);
    let script: String = (0..10_000)
        .map(|line| format!(": {padding}\nprintf %01000d {line}; printf %01000d {line} >&2\n"))
        .collect::<String>()
        + "exit\n";
    let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
    let expected: String = (0..10_000).map(|line| format!("{line:01000}")).collect();
    assert!(printed.stdout == expected.as_bytes(), "{} bytes", printed.stdout.len());
    assert!(printed.stderr == expected.as_bytes(), "{} bytes", printed.stderr.len());
}

#[test]
#[ignore = "needs root and sshd"]
fn thousands_of_small_chunks_on_both_streams_all_arrive() {
    let server = Server::start(&["ed25519"]);
    let mut session = session(&server);
    let script = b"echo ready; while read -r line; do echo \"$line\" >&2; echo \"$line\"; done\n";
    let mut channel = session.start(script).unwrap();
    assert_eq!(
        channel.receive(Duration::from_secs(60)).unwrap(),
        Incoming::Stdout(b"ready\n".to_vec())
    );
    for round in 0..5000 {
        let line = format!("{round}\n").into_bytes();
        channel.send(&line).unwrap();
        let mut answers = [
            channel.receive(Duration::from_secs(60)).unwrap(),
            channel.receive(Duration::from_secs(60)).unwrap(),
        ];
        answers.sort_by_key(|answer| matches!(answer, Incoming::Stderr(_)));
        assert_eq!(answers, [Incoming::Stdout(line.clone()), Incoming::Stderr(line)]);
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_script_may_exit_before_it_is_read_completely() {
    let server = Server::start(&["ed25519"]);
    let script = format!("echo early; exit 3\n{}", "# never read\n".repeat(800_000));
    let mut session = session(&server);
    let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
    assert_eq!(printed.stdout, b"early\n");
    let printed = read_all(&mut *session.start(b"echo again; exit\n").unwrap()).unwrap();
    assert_eq!(printed.stdout, b"again\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn later_input_reaches_the_standard_input_of_the_script() {
    let server = Server::start(&["ed25519"]);
    let mut session = session(&server);
    let mut channel = session
        .start(b"echo ready; read -r line; echo \"got $line\"; exit\n")
        .unwrap();
    assert_eq!(
        channel.receive(Duration::from_secs(60)).unwrap(),
        Incoming::Stdout(b"ready\n".to_vec())
    );
    assert_eq!(channel.receive(Duration::from_millis(1)).unwrap(), Incoming::Quiet);
    channel.send(b"hello\n").unwrap();
    assert_eq!(
        channel.receive(Duration::from_secs(60)).unwrap(),
        Incoming::Stdout(b"got hello\n".to_vec())
    );
    assert_eq!(channel.receive(Duration::from_secs(60)).unwrap(), Incoming::Closed);
    assert_eq!(channel.receive(Duration::from_secs(60)).unwrap(), Incoming::Closed);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_script_that_closes_its_streams_is_not_waited_for() {
    let server = Server::start(&["ed25519"]);
    let mut session = session(&server);
    let mut channel = session.start(b"exec >&- 2>&-; read -r line; exit\n").unwrap();
    assert_eq!(channel.receive(Duration::from_secs(60)).unwrap(), Incoming::Closed);
    drop(channel);
    session.reconnect(Duration::from_secs(60)).unwrap();
    let printed = read_all(&mut *session.start(b"echo again; exit\n").unwrap()).unwrap();
    assert_eq!(printed.stdout, b"again\n");
}
