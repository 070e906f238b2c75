//! Errors of the connection to a server: name, network, host key, login, sudo, a broken channel.

use super::Exit;
use super::key_problem::KeyProblem;
use super::obstacle::{Obstacle, SudoObstacle};
use crate::plan::shell::quote;
use std::path::PathBuf;

/// Why a server could not be reached, trusted or used.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The name has no address, or nothing answers at it.
    #[error("cannot reach '{server}' at {address}: {reason}")]
    Unreachable {
        server: String,
        address: String,
        reason: String,
    },
    /// Something answers, but the SSH handshake failed.
    #[error("no SSH connection with '{server}' at {address}: {reason}")]
    Handshake {
        server: String,
        address: String,
        reason: String,
    },
    /// The user's SSH configuration can't be used for this host.
    #[error("the SSH configuration for '{host}' can't be used: {reason}")]
    Configuration { host: String, reason: String },
    /// The connection failed at a jump host.
    #[error("cannot reach '{server}' through its jump host: {problem}")]
    JumpHost {
        server: String,
        jump_host: String,
        /// The ssh command that logs in to the jump host.
        login: String,
        /// The same error, about the jump host instead of the server.
        problem: Box<SshError>,
    },
    /// The server's key is neither recorded nor certified.
    #[error("the host key of '{server}' is not known: it offers {algorithm} {fingerprint}")]
    HostKeyUnknown {
        server: String,
        algorithm: String,
        fingerprint: String,
    },
    /// The server's key is not known, and the SSH configuration forbids accepting unknown keys.
    #[error(
        "the host key of '{server}' is not known, and StrictHostKeyChecking yes forbids accepting it: it offers \
         {algorithm} {fingerprint}"
    )]
    HostKeyNotTaken {
        server: String,
        algorithm: String,
        fingerprint: String,
    },
    /// The server offers a different key than the recorded one.
    #[error(
        "the host key of '{server}' has changed: recorded is {recorded} ({place}), but it offers {algorithm} \
         {offered}; the machine was reinstalled, its address leads to another machine, or someone is intercepting the \
         connection"
    )]
    HostKeyChanged {
        server: String,
        recorded: String,
        /// Where it is recorded: the inventory, or a file with its line.
        place: String,
        algorithm: String,
        offered: String,
    },
    /// A known_hosts file marks this key as revoked.
    #[error("the host key {fingerprint} that '{server}' offers is marked as revoked in {place}")]
    HostKeyRevoked {
        server: String,
        fingerprint: String,
        place: String,
    },
    /// A configured private key can't be used.
    #[error("the key {} {problem}", path.display())]
    KeyFile {
        server: String,
        path: PathBuf,
        problem: KeyProblem,
    },
    /// The server accepted none of the keys and passwords offered.
    #[error("'{server}' denied the login of {user}: {}", tried.join("; "))]
    Denied {
        server: String,
        user: String,
        /// Each attempt with its result; never empty.
        tried: Vec<String>,
        obstacle: Obstacle,
    },
    #[error("'{server}' has no sudo, and {user} is not root")]
    SudoMissing { server: String, user: String },
    /// A password is needed, and there is no terminal to ask on.
    #[error("sudo on '{server}' needs the password of {user}, and there is no terminal to ask for it on")]
    SudoNeedsPassword { server: String, user: String },
    #[error("sudo on '{server}' does not accept the password of {user}{}", origin(*from_environment))]
    SudoWrongPassword {
        server: String,
        user: String,
        /// The password came from `INFRAKT_SUDO_PASSWORD`.
        from_environment: bool,
    },
    /// sudo works, but not for this user.
    #[error("sudo on '{server}' refuses to make {user} root: {said}")]
    SudoRefused {
        server: String,
        user: String,
        /// What sudo itself said.
        said: String,
        obstacle: SudoObstacle,
    },
    /// The login worked, but the server starts no shell.
    #[error("'{server}' accepted the login of {user}, but starts no shell: {reason}")]
    NoCommand {
        server: String,
        user: String,
        /// What the server said, if anything.
        reason: String,
        obstacle: Obstacle,
    },
    /// The connection broke. What the script on the server did since then is not known.
    #[error("the connection to '{server}' was lost: {reason}")]
    Lost { server: String, reason: String },
}

fn origin(from_environment: bool) -> &'static str {
    if from_environment {
        " (it came from INFRAKT_SUDO_PASSWORD)"
    } else {
        ""
    }
}

impl SshError {
    /// Whether the server, or a jump host on the way, denied the login.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Denied { .. } => true,
            Self::JumpHost { problem, .. } => problem.is_denied(),
            _ => false,
        }
    }

    /// Whether the message names the server.
    pub(super) fn names_server(&self) -> bool {
        !matches!(self, Self::Configuration { .. } | Self::KeyFile { .. })
    }

    pub(super) fn exit(&self) -> Exit {
        Exit::Unreachable
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Handshake { .. } => "handshake",
            Self::Configuration { .. } => "ssh_configuration",
            Self::JumpHost { .. } => "jump_host",
            Self::HostKeyUnknown { .. } | Self::HostKeyNotTaken { .. } => "host_key_unknown",
            Self::HostKeyChanged { .. } => "host_key_changed",
            Self::HostKeyRevoked { .. } => "host_key_revoked",
            Self::KeyFile { .. } => "key_file",
            Self::Denied { .. } => "login_denied",
            Self::SudoMissing { .. } => "sudo_missing",
            Self::SudoNeedsPassword { .. } => "sudo_needs_password",
            Self::SudoWrongPassword { .. } => "sudo_wrong_password",
            Self::SudoRefused { .. } => "sudo_refused",
            Self::NoCommand { .. } => "no_command",
            Self::Lost { .. } => "connection_lost",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreachable { server, .. } | Self::Handshake { server, .. } => {
                format!("check its address and port: infrakt server show {server}")
            }
            Self::Configuration { host, .. } => format!("show the configuration ssh uses: ssh -G {}", quote(host)),
            Self::JumpHost { login, problem, .. } => match problem.as_ref() {
                Self::HostKeyUnknown { algorithm, .. } => format!(
                    "compare it on the jump host's console: {}\n\
                     if it matches, let ssh record it: {login} exit",
                    console_command(algorithm)
                ),
                Self::HostKeyChanged { algorithm, place, .. } => format!(
                    "only if you know why it changed, compare it on the jump host's console: {}\n\
                     if it matches, remove the old one ({}), and let ssh record it: {login} exit",
                    console_command(algorithm),
                    place.trim_start_matches("in ")
                ),
                Self::Denied { .. } => format!("check how ssh logs in there: {login}"),
                problem => return problem.hint(),
            },
            Self::HostKeyUnknown {
                server,
                algorithm,
                fingerprint,
            }
            | Self::HostKeyNotTaken {
                server,
                algorithm,
                fingerprint,
            } => format!(
                "compare it on the server's console: {}\n\
                 if it matches: infrakt server update {server} --host-key {fingerprint}",
                console_command(algorithm)
            ),
            Self::HostKeyChanged {
                server,
                algorithm,
                offered,
                ..
            } => format!(
                "only if you know why it changed, compare it on the server's console: {}\n\
                 if it matches: infrakt server update {server} --host-key {offered}",
                console_command(algorithm)
            ),
            Self::HostKeyRevoked { .. } => "do not connect; give the server a new host key on its console, as root: \
                 rm -f /etc/ssh/ssh_host_* && ssh-keygen -A"
                .to_owned(),
            Self::KeyFile { server, path, problem } => problem.hint(server, path),
            Self::Denied {
                server, user, obstacle, ..
            } => obstacle.hint(server, user).unwrap_or_else(|| {
                format!(
                    "set the right user and key: infrakt server update {server} --user USER --key PATH\n\
                     the log of its sshd says why, on its console: journalctl -u ssh"
                )
            }),
            Self::SudoMissing { server, .. } => format!(
                "on the server, as root: apt-get install sudo; or log in as root: infrakt server update {server} \
                 --user root"
            ),
            Self::SudoNeedsPassword { .. }
            | Self::SudoWrongPassword {
                from_environment: true, ..
            } => "give it in the environment variable INFRAKT_SUDO_PASSWORD, or run infrakt on a terminal to be asked"
                .to_owned(),
            Self::SudoWrongPassword { user, .. } => {
                format!("set a new one on the server, as root: passwd {}", quote(user))
            }
            Self::SudoRefused {
                server, user, obstacle, ..
            } => obstacle.hint(server, user),
            Self::NoCommand {
                server, user, obstacle, ..
            } => obstacle.hint(server, user).unwrap_or_else(|| {
                format!(
                    "check the login shell of {user}, and ForceCommand and MaxSessions of the server's sshd: infrakt \
                     server ssh {server}"
                )
            }),
            Self::Lost { server, .. } => format!("check whether it is up: infrakt server status {server}"),
        })
    }
}

/// The command that prints, on the server, the fingerprint of its host key of this type.
fn console_command(algorithm: &str) -> String {
    let family = if algorithm.starts_with("ecdsa") {
        "ecdsa"
    } else if algorithm.contains("rsa") {
        "rsa"
    } else {
        "ed25519"
    };
    format!("ssh-keygen -lf /etc/ssh/ssh_host_{family}_key.pub")
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, Exit, KeyProblem, SshError};

    #[test]
    fn a_changed_host_key_shows_both_keys_what_it_can_mean_and_what_to_do() {
        let error = Error::from(SshError::HostKeyChanged {
            server: "prod-2".into(),
            recorded: "SHA256:old".into(),
            place: "the inventory".into(),
            algorithm: "ssh-ed25519".into(),
            offered: "SHA256:new".into(),
        });
        let message = error.to_string();
        assert!(
            message.contains("SHA256:old") && message.contains("SHA256:new"),
            "{message}"
        );
        assert!(message.contains("reinstalled"), "{message}");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("infrakt server update prod-2 --host-key SHA256:new"),
            "{hint}"
        );
        assert!(hint.contains("ssh_host_ed25519_key.pub"), "{hint}");
        assert_eq!(error.exit(), Exit::Unreachable);
    }

    #[test]
    fn the_command_for_a_key_with_a_space_in_its_name_can_be_pasted() {
        let error = Error::from(SshError::KeyFile {
            server: "prod-2".into(),
            path: "/home/me/my key".into(),
            problem: KeyProblem::TooOpen(0o644),
        });
        assert_eq!(error.hint().as_deref(), Some("chmod 600 '/home/me/my key'"));
        assert!(error.to_string().contains("mode 0644"), "{error}");
    }
}
