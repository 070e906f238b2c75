//! Accounts that get no shell on a real machine: its message is shown, and the hint works.

use crate::lab::machine::{Machine, PASSWORD, failure};
use crate::server::{Person, read_all, ssh_error};
use infrakt::error::{Error, Obstacle, SshError};
use infrakt::executor::connection::Connection;
use infrakt::ssh::{LoginTarget, connect};

/// The error of the login or of the first script.
fn first_script(target: &LoginTarget) -> SshError {
    let person = Person::who_says(&[PASSWORD]);
    let mut session = match connect(target, &person) {
        Ok(session) => session,
        Err(error) => return ssh_error(error),
    };
    let started = session.start(b"id -u; exit\n");
    ssh_error(started.and_then(|mut channel| read_all(&mut *channel)).unwrap_err())
}

fn obstacle(error: &SshError) -> &Obstacle {
    match error {
        SshError::NoCommand { obstacle, .. } | SshError::Denied { obstacle, .. } => obstacle,
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn expired_closed_and_shell_less_accounts_each_get_their_own_hint() {
    let machine = Machine::up("nopasswd");
    machine.root("echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh");
    let deploy = machine.target();
    let root = LoginTarget {
        user: "root".to_owned(),
        ..machine.target()
    };
    for (user, target) in [("deploy", &deploy), ("root", &root)] {
        for (broken, repair, expected, word, remedy) in [
            (
                "chage -d 0 USER",
                "chage -d 2026-01-01 USER",
                Obstacle::PasswordExpired,
                "password",
                "infrakt server ssh prod-2",
            ),
            (
                "chage -E 1 USER",
                "chage -E -1 USER",
                Obstacle::AccountExpired,
                "account has expired",
                "chage -E -1 USER",
            ),
            (
                "usermod -s /usr/sbin/nologin USER",
                "usermod -s /bin/bash USER",
                Obstacle::NoLogin,
                "not available",
                "usermod -s /bin/sh USER",
            ),
        ] {
            machine.root(&broken.replace("USER", user));
            let error = first_script(target);
            assert_eq!(*obstacle(&error), expected, "{broken}, {user}: {error:?}");
            assert!(error.to_string().contains(word), "{broken}, {user}: {error}");
            let hint = Error::from(error).hint().unwrap();
            assert!(hint.contains(&remedy.replace("USER", user)), "{broken}, {user}: {hint}");
            machine.root(&repair.replace("USER", user));
        }
    }

    machine.root("echo 'Back on Monday, says the admin.' >/etc/nologin");
    let error = failure(&deploy, &Person::silent());
    assert!(error.to_string().contains("Back on Monday, says the admin."), "{error}");
    machine.root("rm /etc/nologin");

    // sshd does not say why. Its log does, and the hint says how to read it.
    machine.root("usermod -s /bin/missing deploy");
    let error = failure(&deploy, &Person::silent());
    assert_eq!(*obstacle(&error), Obstacle::Unclear, "{error:?}");
    let hint = Error::from(error).hint().unwrap();
    assert!(hint.contains("journalctl"), "{hint}");
    machine.root("usermod -s /bin/bash deploy");
    connect(&deploy, &Person::silent()).unwrap();
}
