//! Logs in to each host on the way to a server, one after the other. Each host's key is checked before anything secret
//! is sent to it. Keeps what each login succeeded with, so that the chain can be repeated without questions.

use crate::error::{Error, Result, SshError};
use crate::plan::secret::Secret;
use crate::plan::shell::quote;
use crate::ssh::ask_secret::AskSecret;
use crate::ssh::connect::host_socket::HostSocket;
use crate::ssh::connect::jump::Jump;
use crate::ssh::connect::proxy_command::ProxyCommand;
use crate::ssh::connect::tcp;
use crate::ssh::connect::transport::Transport;
use crate::ssh::login::authentication::log_in;
use crate::ssh::login::credentials::{Login, log_in_again};
use crate::ssh::login::offered_keys::KeyFiles;
use crate::ssh::route::server_route::ServerRoute;
use crate::ssh::target::LoginTarget;
use crate::ssh::trust::first_contact::FirstContact;
use crate::ssh::trust::verify::Trust;

/// What the login at each host succeeded with.
#[derive(Clone)]
pub struct Logins(Vec<Option<Login>>);

impl Logins {
    pub fn none(route: &ServerRoute) -> Self {
        Self(route.hops().map(|_| None).collect())
    }

    /// Whether any of them would count as an attempt with a password.
    pub fn by_password(&self) -> bool {
        let is_password = |login: &Login| matches!(login, Login::Password(_) | Login::Answers(_));
        self.0.iter().flatten().any(is_password)
    }
}

/// For repeated logins, which have no questions.
pub struct NoQuestions;

impl AskSecret for NoQuestions {
    fn ask(&self, _prompt: &str) -> Result<Option<Secret>> {
        Ok(None)
    }
}

/// One attempt to reach the server.
pub struct LoginChain<'a> {
    route: &'a ServerRoute,
    logins: &'a mut Logins,
    ask: &'a dyn AskSecret,
    first_contact: FirstContact<'a>,
    /// The host that the error is about.
    trouble: Option<usize>,
}

impl<'a> LoginChain<'a> {
    pub fn new(
        route: &'a ServerRoute,
        logins: &'a mut Logins,
        ask: &'a dyn AskSecret,
        first_contact: FirstContact<'a>,
    ) -> Self {
        Self {
            route,
            logins,
            ask,
            first_contact,
            trouble: None,
        }
    }

    /// Logs in to the server.
    pub fn complete(mut self) -> Result<Transport> {
        self.enter(self.route.jumps.len()).map_err(|error| self.explain(error))
    }

    /// Opens a port of the server that need not be SSH, through its jump hosts. The key of the server is not checked.
    pub fn reach_port(mut self) -> Result<HostSocket> {
        let last = self.route.jumps.len();
        self.socket(last).map_err(|error| self.explain(error))
    }

    /// Logs in to a host.
    fn enter(&mut self, index: usize) -> Result<Transport> {
        let hop = self.route.hop(index);
        // Read before connecting: an unusable key is reported without a connection.
        let files = match self.logins.0.get(index) {
            Some(Some(_)) => None,
            _ => Some(KeyFiles::gather(hop).map_err(|error| self.here(index, error))?),
        };
        let mut transport = self.arrive(index)?;
        let entered = match (self.logins.0.get_mut(index), files) {
            (Some(Some(login)), _) => log_in_again(&mut transport, hop, login),
            (Some(place), Some(files)) => {
                log_in(&mut transport, hop, files, self.ask).map(|login| *place = Some(login))
            }
            // `Logins` has an entry for each host of the route.
            _ => Ok(()),
        };
        entered.map_err(|error| self.here(index, error))?;
        Ok(transport)
    }

    /// Connects to a host and checks its key.
    fn arrive(&mut self, index: usize) -> Result<Transport> {
        let trust = Trust::of(self.route.hop(index));
        let first_contact = self.first_contact;
        trust
            .open(&mut || self.socket(index), first_contact)
            .map_err(|error| self.here(index, error))
    }

    /// A socket that leads to a host.
    fn socket(&mut self, index: usize) -> Result<HostSocket> {
        let hop = self.route.hop(index);
        let socket = match (index.checked_sub(1), &hop.proxy_command) {
            (Some(before), _) => Jump::open(self.enter(before)?, hop),
            (None, Some(command)) => ProxyCommand::start(hop, command),
            (None, None) => tcp::dial(hop),
        };
        socket.map_err(|error| self.here(index, error.into()))
    }

    /// Notes the host of an error, unless it was noted already for a host before it.
    fn here(&mut self, index: usize, error: Error) -> Error {
        self.trouble.get_or_insert(index);
        error
    }

    fn explain(&self, error: Error) -> Error {
        explain(self.route, self.trouble.unwrap_or(self.route.jumps.len()), error)
    }
}

/// Turns an error at a jump host into one about the server behind it.
fn explain(route: &ServerRoute, index: usize, error: Error) -> Error {
    let error = match error {
        Error::Ssh(error) if index < route.jumps.len() => error,
        other => return other,
    };
    let jump = &route.hop(index).target;
    let server = route.target().name.clone();
    let at = |address: &str, reason: &str| format!("the jump host '{}' at {address}: {reason}", jump.name);
    Error::from(match error {
        SshError::Unreachable {
            address: there, reason, ..
        } => SshError::Unreachable {
            reason: at(&there, &reason),
            address: route.target().address(),
            server,
        },
        SshError::Handshake {
            address: there, reason, ..
        } => SshError::Handshake {
            reason: at(&there, &reason),
            address: route.target().address(),
            server,
        },
        SshError::Lost { reason, .. } => SshError::Lost {
            reason: at(&jump.address(), &reason),
            server,
        },
        problem => SshError::JumpHost {
            server,
            jump_host: jump.name.clone(),
            login: ssh_command(route, index, jump),
            problem: Box::new(problem),
        },
    })
}

/// The command with which ssh logs in to a jump host.
fn ssh_command(route: &ServerRoute, index: usize, jump: &LoginTarget) -> String {
    let place = |target: &LoginTarget| {
        let name = match target.name.contains(':') {
            true => format!("[{}]", target.name),
            false => target.name.clone(),
        };
        format!("{}@{name}:{}", target.user, target.port)
    };
    let before: Vec<String> = route.jump_hosts().take(index).map(place).collect();
    let through = match before.is_empty() {
        true => String::new(),
        false => format!(" -J {}", quote(&before.join(","))),
    };
    format!(
        "ssh{through} -p {} {}",
        jump.port,
        quote(&format!("{}@{}", jump.user, jump.name))
    )
}
