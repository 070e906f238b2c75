//! A real sshd for one test, a person who answers questions, and a connection that can be cut.

use crate::support::port::Port;
use crate::support::sshd::{self, make_key};
use crate::support::world::World;
use infrakt::error::{Error, Result, SshError};
use infrakt::executor::connection::{Channel, Incoming};
use infrakt::host_key::{HostKey, PublicKey};
use infrakt::plan::secret::Secret;
use infrakt::ssh::{AskSecret, LoginTarget};
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A running sshd. It is stopped, and its directory removed, at the end of the test.
pub struct Server {
    /// Dropped before its directory.
    world: World,
    pub directory: tempfile::TempDir,
    pub port: u16,
    _reserved: Port,
}

impl Server {
    /// An sshd with host keys of these types. It accepts the key in the file `id`.
    pub fn start(host_key_types: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let reserved = Port::reserved();
        let port = reserved.number;
        let mut host_keys = String::new();
        for key_type in host_key_types {
            let path = directory.path().join(format!("host_{key_type}"));
            make_key(&path, &["-t", key_type, "-N", ""]);
            host_keys += &format!("HostKey {}\n", path.display());
        }
        sshd::configure(directory.path(), "127.0.0.1", port, &host_keys);
        std::fs::write(directory.path().join("authorized_keys"), "").unwrap();
        let world = boot(directory.path(), port);
        let server = Self {
            directory,
            port,
            _reserved: reserved,
            world,
        };
        server.key("id", &["-t", "ed25519", "-N", ""]);
        server
    }

    /// Makes a key pair with ssh-keygen and accepts it.
    pub fn key(&self, name: &str, options: &[&str]) -> PathBuf {
        let path = self.stranger(name, options);
        self.let_in(&std::fs::read_to_string(public_half(&path)).unwrap());
        path
    }

    /// Accepts one more public key.
    pub fn let_in(&self, public_line: &str) {
        let authorized = self.directory.path().join("authorized_keys");
        let mut file = std::fs::OpenOptions::new().append(true).open(authorized).unwrap();
        file.write_all(public_line.as_bytes()).unwrap();
    }

    /// Accepts no key any more.
    pub fn lock_out(&self) {
        std::fs::write(self.directory.path().join("authorized_keys"), "").unwrap();
    }

    /// Adds to the beginning of the server's configuration: sshd uses the first of several values.
    pub fn reconfigure(&mut self, more: &str) {
        self.stop();
        let path = self.directory.path().join("sshd_config");
        let config = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{more}{config}")).unwrap();
        self.world = boot(self.directory.path(), self.port);
    }

    /// Makes a key pair that the server does not know.
    pub fn stranger(&self, name: &str, options: &[&str]) -> PathBuf {
        let path = self.directory.path().join(name);
        make_key(&path, options);
        path
    }

    pub fn host_key(&self, key_type: &str) -> PublicKey {
        let path = self.directory.path().join(format!("host_{key_type}.pub"));
        std::fs::read_to_string(path).unwrap().parse().unwrap()
    }

    /// The target with the accepted key, and with the server's ed25519 key on record, if it has one.
    pub fn target(&self) -> LoginTarget {
        LoginTarget {
            name: "prod-2".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: "root".to_owned(),
            key_path: Some(self.directory.path().join("id")),
            host_key: self
                .directory
                .path()
                .join("host_ed25519")
                .exists()
                .then(|| HostKey::Whole(self.host_key("ed25519"))),
        }
    }

    /// Acts like a reinstalled machine: same address, new host key.
    pub fn reinstall(&mut self) {
        self.stop();
        let path = self.directory.path().join("host_ed25519");
        std::fs::remove_file(&path).unwrap();
        make_key(&path, &["-t", "ed25519", "-N", ""]);
        self.world = boot(self.directory.path(), self.port);
    }

    /// Stops sshd. Its port stays reserved, and no process listens on it.
    pub fn stop(&mut self) {
        self.world.end();
    }
}

/// The public key file that ssh-keygen writes beside a key.
pub fn public_half(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.pub", path.display()))
}

fn boot(directory: &Path, port: u16) -> World {
    sshd::boot(sshd::PLAIN, directory, port)
}

/// A person who gives these answers in turn, and then none.
#[derive(Default)]
pub struct Person {
    answers: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
}

impl Person {
    pub fn who_says(answers: &[&str]) -> Self {
        Self {
            answers: Mutex::new(answers.iter().rev().map(|answer| (*answer).to_owned()).collect()),
            asked: Mutex::default(),
        }
    }

    /// One who answers no question.
    pub fn silent() -> Self {
        Self::default()
    }

    pub fn was_asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl AskSecret for Person {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        self.asked.lock().unwrap().push(prompt.to_owned());
        Ok(self.answers.lock().unwrap().pop().map(Secret::new))
    }
}

/// The output of a script until both streams were closed.
#[derive(Debug, Default)]
pub struct Printed {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

pub fn read_all(channel: &mut dyn Channel) -> Result<Printed> {
    let mut printed = Printed::default();
    loop {
        match channel.receive(Duration::from_secs(60))? {
            Incoming::Stdout(bytes) => {
                assert!(bytes.len() <= 64 * 1024, "a chunk of {} bytes", bytes.len());
                printed.stdout.extend(bytes);
            }
            Incoming::Stderr(bytes) => {
                assert!(bytes.len() <= 64 * 1024, "a chunk of {} bytes", bytes.len());
                printed.stderr.extend(bytes);
            }
            Incoming::Quiet => panic!("nothing for a minute, after {} bytes", printed.stdout.len()),
            Incoming::Closed => return Ok(printed),
        }
    }
}

pub fn ssh_error(error: Error) -> SshError {
    match error {
        Error::Ssh(error) => error,
        other => panic!("not an SSH error: {other:?}"),
    }
}

/// A proxy for the server's port. It can cut connections, and refuse them for a while.
pub struct Line {
    pub port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
    turn_away: Arc<AtomicUsize>,
}

impl Line {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            open: Arc::default(),
            turn_away: Arc::default(),
        };
        let (open, turn_away) = (Arc::clone(&line.open), Arc::clone(&line.turn_away));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let away = turn_away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if away.is_ok() {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for (mut from, mut to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server.try_clone().unwrap(), client.try_clone().unwrap()),
                ] {
                    std::thread::spawn(move || {
                        // Ends with an error when the connection is cut, as it should.
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                open.lock().unwrap().extend([client, server]);
            }
        });
        line
    }

    pub fn cut(&self) {
        for socket in self.open.lock().unwrap().drain(..) {
            // The other end may already be closed.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// The number of connections since the last cut.
    pub fn connections(&self) -> usize {
        self.open.lock().unwrap().len() / 2
    }

    /// Closes the next `count` connections as soon as they are made.
    pub fn turn_away(&self, count: usize) {
        self.turn_away.store(count, Ordering::SeqCst);
    }

    pub fn turned_all_away(&self) -> bool {
        self.turn_away.load(Ordering::SeqCst) == 0
    }
}
