//! Users other than root, passwords and sudo, on a machine of `scripts/lab`.

use crate::child::{self, Report};
use crate::lab::machine::{Machine, PASSWORD, QUESTION, failure, lab, output, run};
use crate::server::{Person, read_all, ssh_error};
use crate::streams::feed_ten_megabytes;
use infrakt::error::{Error, SshError, SudoObstacle};
use infrakt::executor::connection::{Connection, Incoming};
use infrakt::plan::secret::Secret;
use infrakt::runtime::Unattended;
use infrakt::ssh::connect;
use std::time::Duration;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn sudo_without_a_password_works_without_questions() {
    let machine = Machine::up("nopasswd");
    let person = Person::silent();
    let mut session = connect(&machine.target(), &person).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n"), ("0\n".to_owned(), String::new()));
    assert_eq!(person.was_asked(), [""; 0]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_sudo_password_is_asked_for_once_per_session() {
    let machine = Machine::up("password");
    let person = Person::who_says(&[PASSWORD]);
    let mut session = connect(&machine.target(), &person).unwrap();
    let long = format!("{}id -u; exit\n", ": padding padding padding\n".repeat(100_000));
    for script in ["id -u; exit\n", &long] {
        assert_eq!(run(&mut session, script), ("0\n".to_owned(), String::new()));
    }
    session.reconnect(Duration::from_secs(60)).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n"), ("0\n".to_owned(), String::new()));
    // Later input is the script's, not sudo's.
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
fn the_sudo_password_never_becomes_a_line_of_the_script() {
    let machine = Machine::up("password");
    let person = Person::who_says(&[PASSWORD]);
    // A ticket that all logins share, as some administrators configure it.
    machine.root("echo 'Defaults timestamp_type=global' >/etc/sudoers.d/ticket");
    let mut session = connect(&machine.target(), &person).unwrap();
    let script = "set | grep -c lab-password; id -u; exit\n";
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
    machine.root(&format!("printf '%s\\n' {PASSWORD} | su deploy -c 'sudo -S -v'"));
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
    // A recipe may change this between two scripts.
    run(
        &mut session,
        "echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-deploy; exit\n",
    );
    assert_eq!(run(&mut session, script), ("0\n0\n".to_owned(), String::new()));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_sudo_password_may_be_tried_three_times() {
    let machine = Machine::up("password");
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

    // With one try only, a wrong password still differs from a refusal.
    machine.root("echo 'Defaults passwd_tries=1' >/etc/sudoers.d/tries");
    connect(&machine.target(), &Person::who_says(&["wrong", PASSWORD])).unwrap();
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_environment_can_give_the_sudo_password() {
    let machine = Machine::up("password");
    let error = failure(&machine.target(), &Person::silent());
    assert!(matches!(error, SshError::SudoNeedsPassword { .. }), "{error:?}");
    let given = |password| child::connect(&machine.target(), &[("INFRAKT_SUDO_PASSWORD", password)]);
    assert_eq!(given(PASSWORD), Report::Connected);
    assert!(given("wrong").failure().contains("INFRAKT_SUDO_PASSWORD"));
    // What came with a request of the HTTP API is tried once.
    let with = |password: &str| Unattended {
        sudo_password: Some(Secret::new(password)),
    };
    let mut session = connect(&machine.target(), &with(PASSWORD)).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");
    let error = ssh_error(connect(&machine.target(), &with("wrong")).map(drop).unwrap_err());
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
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_user_without_sudo_rights_and_a_machine_without_sudo_give_different_errors() {
    let machine = Machine::up("none");
    let error = failure(&machine.target(), &Person::who_says(&[PASSWORD]));
    assert!(
        matches!(&error, SshError::SudoRefused { said, .. } if said.contains("sudoers")),
        "{error:?}"
    );
    machine.root("mv /usr/bin/sudo /usr/bin/sudo.away");
    let error = failure(&machine.target(), &Person::silent());
    assert!(matches!(error, SshError::SudoMissing { .. }), "{error:?}");
    machine.root("usermod -s /usr/sbin/nologin deploy");
    let error = failure(&machine.target(), &Person::silent());
    assert!(
        matches!(&error, SshError::NoCommand { reason, .. } if reason.contains("not available")),
        "{error:?}"
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn passwords_work_with_both_methods_of_ssh() {
    let machine = Machine::up("nopasswd");
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
fn reconnecting_waits_while_a_booting_machine_admits_only_root() {
    let machine = Machine::up("nopasswd");
    let mut session = connect(&machine.target(), &Person::silent()).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");
    output(lab(&["reboot", &machine.name]));
    machine.root("touch /run/nologin; systemd-run --on-active=3 rm /run/nologin");
    session.reconnect(Duration::from_secs(120)).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn ten_megabytes_pass_through_sudo_in_both_directions() {
    let machine = Machine::up("password");
    feed_ten_megabytes(&mut connect(&machine.target(), &Person::who_says(&[PASSWORD])).unwrap());
}

/// sudo's answers to a password, as (questions asked, error and hint).
fn refused(machine: &Machine, password: &str) -> (Vec<String>, SshError, String) {
    let person = Person::who_says(&[password]);
    let error = failure(&machine.target(), &person);
    let hint = Error::from(failure(&machine.target(), &Person::who_says(&[password])))
        .hint()
        .unwrap();
    (person.was_asked(), error, hint)
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn sudo_rs_reads_only_the_password_and_each_sudo_refusal_is_recognised() {
    let machine = Machine::up("password");
    machine.root(
        "apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y sudo-rs libpam-oath >/dev/null 2>&1; \
         echo 'HOTP deploy - 00' >/etc/users.oath; chmod 600 /etc/users.oath; \
         printf 'PerSourcePenalties no\\nMaxAuthTries 20\\n' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh",
    );
    for which in ["sudo-rs", "sudo"] {
        // Before /usr/bin in a login's PATH.
        machine.root(&format!("ln -sf /usr/bin/{which} /usr/local/bin/sudo"));
        let person = Person::who_says(&["wrong", PASSWORD]);
        let mut session = connect(&machine.target(), &person).unwrap();
        assert_eq!(
            person.was_asked(),
            [QUESTION.to_owned(), format!("Sorry, try again. {QUESTION}")],
            "{which}"
        );
        let long = format!("{}id -u; exit\n", ": padding padding padding\n".repeat(100_000));
        for script in ["id -u; exit\n", &long] {
            assert_eq!(run(&mut session, script), ("0\n".to_owned(), String::new()), "{which}");
        }
        // A changed rule is reported, and no line of the script is tried as a password.
        machine.root("echo deploy:another | chpasswd");
        let error = session
            .start(b"touch /tmp/began\nexit\n")
            .and_then(|mut channel| read_all(&mut *channel))
            .unwrap_err();
        assert!(
            error.to_string().contains("no longer accepts the password"),
            "{which}: {error}"
        );
        machine.root(&format!("echo deploy:{PASSWORD} | chpasswd; ! test -e /tmp/began"));
        drop(session);

        machine.root("echo 'Defaults passwd_tries=1' >/etc/sudoers.d/zz");
        connect(&machine.target(), &Person::who_says(&["wrong", PASSWORD])).unwrap();

        machine.root("echo 'Defaults rootpw' >/etc/sudoers.d/zz; echo root:of-root | chpasswd");
        let person = Person::who_says(&[PASSWORD, "of-root"]);
        let mut session = connect(&machine.target(), &person).unwrap();
        assert_eq!(
            person.was_asked()[1],
            "Sorry, try again. [sudo] password for root on 'prod-2': ",
            "{which}"
        );
        assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n", "{which}");
        drop(session);

        machine.root(
            "rm /etc/sudoers.d/zz; cp /etc/pam.d/sudo /root/pam; \
             sed -i '/common-auth/a auth required pam_oath.so usersfile=/etc/users.oath' /etc/pam.d/sudo",
        );
        let (_, error, hint) = refused(&machine, PASSWORD);
        assert!(
            matches!(
                &error,
                SshError::SudoRefused {
                    obstacle: SudoObstacle::AsksMore,
                    ..
                }
            ),
            "{which}: {error:?}"
        );
        assert!(hint.contains("NOPASSWD"), "{which}: {hint}");
        machine.root("mv /root/pam /etc/pam.d/sudo");
    }

    machine.root("echo 'Defaults lecture=always' >/etc/sudoers.d/zz");
    let mut session = connect(&machine.target(), &Person::who_says(&[PASSWORD])).unwrap();
    assert_eq!(run(&mut session, "id -u; exit\n").0, "0\n");

    // The missing terminal is reported at once, without asking for a password.
    machine.root("echo 'Defaults requiretty' >/etc/sudoers.d/zz");
    let (asked, error, hint) = refused(&machine, PASSWORD);
    assert_eq!(asked, [""; 0]);
    assert!(error.to_string().contains("you must have a tty"), "{error}");
    let remedy = hint.split_once("as root: ").unwrap().1;
    machine.root(remedy);
    connect(&machine.target(), &Person::who_says(&[PASSWORD])).unwrap();
}
