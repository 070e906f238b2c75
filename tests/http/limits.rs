//! Many clients that send little or nothing: no other client waits for them, and the service continues.

use crate::fixture::{Answer, Service};
use crate::support::infrakt::Infrakt;
use crate::support::port::Port;
use crate::support::wait::until;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// Whether the service has neither answered nor closed it yet.
fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a mode");
    let read = stream.peek(&mut [0]);
    matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn two_hundred_silent_and_fifty_slow_clients_do_not_delay_others() {
    let service = Service::start();
    let slow = service
        .call("POST", "/api/servers")
        .header("Content-Length", "100")
        .bytes();
    // On a slow computer they may reach their timeout before the question. Then the test asks again.
    let mut asked = 0;
    until("an answer while all the others wait", || {
        asked += 1;
        assert!(asked < 10);
        let silent: Vec<TcpStream> = (0..200).map(|_| service.connect()).collect();
        let half: Vec<TcpStream> = (0..50)
            .map(|number| {
                let mut stream = service.connect();
                // Half of them in the middle of the head, half in the middle of the body.
                let sent = if number % 2 == 0 { &slow[..30] } else { &slow[..] };
                stream.write_all(sent).expect("sent");
                stream
            })
            .collect();
        for _ in 0..20 {
            service.get("/api/servers").answers(200);
        }
        silent.iter().chain(&half).all(is_open)
    });
}

#[test]
fn idle_connections_are_closed_first_when_all_slots_are_taken() {
    // Room for 64 connections: a quarter of the files.
    let infrakt = Infrakt::new();
    let words = ["serve", "--bind", "127.0.0.1:0"];
    let command = infrakt.command_under(&["prlimit", "--nofile=256:256"], &words);
    let service = Service::start_command(infrakt, command);
    let silent: Vec<TcpStream> = (0..100).map(|_| service.connect()).collect();
    for _ in 0..10 {
        service.get("/api/servers").answers(200);
    }
    // It was the oldest who had to go. A listener takes connections in their order.
    until("the first is closed", || !is_open(&silent[0]));
    assert!(is_open(&silent[99]));
}

#[test]
fn without_free_file_descriptors_it_recovers_later() {
    let service = Service::start();
    let pid = service.pid().to_string();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("its files").count();
    let limit = |files: usize| {
        let limit = format!("--nofile={files}:4096");
        let done = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
        assert!(done.expect("prlimit is there").success());
    };
    for spare in [0, 1, 2, 3, 4, 5, 8] {
        limit(open + spare);
        let crowd: Vec<TcpStream> = (0..20)
            .map(|_| {
                let mut stream = service.connect();
                // What can't be sent is not missed.
                let _ = stream.write_all(&service.call("GET", "/api/servers").bytes());
                stream
            })
            .collect();
        for stream in crowd {
            let answer = Answer::read(stream);
            assert!(matches!(answer.status, 0 | 200 | 500 | 503), "{answer:?}");
        }
        limit(4096);
        until("it answers again", || service.get("/api/servers").status == 200);
    }
}

#[test]
fn a_client_that_does_not_read_does_not_delay_others() {
    let service = Service::start();
    let call = service.call("GET", "/api/openapi.json");
    let deaf: Vec<TcpStream> = (0..100).map(|_| call.open()).collect();
    for _ in 0..20 {
        service.get("/api/servers").answers(200);
    }
    // Each of them finds its answer whole when it looks.
    let whole = call.send().body.len();
    for stream in deaf {
        assert_eq!(Answer::read(stream).body.len(), whole);
    }
}

#[test]
fn requests_that_wait_for_a_server_leave_slots_for_others() {
    let infrakt = Infrakt::new();
    // While the server is added, the port is closed. Later the test accepts connections there and sends nothing.
    let reserved = Port::reserved();
    let port = reserved.number.to_string();
    infrakt.ok(&["server", "add", "mute", "--host", "127.0.0.1", "--port", &port]);
    let mute = TcpListener::bind(("127.0.0.1", reserved.number)).expect("the port");
    let service = Service::start_in(infrakt, &[]);
    let call = service.call("GET", "/api/servers/mute/status");
    let mut waiting: Vec<TcpStream> = (0..45).map(|_| call.open()).collect();
    // As many as there are places wait; the others get a refusal.
    until("five of them are refused", || {
        waiting.iter().filter(|stream| !is_open(stream)).count() >= 5
    });
    for stream in waiting.extract_if(.., |stream| !is_open(stream)) {
        stream.set_nonblocking(false).expect("a mode");
        Answer::read(stream).refuses(503, "busy");
    }
    for path in ["/api/health", "/api/servers", "/api/runs", "/"] {
        assert_eq!(service.get(path).status, 200, "{path}");
    }
    assert!(waiting.iter().all(is_open));
    drop(mute);
}
