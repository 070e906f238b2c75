//! A session: connected, trusted, logged in, and able to start scripts as root.

use crate::error::{Error, Result, SshError};
use crate::executor::connection::{Channel, Connection, Way};
use crate::host_key::{HostKey, PublicKey};
use crate::ssh::ask_secret::AskSecret;
use crate::ssh::connect::transport::Transport;
use crate::ssh::login::login_chain::{LoginChain, Logins, NoQuestions};
use crate::ssh::route::server_route::ServerRoute;
use crate::ssh::session::channel::{ScriptChannel, Shell};
use crate::ssh::session::elevation::{self, Elevation};
use crate::ssh::session::other_ports::OtherPorts;
use crate::ssh::target::LoginTarget;
use crate::ssh::trust::first_contact::FirstContact;
use std::time::{Duration, Instant};

/// The wait after the first failed attempt to reconnect; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many refused passwords in a row a reconnect may cause: more, and fail2ban would lock this computer out.
const PASSWORD_REFUSALS: usize = 2;

/// Connects straight to `target`, whose host key must be recorded, without looking at any SSH configuration; else as
/// [`ServerRoute::connect`].
///
/// # Errors
/// As [`ServerRoute::connect`].
pub fn connect(target: &LoginTarget, ask: &dyn AskSecret) -> Result<Session> {
    ServerRoute::direct(target.clone()).connect(ask, FirstContact::Refuse)
}

impl ServerRoute {
    /// Connects, checks the host key, logs in and makes sure of root, through all jump hosts, whose host keys must be
    /// known. Asks `ask` for what the environment (`INFRAKT_SSH_PASSPHRASE`, `INFRAKT_SSH_PASSWORD`,
    /// `INFRAKT_SUDO_PASSWORD`) does not give. `first_contact` decides on a server whose host key is recorded nowhere.
    ///
    /// # Errors
    /// Every variant of [`SshError`]: all say which server, and what to do next.
    pub fn connect(mut self, ask: &dyn AskSecret, first_contact: FirstContact<'_>) -> Result<Session> {
        let mut logins = Logins::none(&self);
        let mut transport = LoginChain::new(&self, &mut logins, ask, first_contact).complete()?;
        let elevation = elevation::find(&mut transport, self.target(), ask)?;
        // From here on nothing but this very key will do.
        self.target.target.host_key = Some(HostKey::Whole(transport.host_key().clone()));
        Ok(Session {
            route: self,
            transport,
            logins,
            elevation,
            shell: None,
        })
    }
}

/// An authenticated way to one server.
pub struct Session {
    route: ServerRoute,
    transport: Transport,
    logins: Logins,
    elevation: Elevation,
    /// The shell that scripts are run in, one after the other. Dropped after the transport, since saying farewell to a
    /// shell takes a connection that may be gone.
    shell: Option<Shell>,
}

impl Session {
    /// The key that the server has proven to own, to be recorded whole where only its fingerprint was.
    pub fn host_key(&self) -> &PublicKey {
        self.transport.host_key()
    }

    /// The way that led there.
    pub fn route(&self) -> &ServerRoute {
        &self.route
    }
}

impl Connection for Session {
    /// After a channel was dropped while its script still ran, the connection is cut: `start` then fails with
    /// [`SshError::Lost`] until `reconnect`.
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        let shell = match self.shell.take().filter(Shell::is_idle) {
            Some(shell) => shell,
            None => self.elevation.shell(&mut self.transport, &self.route.target().user)?,
        };
        let channel = ScriptChannel::new(&mut self.transport, self.shell.insert(shell), script.to_vec());
        Ok(Box::new(channel))
    }

    /// Same host key, same login, no questions. Root is not proven anew: a script that starts says so by its own output.
    fn reconnect_unless(&mut self, stop: &dyn Fn() -> bool, patience: Duration) -> Result<()> {
        // What is asked for over the next connection must not be done a second time by what is stuck in this one.
        self.transport.forget_unsent();
        self.transport.lose("it is being reopened");
        self.shell = None;
        // A patience beyond what a clock can hold has no end.
        let until = Instant::now().checked_add(patience);
        let mut wait = FIRST_WAIT;
        let mut refusals = 0;
        loop {
            let error =
                match LoginChain::new(&self.route, &mut self.logins, &NoQuestions, FirstContact::Refuse).complete() {
                    Ok(transport) => {
                        self.transport = transport;
                        return Ok(());
                    }
                    Err(error) => error,
                };
            let may_pass = match &error {
                Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }) => true,
                // While a machine starts, PAM lets nobody but root in (pam_nologin(8)).
                Error::Ssh(error) if error.is_denied() => {
                    refusals += 1;
                    refusals < PASSWORD_REFUSALS || !self.logins.by_password()
                }
                _ => false,
            };
            if !may_pass || until.is_some_and(|until| Instant::now() + wait >= until) {
                return Err(error);
            }
            sleep_unless(stop, wait)?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(OtherPorts::new(&self.route, &self.logins))
    }
}

fn sleep_unless(stop: &dyn Fn() -> bool, wait: Duration) -> Result<()> {
    const BEAT: Duration = Duration::from_millis(100);
    let until = Instant::now() + wait;
    while Instant::now() < until {
        if stop() {
            return Err(Error::Interrupted);
        }
        std::thread::sleep(BEAT.min(until.saturating_duration_since(Instant::now())));
    }
    Ok(())
}
