//! What the user's SSH configuration says about host keys (ssh_config(5)), beyond the keys on record. infrakt is never
//! less strict than ssh: a setting that it can't honour is refused. docs/ssh.md lists all settings about host keys, and
//! why some make no difference.

use crate::ssh::route::client_config::HostSettings;
use crate::ssh::route::tokens::Tokens;
use std::path::PathBuf;

/// What `ssh -G` prints for a setting that is turned off.
const NONE: &str = "none";

#[derive(Debug, Clone, Default)]
pub struct HostKeySettings {
    /// `RevokedHostKeys`
    pub revoked: Vec<PathBuf>,
    /// `HostKeyAlgorithms`. `None`: all that infrakt supports.
    algorithms: Option<Vec<String>>,
    /// `StrictHostKeyChecking yes`: no unknown key is accepted, not even at the first contact.
    pub strict: bool,
    /// `CheckHostIP`: a key recorded for the address must not contradict either.
    pub check_address: bool,
    /// `RequiredRSASize`, in bits.
    pub smallest_rsa: Option<usize>,
}

impl HostKeySettings {
    /// # Errors
    /// A setting that would make ssh stricter than infrakt can be.
    pub fn of(answer: &HostSettings, tokens: &Tokens<'_>) -> Result<Self, String> {
        if let Some(command) = answer.value("KnownHostsCommand").filter(|command| *command != NONE) {
            return Err(format!(
                "KnownHostsCommand is not supported: what '{command}' says of host keys would be missed; write its output \
                 to a file, name that in UserKnownHostsFile, and set KnownHostsCommand none"
            ));
        }
        let revoked = match answer.values("RevokedHostKeys") {
            [] => Vec::new(),
            [value, ..] if value == NONE => Vec::new(),
            values => {
                let mut paths = Vec::new();
                for value in values {
                    paths.extend(tokens.paths(value).map_err(|why| format!("RevokedHostKeys: {why}"))?);
                }
                paths
            }
        };
        let algorithms = answer
            .said("HostKeyAlgorithms")
            .map(|list| list.split(',').map(str::to_owned).collect());
        Ok(Self {
            revoked,
            algorithms,
            // ssh -G prints `true` for yes.
            strict: matches!(answer.value("StrictHostKeyChecking"), Some("yes" | "true")),
            check_address: answer.value("CheckHostIP") == Some("yes"),
            smallest_rsa: answer.value("RequiredRSASize").and_then(|bits| bits.parse().ok()),
        })
    }

    pub fn allows(&self, algorithm: &str) -> bool {
        let list = self.algorithms.as_ref();
        list.is_none_or(|list| list.iter().any(|allowed| allowed == algorithm))
    }
}
