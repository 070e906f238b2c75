//! A machine of `scripts/lab` for one test, with its own users, PAM and sudo.

use crate::server::{Person, read_all, ssh_error};
use infrakt::error::SshError;
use infrakt::executor::connection::Connection;
use infrakt::ssh::{LoginTarget, connect};
use std::process::{Command, Stdio};

pub const PASSWORD: &str = "lab-password";
pub const QUESTION: &str = "[sudo] password for deploy on 'prod-2': ";

/// A machine with the user `deploy`. It is removed at the end of the test.
pub struct Machine {
    pub name: String,
    host: String,
}

impl Machine {
    pub fn up(sudo: &str) -> Self {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        // Short and unique: names of machines become names of network devices.
        let name = format!(
            "ssh-{:x}",
            test.bytes()
                .fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
        );
        let host = output(lab(&["up", &name, "--user", "deploy", "--sudo", sudo]));
        Self { name, host }
    }

    /// Runs a script on it as root, without SSH.
    pub fn root(&self, script: &str) -> String {
        output(lab(&["exec", &self.name, "--", "sh", "-euc", script]))
    }

    pub fn target(&self) -> LoginTarget {
        LoginTarget {
            name: "prod-2".to_owned(),
            host: self.host.clone(),
            port: 22,
            user: "deploy".to_owned(),
            key_path: Some(output(lab(&["key"])).into()),
            host_key: Some(
                output(lab(&["fingerprint", &self.name]))
                    .parse()
                    .expect("a fingerprint"),
            ),
        }
    }

    /// The target without a key, so that only a password is left.
    pub fn without_key(&self, home: &std::path::Path) -> (LoginTarget, String) {
        let target = LoginTarget {
            key_path: None,
            ..self.target()
        };
        (target, home.to_str().unwrap().to_owned())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        output(lab(&["down", &self.name]));
    }
}

pub fn lab(arguments: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab"));
    command.args(arguments).stdin(Stdio::null());
    command
}

pub fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn run(session: &mut dyn Connection, script: &str) -> (String, String) {
    let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
    (
        String::from_utf8(printed.stdout).unwrap(),
        String::from_utf8(printed.stderr).unwrap(),
    )
}

pub fn failure(target: &LoginTarget, person: &Person) -> SshError {
    ssh_error(connect(target, person).map(drop).unwrap_err())
}
