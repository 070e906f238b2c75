//! A service that runs, and calls to it.
#![allow(dead_code, reason = "each story uses its own part of it")]

use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command};
use std::time::Duration;

/// What would take longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// `infrakt serve` in a home of its own, on a port that was free. It is killed when it is dropped.
pub struct Service {
    pub infrakt: Infrakt,
    pub address: SocketAddr,
    /// `None` once it has ended.
    child: Option<Child>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Service {
    #[track_caller]
    pub fn start() -> Self {
        Self::start_in(Infrakt::new(), &[])
    }

    /// In a home that may hold something already, with more words on its command line.
    #[track_caller]
    pub fn start_in(infrakt: Infrakt, words: &[&str]) -> Self {
        let words = [&["serve", "--bind", "127.0.0.1:0"], words].concat();
        let command = infrakt.command(&words);
        Self::start_command(infrakt, command)
    }

    /// Reads from its first line where it listens.
    #[track_caller]
    pub fn start_command(infrakt: Infrakt, mut command: Command) -> Self {
        // What one leaves behind that is killed goes with the test.
        command.env("TMPDIR", infrakt.directory.path());
        let mut child = crate::support::infrakt::start(&mut command);
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its first line");
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let _ = child.kill();
            panic!("it does not say where it listens: {line:?} {}", Ended::of(child));
        };
        Self {
            infrakt,
            address: address.parse().expect("an address"),
            child: Some(child),
            stdout: Some(stdout),
        }
    }

    pub fn key(&self) -> String {
        let path = self.infrakt.home().join("api_key.txt");
        std::fs::read_to_string(path).expect("the key").trim().to_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// A call with the key and the right host.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call {
            address: self.address,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![
                ("Host".to_owned(), self.address.to_string()),
                ("X-API-Key".to_owned(), self.key()),
                ("Connection".to_owned(), "close".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send()
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path).json(body).send()
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }

    /// Sends these bytes and gives what comes back until the service closes the connection.
    #[track_caller]
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A service that has seen enough closes early.
        let _ = stream.write_all(bytes);
        Answer::read(stream)
    }

    /// Sends it a signal: `TERM`, `INT`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let killed = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(killed.expect("kill is there").success());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn ends(&mut self) -> Ended {
        let mut child = self.child.take().expect("it runs");
        child.stdout = self.stdout.take().map(BufReader::into_inner);
        let mut exit = None;
        crate::support::wait::until("it ends", || {
            exit = child.try_wait().expect("its state");
            exit.is_some()
        });
        Ended::of(child)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A request in the making.
#[derive(Clone)]
pub struct Call {
    pub address: SocketAddr,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    /// Sets a header, in place of one of that name.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.without(name).and_header(name, value)
    }

    /// Adds a header, also if there is one of that name.
    pub fn and_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string()).header("Content-Type", "application/json")
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        Self { body, ..self }.header("Content-Length", &length)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it, and gives the connection to read the answer from as it comes.
    #[track_caller]
    pub fn open(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        // A service that has seen enough closes early.
        let _ = stream.write_all(&self.bytes());
        stream
    }

    #[track_caller]
    pub fn send(&self) -> Answer {
        Answer::read(self.open())
    }
}

/// What came back until the service closed the connection.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Status 0: the connection was closed without an answer.
    #[track_caller]
    pub fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        // A service that has seen enough may cut the line after its answer.
        let end = stream.read_to_end(&mut bytes);
        if bytes.is_empty() {
            return Self {
                status: 0,
                headers: Vec::new(),
                body: Vec::new(),
            };
        }
        let place = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let place = place.unwrap_or_else(|| panic!("no head: {end:?} {:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8(bytes[..place].to_vec()).expect("UTF-8");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status: u16 = status.and_then(|status| status.parse().ok()).expect("a status");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let answer = Self {
            status,
            headers,
            body: bytes[place + 4..].to_vec(),
        };
        if status == 100 {
            return Self::read(answer.body.as_slice());
        }
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: not JSON, {error}: {text}", self.status))
    }

    /// The document, if the status is this one.
    #[track_caller]
    pub fn answers(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The error, if it is this one.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str) -> Value {
        let error = self.answers(status)["error"].clone();
        assert_eq!(error["code"], code, "{error}");
        error
    }
}
