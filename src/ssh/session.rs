//! A session: connected, trusted, logged in, and able to start scripts as root.

use super::authentication::{self, KeyFiles, Login};
use super::channel::ScriptChannel;
use super::elevation::{self, Elevation};
use super::host_key::{HostKey, RecordedKey};
use super::transport::Transport;
use super::trust::{self, Trust};
use super::{AskSecret, Target};
use crate::error::{Error, Result, SshError};
use crate::executor::connection::{Channel, Connection};
use std::time::{Duration, Instant};

/// The wait after the first failed attempt to reconnect; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many refused passwords in a row a reconnect may cause: more, and fail2ban would lock this computer out.
const PASSWORD_REFUSALS: usize = 2;

/// The host key that the server shows to anyone, ed25519 if it has one. Logs nobody in, and trusts nothing: it is for
/// showing its fingerprint to a person.
///
/// # Errors
/// The server can't be reached, or does not speak SSH.
pub fn scan_host_key(target: &Target) -> Result<HostKey> {
    let transport = Transport::open(target, &trust::preference(&[])).map_err(SshError::from)?;
    Ok(transport.host_key().clone())
}

/// Connects, checks the host key, logs in and makes sure of root. Asks `ask` for what the environment
/// (`INFRAKT_SSH_PASSPHRASE`, `INFRAKT_SSH_PASSWORD`, `INFRAKT_SUDO_PASSWORD`) does not give.
///
/// # Errors
/// Every variant of [`SshError`]: all say which server, and what to do next.
pub fn connect(target: &Target, ask: &dyn AskSecret) -> Result<Session> {
    let files = KeyFiles::gather(target)?;
    let mut transport = Trust::of(target).open()?;
    let login = authentication::log_in(&mut transport, target, files, ask)?;
    let elevation = elevation::find(&mut transport, target, ask)?;
    let mut target = target.clone();
    // From here on nothing but this very key will do.
    target.host_key = Some(RecordedKey::Full(transport.host_key().clone()));
    Ok(Session {
        target,
        transport,
        login,
        elevation,
    })
}

/// An authenticated way to one server.
pub struct Session {
    target: Target,
    transport: Transport,
    login: Login,
    elevation: Elevation,
}

impl Session {
    /// The key that the server has proven to own, to be recorded whole where only its fingerprint was.
    pub fn host_key(&self) -> &HostKey {
        self.transport.host_key()
    }

    fn log_in_again(&self) -> Result<Transport> {
        let mut transport = Trust::of(&self.target).open()?;
        authentication::log_in_again(&mut transport, &self.target, &self.login)?;
        Ok(transport)
    }
}

impl Connection for Session {
    /// After a channel was dropped while its script still ran, the connection is cut: `start` then fails with
    /// [`SshError::Lost`] until `reconnect`.
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        let channel = ScriptChannel::open(
            &mut self.transport,
            &self.target.user,
            self.elevation.command(),
            self.elevation.input(script),
        )?;
        Ok(Box::new(channel))
    }

    /// Same host key, same login, no questions. Root is not proven anew: a script that starts says so by its own output.
    fn reconnect(&mut self, patience: Duration) -> Result<()> {
        self.transport.lose("it is being re-opened");
        // A patience beyond what a clock can hold has no end.
        let until = Instant::now().checked_add(patience);
        let mut wait = FIRST_WAIT;
        let mut refusals = 0;
        loop {
            let error = match self.log_in_again() {
                Ok(transport) => {
                    self.transport = transport;
                    return Ok(());
                }
                Err(error) => error,
            };
            let may_pass = match &error {
                Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }) => true,
                // While a machine starts, PAM lets nobody but root in (pam_nologin(8)).
                Error::Ssh(SshError::Denied { .. }) => {
                    refusals += 1;
                    refusals < PASSWORD_REFUSALS || !matches!(self.login, Login::Password(_) | Login::Answers(_))
                }
                _ => false,
            };
            if !may_pass || until.is_some_and(|until| Instant::now() + wait >= until) {
                return Err(error);
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}
