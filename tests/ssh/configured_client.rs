//! A client with an SSH configuration of its own. It is a process with its own environment, since the environment
//! determines the configuration, the agent and the programs.

use crate::server::{Person, Server, read_all};
use crate::support::wait::until;
use infrakt::executor::connection::{Connection, Incoming};
use infrakt::host_key::HostKey;
use infrakt::ssh::{Destination, FirstContact, LoginTarget, ServerRoute, Session};
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The values of the inventory.
#[derive(Default)]
pub struct Row {
    pub port: Option<u16>,
    pub user: Option<String>,
    pub key_path: Option<PathBuf>,
    pub host_key: Option<HostKey>,
}

impl From<LoginTarget> for Row {
    fn from(target: LoginTarget) -> Self {
        Self {
            port: Some(target.port),
            user: Some(target.user),
            key_path: target.key_path,
            host_key: target.host_key,
        }
    }
}

pub struct ConfiguredClient {
    pub directory: tempfile::TempDir,
    pub row: Row,
}

/// The result of a connection.
#[derive(Debug)]
pub enum Report {
    Connected(Box<Arrival>),
    /// Code, message and hint, one per line.
    Failed(String),
}

/// What a connected client reports. Fields that the test did not ask for are empty.
#[derive(Debug, Default)]
pub struct Arrival {
    pub address: String,
    pub jump_hosts: String,
    pub configured: String,
    pub note: String,
    pub host_key: String,
    pub said: String,
    pub lost: String,
    pub left_behind: String,
    pub next_probe: String,
}

impl Report {
    pub fn connected(self) -> Arrival {
        match self {
            Self::Connected(arrival) => *arrival,
            Self::Failed(failure) => panic!("{failure}"),
        }
    }

    /// The report of a failure, which must have this code.
    pub fn failed(self, code: &str) -> String {
        match self {
            Self::Connected(arrival) => panic!("it connected: {arrival:?}"),
            Self::Failed(failure) => {
                assert_eq!(failure.lines().next(), Some(code), "{failure}");
                failure
            }
        }
    }
}

impl ConfiguredClient {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(".ssh")).unwrap();
        Self {
            directory,
            row: Row::default(),
        }
    }

    pub fn config(&self) -> PathBuf {
        self.directory.path().join(".ssh/config")
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.directory.path().join("known_hosts")
    }

    /// Makes the host keys of these servers known, and no others.
    pub fn knows(&self, servers: &[&Server]) {
        std::fs::write(self.known_hosts(), "").unwrap();
        for server in servers {
            self.add_known(server.port, server);
        }
    }

    pub fn add_known(&self, port: u16, server: &Server) {
        let mut text = std::fs::read_to_string(self.known_hosts()).unwrap();
        writeln!(text, "[127.0.0.1]:{port} {}", server.host_key("ed25519")).unwrap();
        std::fs::write(self.known_hosts(), text).unwrap();
    }

    pub fn host(&self, alias: &str, server: &Server, more: &str) -> String {
        self.host_at(alias, server, server.port, more)
    }

    /// `more` comes first: ssh uses the first of several values.
    pub fn host_at(&self, alias: &str, server: &Server, port: u16, more: &str) -> String {
        self.host_of(alias, server.directory.path(), port, more)
    }

    /// A server that accepts the key in the file `id` of a directory.
    pub fn host_of(&self, alias: &str, directory: &Path, port: u16, more: &str) -> String {
        let key = directory.join("id");
        format!(
            "Host {alias}\n {more}\n HostName 127.0.0.1\n Port {port}\n User root\n IdentityFile {}\n UserKnownHostsFile {}\n",
            key.display(),
            self.known_hosts().display()
        )
    }

    pub fn host_with_key(&self, alias: &str, server: &Server, key: &Path) -> String {
        format!(
            "Host {alias}\n HostName 127.0.0.1\n Port {}\n User root\n IdentityFile {}\n UserKnownHostsFile {}\n",
            server.port,
            key.display(),
            self.known_hosts().display()
        )
    }

    pub fn configure(&self, hosts: &[(&str, &Server, &str)]) {
        let text: String = hosts
            .iter()
            .map(|(alias, server, more)| self.host(alias, server, more))
            .collect();
        self.write(&text);
    }

    pub fn write(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    pub fn connect_to(&self, host: &str) -> Report {
        self.go_with(host, &[])
    }

    pub fn go_with(&self, host: &str, environment: &[(&str, &str)]) -> Report {
        self.travel(host, environment, &mut || {})
    }

    /// Cuts the connection with `lose` while a script runs, and reconnects.
    pub fn go_and_lose(&self, host: &str, mut lose: impl FnMut()) -> Report {
        self.travel(host, &[("TEST_LOSS", "yes")], &mut lose)
    }

    pub fn go_again_and_again(&self, host: &str, times: usize) -> Report {
        self.go_with(host, &[("TEST_TIMES", &times.to_string())])
    }

    fn travel(&self, host: &str, environment: &[(&str, &str)], lose: &mut dyn FnMut()) -> Report {
        let report = tempfile::NamedTempFile::new().unwrap();
        let running = self.directory.path().join("running");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--ignored",
                "configured_client::helper_connects_with_an_ssh_configuration",
            ])
            .env_remove("SSH_AUTH_SOCK")
            .env("HOME", self.directory.path())
            .env("INFRAKT_SSH_CONFIG", self.config())
            .env("TEST_HOST", host)
            .env(
                "TEST_PORT",
                self.row.port.map(|port| port.to_string()).unwrap_or_default(),
            )
            .env("TEST_USER", self.row.user.clone().unwrap_or_default())
            .env("TEST_KEY", self.row.key_path.clone().unwrap_or_default())
            .env(
                "TEST_HOST_KEY",
                self.row.host_key.as_ref().map(HostKey::to_string).unwrap_or_default(),
            )
            .env("TEST_REPORT", report.path())
            .env("TEST_RUNNING", &running)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        if environment.contains(&("TEST_LOSS", "yes")) {
            while !running.exists() && process.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            lose();
        }
        let output = process.wait_with_output().unwrap();
        let text = std::fs::read_to_string(report.path()).unwrap();
        assert!(
            !text.is_empty(),
            "no report: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let Some(told) = text.strip_prefix("connected\u{1e}") else {
            return Report::Failed(text);
        };
        let mut told = told.split('\u{1e}').map(str::to_owned);
        let mut next = || told.next().unwrap();
        Report::Connected(Box::new(Arrival {
            address: next(),
            jump_hosts: next(),
            configured: next(),
            note: next(),
            host_key: next(),
            said: next(),
            lost: next(),
            left_behind: next(),
            next_probe: next(),
        }))
    }
}

#[test]
#[ignore = "started by another test"]
fn helper_connects_with_an_ssh_configuration() {
    let Some(report) = given("TEST_REPORT") else { return };
    let text = match arrive() {
        Ok(arrival) => {
            let told = [
                "connected".to_owned(),
                arrival.address,
                arrival.jump_hosts,
                arrival.configured,
                arrival.note,
                arrival.host_key,
                arrival.said,
                arrival.lost,
                arrival.left_behind,
                arrival.next_probe,
            ];
            told.join("\u{1e}")
        }
        Err(error) => format!("{}\n{error}\n{}", error.code(), error.hint().unwrap_or_default()),
    };
    std::fs::write(report, text).unwrap();
}

fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

fn arrive() -> infrakt::error::Result<Arrival> {
    let route = ServerRoute::find(&Destination {
        name: "prod-2".to_owned(),
        host: given("TEST_HOST").unwrap(),
        port: given("TEST_PORT").map(|port| port.parse().unwrap()),
        user: given("TEST_USER"),
        key_path: given("TEST_KEY").map(Into::into),
        host_key: given("TEST_HOST_KEY").map(|key| key.parse().unwrap()),
    })?;
    let target = route.target().clone();
    let jump_hosts: Vec<&str> = route.jump_hosts().map(|jump| jump.name.as_str()).collect();
    let configured: Vec<String> = route
        .configured()
        .iter()
        .map(|(setting, value)| format!("{setting} {value}"))
        .collect();
    let mut arrival = Arrival {
        address: format!("{}@{}:{}", target.user, target.host, target.port),
        jump_hosts: jump_hosts.join(" "),
        configured: configured.join("\n"),
        note: route.note().unwrap_or_default().to_owned(),
        ..Arrival::default()
    };
    let mut session = route.connect(&Person::silent(), FirstContact::Refuse)?;
    arrival.host_key = session.host_key().to_string();
    arrival.next_probe = next_probe(target.port);
    arrival.said = match (given("TEST_MEGABYTES"), given("TEST_LOSS"), given("TEST_TIMES")) {
        (Some(megabytes), ..) => there_and_back(&mut session, megabytes.parse().unwrap()),
        (_, Some(_), _) => {
            arrival.lost = lose(&mut session);
            session.reconnect(MINUTE)?;
            run(&mut session, "echo back; exit\n")
        }
        (_, _, Some(times)) => {
            // One session before counting, for everything that is made once per process.
            session.reconnect(MINUTE)?;
            let before = left_behind();
            for _ in 0..times.parse::<usize>().unwrap() {
                session.reconnect(MINUTE)?;
                assert_eq!(run(&mut session, "echo here; exit\n"), "here\n");
            }
            let after = left_behind();
            arrival.left_behind = format!("{} threads, {} files", after.0 - before.0, after.1 - before.1);
            String::new()
        }
        _ => match given("TEST_OTHER_PORT") {
            Some(port) => other_port(&session, port.parse().unwrap()),
            None => run(&mut session, "id -u; exit\n"),
        },
    };
    Ok(arrival)
}

fn run(session: &mut Session, script: &str) -> String {
    let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
    String::from_utf8(printed.stdout).unwrap()
}

/// The greeting of the service at another port of the server, or the reason why it can't be reached.
fn other_port(session: &Session, port: u16) -> String {
    let way = session.way();
    if let Some(reason) = way.leads_nowhere() {
        return reason;
    }
    let opened = way.open(port, MINUTE).map(|mut stream| {
        let mut greeting = [0; 4];
        stream.read_exact(&mut greeting).unwrap();
        String::from_utf8(greeting.to_vec()).unwrap()
    });
    opened.unwrap_or_else(|reason| reason)
}

/// The parent cuts the connection as soon as the script runs.
fn lose(session: &mut Session) -> String {
    let mut channel = session.start(b"echo here; read -r line; exit\n").unwrap();
    assert_eq!(channel.receive(MINUTE).unwrap(), Incoming::Stdout(b"here\n".to_vec()));
    std::fs::write(given("TEST_RUNNING").unwrap(), "").unwrap();
    channel.receive(MINUTE).unwrap_err().to_string()
}

/// Sends bytes to the server while it sends the same bytes back.
fn there_and_back(session: &mut Session, megabytes: usize) -> String {
    let size = megabytes * 1_000_000;
    let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
    // The shell must not read the first of them as part of its script.
    let script = format!("echo here; head -c {size}; exit\n");
    let mut channel = session.start(script.as_bytes()).unwrap();
    assert_eq!(channel.receive(MINUTE).unwrap(), Incoming::Stdout(b"here\n".to_vec()));
    channel.send(&bytes).unwrap();
    let printed = read_all(&mut *channel).unwrap();
    if printed.stdout == bytes {
        "whole\n"
    } else {
        "damaged\n"
    }
    .to_owned()
}

/// The number of threads and open files of this process.
fn left_behind() -> (isize, isize) {
    let count = |directory: &str| std::fs::read_dir(directory).unwrap().count() as isize;
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// The time until the next keepalive probe of the connection to this port, in seconds, if there is one:
/// proc_pid_net(5), tcp.
fn next_probe(port: u16) -> String {
    const ESTABLISHED: &str = "01";
    const RETRANSMIT: &str = "01:";
    const KEEPALIVE: &str = "02:";
    let remote = format!(":{port:04X}");
    let mut timer = String::new();
    until("the server has confirmed all that was sent", || {
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let connection = lines.find(|fields| fields[2].ends_with(&remote) && fields[3] == ESTABLISHED);
        timer = connection.map_or(String::new(), |fields| fields[5].to_owned());
        !timer.starts_with(RETRANSMIT)
    });
    timer
        .strip_prefix(KEEPALIVE)
        .and_then(|ticks| u32::from_str_radix(ticks, 16).ok())
        .map_or(String::new(), |ticks| (f64::from(ticks) / 100.0).to_string())
}
