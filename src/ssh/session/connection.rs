//! A session: connected to a trusted server, logged in, and able to start scripts as root.

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
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The wait after the first failed attempt to reconnect. It doubles up to the longest wait.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often to check whether to stop.
const BEAT: Duration = Duration::from_millis(100);
/// How long an attempt may take that begins after stopping was asked for.
const ANSWER_TO_STOP: Duration = Duration::from_secs(2);
/// The stack of the thread that logs in. Resolvers are plugged into the C library, and some are deep.
const STACK: usize = 512 * 1024;
/// The most refused passwords in a row while reconnecting. After more, fail2ban would block this computer.
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
    /// Connects through all jump hosts, checks the host keys, logs in and makes sure of root. The host keys of jump
    /// hosts must be on record. Asks `ask` for secrets that are not in the environment (`INFRAKT_SSH_PASSPHRASE`,
    /// `INFRAKT_SSH_PASSWORD`, `INFRAKT_SUDO_PASSWORD`). `first_contact` decides about a server whose host key is
    /// recorded nowhere.
    ///
    /// # Errors
    /// Every variant of [`SshError`]: all of them name the server and the next thing to do.
    pub fn connect(mut self, ask: &dyn AskSecret, first_contact: FirstContact<'_>) -> Result<Session> {
        let mut logins = Logins::none(&self);
        let mut transport = LoginChain::new(&self, &mut logins, ask, first_contact).complete()?;
        let elevation = elevation::find(&mut transport, self.target(), ask)?;
        // From here on only this key is accepted.
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

/// A logged-in connection to one server.
pub struct Session {
    route: ServerRoute,
    transport: Transport,
    logins: Logins,
    elevation: Elevation,
    /// The shell that runs scripts, one after the other. Dropped after the transport: closing a shell needs a
    /// connection, which may be lost.
    shell: Option<Shell>,
}

impl Session {
    /// The key that the server has proven to own.
    pub fn host_key(&self) -> &PublicKey {
        self.transport.host_key()
    }

    /// The way that led there.
    pub fn route(&self) -> &ServerRoute {
        &self.route
    }

    /// One attempt to log in, on a thread of its own. Name servers, connections, key exchanges and jump hosts have
    /// deadlines, but take no notice of `stop`. An attempt that was given up ends by its own deadlines, and the connection is
    /// dropped unused.
    ///
    /// # Errors
    /// As [`LoginChain::complete`]; [`Error::Interrupted`] if it was stopped.
    fn log_in_again(&mut self, stop: &dyn Fn() -> bool) -> Result<Transport> {
        // A server that answers soon after the user asked to stop still gets the order.
        let mut stopping: Option<Instant> = None;
        let (route, mut logins) = (self.route.clone(), self.logins.clone());
        let (tell, told) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("login".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let chain = LoginChain::new(&route, &mut logins, &NoQuestions, FirstContact::Refuse);
                let transport = chain.complete();
                // If it was given up, the receiver is gone.
                let _ = tell.send((transport, logins));
            })
            .map_err(|error| self.unreachable(format!("no thread can be started here ({error})")))?;
        loop {
            match told.recv_timeout(BEAT) {
                Ok((transport, logins)) => {
                    // It ends now. That it panicked after its last word would change nothing.
                    let _ = thread.join();
                    self.logins = logins;
                    return transport;
                }
                Err(RecvTimeoutError::Timeout) if stop() => {
                    let since = *stopping.get_or_insert_with(Instant::now);
                    if since.elapsed() >= ANSWER_TO_STOP {
                        return Err(Error::Interrupted);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.unreachable("the attempt to log in ended without a result".to_owned()));
                }
            }
        }
    }

    fn unreachable(&self, reason: String) -> Error {
        let target = self.route.target();
        Error::from(SshError::Unreachable {
            server: target.name.clone(),
            address: target.address(),
            reason,
        })
    }
}

impl Connection for Session {
    /// After a channel was dropped while its script was still running, the connection is cut. `start` then fails with
    /// [`SshError::Lost`] until `reconnect`.
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        let shell = match self.shell.take().filter(Shell::is_idle) {
            Some(shell) => shell,
            None => self.elevation.shell(&mut self.transport, &self.route.target().user)?,
        };
        let channel = ScriptChannel::new(&mut self.transport, self.shell.insert(shell), script.to_vec());
        Ok(Box::new(channel))
    }

    /// Uses the same host key and login, without questions. Does not check root again: a script that starts proves it
    /// by its output.
    fn reconnect_unless(&mut self, stop: &dyn Fn() -> bool, patience: Duration) -> Result<()> {
        // Scripts that are still unsent in this connection must not run in addition to those of the next one.
        self.transport.forget_unsent();
        self.transport.lose("it is being reopened");
        self.shell = None;
        // A longer time than the clock can hold means no limit.
        let until = Instant::now().checked_add(patience);
        let mut wait = FIRST_WAIT;
        let mut refusals = 0;
        loop {
            let error = match self.log_in_again(stop) {
                Ok(transport) => {
                    self.transport = transport;
                    return Ok(());
                }
                Err(error) => error,
            };
            let may_pass = match &error {
                Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }) => true,
                // While a machine boots, PAM lets only root in (pam_nologin(8)).
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
    let until = Instant::now() + wait;
    while Instant::now() < until {
        if stop() {
            return Err(Error::Interrupted);
        }
        std::thread::sleep(BEAT.min(until.saturating_duration_since(Instant::now())));
    }
    Ok(())
}
