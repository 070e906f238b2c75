//! Users who are not root, passwords and sudo, on a real machine of `scripts/lab`.

use crate::child::{self, Report};
use crate::server::{Person, read_all, skipped, ssh_error};
use crate::streams::feed_ten_megabytes;
use infrakt::error::SshError;
use infrakt::executor::connection::{Connection, Incoming};
use infrakt::ssh::{RecordedKey, Target, connect};
use std::process::{Command, Stdio};
use std::time::Duration;

const PASSWORD: &str = "lab-password";
const QUESTION: &str = "[sudo] password for deploy on 'prod-2': ";

/// A machine of its own, with the user `deploy`; gone at the end of the test.
struct Machine {
    name: String,
    host: String,
}

impl Machine {
    /// `None`, and the reason on the terminal, where no lab can run.
    fn up(sudo: &str) -> Option<Self> {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        let check = lab(&["check"]).output().unwrap();
        if !check.status.success() {
            let reason = String::from_utf8_lossy(&check.stdout).trim().to_owned();
            skipped(&reason);
            return None;
        }
        // Short and unlike any other: names of machines become names of network devices.
        let name = format!(
            "ssh-{:x}",
            test.bytes()
                .fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
        );
        let host = output(lab(&["up", &name, "--user", "deploy", "--sudo", sudo]));
        Some(Self { name, host })
    }

    /// Runs a script in it as root, without SSH.
    fn root(&self, script: &str) -> String {
        output(lab(&["exec", &self.name, "--", "sh", "-euc", script]))
    }

    fn target(&self) -> Target {
        Target {
            name: "prod-2".to_owned(),
            host: self.host.clone(),
            port: 22,
            user: "deploy".to_owned(),
            key_path: Some(output(lab(&["key"])).into()),
            host_key: Some(RecordedKey::Fingerprint(output(lab(&["fingerprint", &self.name])))),
        }
    }

    /// The target without a key: what is left is a password.
    fn without_key(&self, home: &std::path::Path) -> (Target, String) {
        let target = Target {
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

fn lab(arguments: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn run(session: &mut dyn Connection, script: &str) -> (String, String) {
    let printed = read_all(&mut *session.start(script.as_bytes()).unwrap()).unwrap();
    (
        String::from_utf8(printed.stdout).unwrap(),
        String::from_utf8(printed.stderr).unwrap(),
    )
}

fn failure(target: &Target, person: &Person) -> SshError {
    ssh_error(connect(target, person).map(drop).unwrap_err())
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn sudo_without_a_password_asks_nobody() {
    let Some(machine) = Machine::up("nopasswd") else { return };
    let person = Person::nobody();
    let mut session = connect(&machine.target(), &person).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n"), ("0\n".to_owned(), String::new()));
    assert_eq!(person.was_asked(), [""; 0]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn sudo_with_a_password_asks_once_and_never_again() {
    let Some(machine) = Machine::up("password") else { return };
    let person = Person::who_says(&[PASSWORD]);
    let mut session = connect(&machine.target(), &person).unwrap();
    let long = format!("{}id -u; exit\n", ": padding padding padding\n".repeat(100_000));
    for script in ["id -u; exit\n", &long] {
        assert_eq!(run(&mut session, script), ("0\n".to_owned(), String::new()));
    }
    session.reconnect(Duration::from_secs(60)).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n"), ("0\n".to_owned(), String::new()));
    // What is sent later is the script's own input, not sudo's.
    let mut channel = session
        .start(b"echo ready; read -r line; echo \"got $line\"; exit\n")
        .unwrap();
    assert_eq!(
        channel.receive(Duration::from_secs(60)).unwrap(),
        Incoming::Stdout(b"ready\n".to_vec())
    );
    channel.send(b"its own input\n").unwrap();
    assert_eq!(read_all(&mut *channel).unwrap().stdout, b"got its own input\n");
    drop(channel);
    assert_eq!(person.was_asked(), [QUESTION]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_password_never_becomes_a_line_of_the_script() {
    let Some(machine) = Machine::up("password") else { return };
    let person = Person::who_says(&[PASSWORD]);
    // A ticket that any login may use, as some administrators have it.
    machine.root("echo 'Defaults timestamp_type=global' >/etc/sudoers.d/ticket");
    let mut session = connect(&machine.target(), &person).unwrap();
    let script = "set | grep -c lab-password; id -u; exit\n";
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
    machine.root(&format!("printf '%s\\n' {PASSWORD} | su deploy -c 'sudo -S -v'"));
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
    // A recipe may well do this between two scripts.
    run(
        &mut session,
        "echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-deploy; exit\n",
    );
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_wrong_sudo_password_can_be_corrected_counts_once_each_and_after_three_it_is_over() {
    let Some(machine) = Machine::up("password") else { return };
    let person = Person::who_says(&["wrong", PASSWORD]);
    connect(&machine.target(), &person).unwrap();
    assert_eq!(
        person.was_asked(),
        [QUESTION.to_owned(), format!("Sorry, try again. {QUESTION}")]
    );
    let counted = "journalctl -q _COMM=sudo | grep -o '[0-9] incorrect password attempt' | sort | uniq -c";
    assert!(
        machine.root(counted).ends_with("1 1 incorrect password attempt"),
        "{}",
        machine.root(counted)
    );

    let person = Person::who_says(&["a", "b", "c", "d"]);
    let error = failure(&machine.target(), &person);
    assert!(
        matches!(
            error,
            SshError::SudoWrongPassword {
                from_environment: false,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(person.was_asked().len(), 3);

    // Where sudo itself allows one try only, it is still told from a refusal.
    machine.root("echo 'Defaults passwd_tries=1' >/etc/sudoers.d/tries");
    connect(&machine.target(), &Person::who_says(&["wrong", PASSWORD])).unwrap();
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn without_anybody_to_ask_the_environment_gives_the_sudo_password() {
    let Some(machine) = Machine::up("password") else { return };
    let error = failure(&machine.target(), &Person::nobody());
    assert!(matches!(error, SshError::SudoNeedsPassword { .. }), "{error:?}");
    let given = |password| child::connect(&machine.target(), &[("INFRAKT_SUDO_PASSWORD", password)]);
    assert_eq!(given(PASSWORD), Report::Connected);
    assert!(given("wrong").failure().contains("INFRAKT_SUDO_PASSWORD"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_user_who_may_not_and_a_machine_without_sudo_are_told_apart() {
    let Some(machine) = Machine::up("none") else { return };
    let error = failure(&machine.target(), &Person::who_says(&[PASSWORD]));
    assert!(
        matches!(&error, SshError::SudoRefused { said, .. } if said.contains("sudoers")),
        "{error:?}"
    );
    machine.root("mv /usr/bin/sudo /usr/bin/sudo.away");
    let error = failure(&machine.target(), &Person::nobody());
    assert!(matches!(error, SshError::SudoMissing { .. }), "{error:?}");
    machine.root("usermod -s /usr/sbin/nologin deploy");
    let error = failure(&machine.target(), &Person::nobody());
    assert!(
        matches!(&error, SshError::NoCommand { reason, .. } if reason.contains("not available")),
        "{error:?}"
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_login_by_password_works_where_the_server_takes_one_by_either_method() {
    let Some(machine) = Machine::up("nopasswd") else { return };
    let home = tempfile::tempdir().unwrap();
    for (method, other) in [
        ("PasswordAuthentication", "KbdInteractiveAuthentication"),
        ("KbdInteractiveAuthentication", "PasswordAuthentication"),
    ] {
        machine.root(&format!(
            "printf '%s\\n' '{method} yes' '{other} no' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh"
        ));
        let (target, home) = machine.without_key(home.path());
        let environment = |password| [("HOME", home.as_str()), ("INFRAKT_SSH_PASSWORD", password)];
        assert_eq!(
            child::connect(&target, &environment(PASSWORD)),
            Report::Connected,
            "{method}"
        );
        let report = child::connect(&target, &environment("wrong"));
        assert!(report.failure().contains("login_denied"), "{method}: {report:?}");
        assert!(!report.failure().contains("wrong"), "the password is shown: {report:?}");
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_reboot_is_waited_for_even_while_the_machine_lets_only_root_in() {
    let Some(machine) = Machine::up("nopasswd") else { return };
    let mut session = connect(&machine.target(), &Person::nobody()).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");
    output(lab(&["reboot", &machine.name]));
    machine.root("touch /run/nologin; systemd-run --on-active=3 rm /run/nologin");
    session.reconnect(Duration::from_secs(120)).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_script_of_ten_megabytes_is_fed_through_sudo_while_it_prints_as_much() {
    let Some(machine) = Machine::up("password") else { return };
    feed_ten_megabytes(&mut connect(&machine.target(), &Person::who_says(&[PASSWORD])).unwrap());
}
