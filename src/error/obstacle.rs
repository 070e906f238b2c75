//! Why a user gets no shell or no root rights on a server that answered, and how to fix it.

use super::key_problem::KeyProblem;
use crate::plan::shell::quote;
use std::path::PathBuf;

/// Why a user gets no shell, as far as the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The server names the user to log in as.
    OtherUser(String),
    PasswordExpired,
    AccountExpired,
    /// The user's login shell, or a forced command, runs no commands.
    NoLogin,
    /// The user's login shell, or sh, does not exist.
    NoShell,
    /// The machine is starting or stopping, and accepts only root.
    NotYet,
    /// The server ended the connection before all keys were tried.
    TooManyKeys,
    /// Nothing was accepted, and there is a key that must be fixed before it can be offered.
    UnusableKey(PathBuf, Box<KeyProblem>),
    Unclear,
}

/// Why sudo does not make a user root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SudoObstacle {
    /// The rules do not name this user.
    NotAllowed,
    /// `Defaults requiretty`.
    NeedsTerminal,
    PasswordExpired,
    AccountExpired,
    /// It asks for something other than one password.
    AsksMore,
    /// The password that sudo accepted earlier in this session is no longer valid.
    PasswordChanged,
    Silent,
}

impl Obstacle {
    pub(super) fn hint(&self, server: &str, user: &str) -> Option<String> {
        let other_user = format!("infrakt server update {server} --user USER");
        Some(match self {
            Self::OtherUser(other) => format!("infrakt server update {server} --user {}", quote(other)),
            Self::PasswordExpired => {
                format!("log in on a terminal and set a new password for {user}: infrakt server ssh {server}")
            }
            Self::AccountExpired => format!(
                "on the server's console, as root: chage -E -1 {}; or log in as another user: {other_user}",
                quote(user)
            ),
            Self::NoLogin => format!(
                "log in as another user: {other_user}; or allow this one, on the server, as root: usermod -s /bin/sh \
                 {}, without a ForceCommand of its sshd",
                quote(user)
            ),
            Self::NoShell => format!(
                "on the server, as root: usermod -s /bin/sh {}; if its sshd says ChrootDirectory, log in as another \
                 user: {other_user}",
                quote(user)
            ),
            Self::NotYet => format!(
                "wait until the server has started: infrakt server status {server}; if it has started, run on its \
                 console, as root: rm -f /run/nologin /etc/nologin"
            ),
            Self::TooManyKeys => format!(
                "the server allows few attempts, and the SSH agent holds many keys; choose the one for this server: \
                 infrakt server update {server} --key PATH\n\
                 or in ~/.ssh/config, for its Host: IdentityFile PATH and IdentitiesOnly yes"
            ),
            Self::UnusableKey(path, problem) => problem.hint(server, path),
            Self::Unclear => return None,
        })
    }
}

impl SudoObstacle {
    pub(super) fn hint(self, server: &str, user: &str) -> String {
        let quoted = quote(user);
        match self {
            Self::NotAllowed => format!("on the server, as root: usermod -aG sudo {quoted}"),
            Self::NeedsTerminal => {
                format!(
                    "on the server, as root: echo 'Defaults:{user} !requiretty' >/etc/sudoers.d/zz-infrakt-requiretty"
                )
            }
            Self::PasswordExpired => {
                format!("set a new password for {user} there, with passwd: infrakt server ssh {server}")
            }
            Self::AccountExpired => format!("on the server's own console, as root: chage -E -1 {quoted}"),
            Self::AsksMore => format!(
                "infrakt can only answer a single password prompt; to allow sudo without a password for {user}, on \
                 the server, as root: echo '{user} ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-infrakt"
            ),
            Self::PasswordChanged => "run the command again, and give the new password".to_owned(),
            Self::Silent => format!("see what sudo does there, with `sudo id`: infrakt server ssh {server}"),
        }
    }
}
