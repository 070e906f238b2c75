//! Connects in a child process, for tests that depend on the environment: HOME, the agent, secrets.

use crate::server::Person;
use infrakt::host_key::HostKey;
use infrakt::ssh::LoginTarget;
use std::process::Command;

#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    Connected,
    /// Code, message and hint, one per line.
    Failed(String),
}

impl Report {
    pub fn failure(&self) -> &str {
        match self {
            Self::Connected => panic!("it connected"),
            Self::Failed(report) => report,
        }
    }
}

/// Connects to `target` in a process with this environment, and without a person to ask.
pub fn connect(target: &LoginTarget, environment: &[(&str, &str)]) -> Report {
    let report = tempfile::NamedTempFile::new().unwrap();
    let key = target
        .key_path
        .as_deref()
        .map(|path| path.to_str().unwrap())
        .unwrap_or_default();
    let host_key = target.host_key.as_ref().map(HostKey::to_string).unwrap_or_default();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "child::helper_connects_in_its_own_environment"])
        .env_remove("SSH_AUTH_SOCK")
        .env("TEST_HOST", &target.host)
        .env("TEST_USER", &target.user)
        .env("TEST_PORT", target.port.to_string())
        .env("TEST_KEY", key)
        .env("TEST_HOST_KEY", host_key)
        .env("TEST_REPORT", report.path())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    match std::fs::read_to_string(report.path()).unwrap().as_str() {
        "" => panic!("no report: {}", String::from_utf8_lossy(&output.stdout)),
        "connected" => Report::Connected,
        failure => Report::Failed(failure.to_owned()),
    }
}

#[test]
#[ignore = "started by another test"]
fn helper_connects_in_its_own_environment() {
    let given = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
    let Some(report) = given("TEST_REPORT") else { return };
    let target = LoginTarget {
        name: "prod-2".to_owned(),
        host: given("TEST_HOST").unwrap(),
        port: given("TEST_PORT").unwrap().parse().unwrap(),
        user: given("TEST_USER").unwrap(),
        key_path: given("TEST_KEY").map(Into::into),
        host_key: given("TEST_HOST_KEY").map(|key| key.parse().unwrap()),
    };
    let text = match infrakt::ssh::connect(&target, &Person::silent()) {
        Ok(_) => "connected".to_owned(),
        Err(error) => format!("{}\n{error}\n{}", error.code(), error.hint().unwrap_or_default()),
    };
    std::fs::write(report, text).unwrap();
}
