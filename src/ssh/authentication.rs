//! Logging in: which identities are offered in which order, and what is said when none was accepted.
//!
//! 1. With a key named for the server: the agent's copy of it, the file itself, then the agent's other keys, so that a
//!    well-filled agent does not use up the tries that the server allows.
//! 2. Without: all keys of the agent, then the usual files of `~/.ssh`.
//! 3. A password, if the server takes one and somebody can be asked.

use super::key_file::{KeyFile, Unlocking};
use super::questions::{Person, Replay};
use super::transport::{Transport, code, code_of};
use super::{AskSecret, Target, printable, secret_of_environment};
use crate::error::{Error, KeyProblem, Result, SshError};
use crate::plan::secret::Secret;
use std::path::Path;

const USUAL_FILES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];
/// How often a person is asked for a password, as in OpenSSH.
const ATTEMPTS: usize = 3;

/// What a login worked with, kept so that the same can be done again without asking.
pub(super) enum Login {
    /// The server asks for nothing.
    Nothing,
    /// The agent signs; the public key in wire format.
    Agent(Vec<u8>),
    /// A decrypted private key.
    Key(Secret),
    Password(Secret),
    /// The answers to what the server asked, in order.
    Answers(Vec<Secret>),
}

/// What became of one offer.
enum Offer {
    Accepted,
    Refused,
    /// The server takes no more offers on this connection.
    HungUp(String),
    /// It could not be offered at all.
    Unusable(String),
}

/// The key files to offer; those that can't be used are explained.
pub(super) struct KeyFiles {
    named: Option<KeyFile>,
    usual: Vec<KeyFile>,
    notes: Vec<String>,
}

impl KeyFiles {
    /// Reads them before there is a connection.
    ///
    /// # Errors
    /// A key that was named, but can't be used. The usual files are only tried if they are there.
    pub(super) fn gather(target: &Target) -> Result<Self> {
        let mut files = Self {
            named: None,
            usual: Vec::new(),
            notes: Vec::new(),
        };
        if let Some(path) = &target.key_path {
            files.named = Some(KeyFile::read(path).map_err(|problem| key_file_error(target, path, problem))?);
            return Ok(files);
        }
        let directory = std::env::home_dir().unwrap_or_default().join(".ssh");
        for path in USUAL_FILES.map(|name| directory.join(name)) {
            match KeyFile::read(&path) {
                Ok(file) => files.usual.push(file),
                Err(KeyProblem::Missing) => {}
                Err(problem) => files.notes.push(format!("the key {} {problem}", path.display())),
            }
        }
        Ok(files)
    }
}

/// Logs in with the first thing that the server accepts.
pub(super) fn log_in(
    transport: &mut Transport,
    target: &Target,
    files: KeyFiles,
    ask: &dyn AskSecret,
) -> Result<Login> {
    let mut attempt = Attempt {
        transport,
        target,
        tried: files.notes,
        offered: Vec::new(),
    };
    let mut agent = Agent::connect(attempt.transport, &mut attempt.tried);
    if let Some(file) = &files.named {
        if let Some(login) = attempt.agent(&mut agent, |blob| file.public.as_deref() == Some(blob))? {
            return Ok(login);
        }
        if let Some(login) = attempt.key_file(file, ask, true)? {
            return Ok(login);
        }
    }
    if let Some(login) = attempt.agent(&mut agent, |_| true)? {
        return Ok(login);
    }
    for file in &files.usual {
        if let Some(login) = attempt.key_file(file, ask, false)? {
            return Ok(login);
        }
    }
    attempt.without_key(ask)
}

/// Logs in once more, without asking anything.
pub(super) fn log_in_again(transport: &mut Transport, target: &Target, login: &Login) -> Result<()> {
    let session = &transport.session;
    let (offer, what) = match login {
        Login::Nothing => {
            // The answer is an error once the server has let us in.
            let _ = session.auth_methods(&target.user);
            let offer = if session.authenticated() {
                Offer::Accepted
            } else {
                Offer::Refused
            };
            (offer, "no credentials".to_owned())
        }
        Login::Agent(blob) => {
            let mut notes = Vec::new();
            match Agent::connect(transport, &mut notes) {
                Some(agent) => (agent.offer(&target.user, blob), "the agent's key".to_owned()),
                None => (
                    Offer::Refused,
                    notes.pop().unwrap_or_else(|| "the SSH agent is gone".to_owned()),
                ),
            }
        }
        Login::Key(text) => (
            judge(session.userauth_pubkey_memory(&target.user, None, text.expose(), None)),
            "the key".to_owned(),
        ),
        Login::Password(password) => (
            judge(session.userauth_password(&target.user, password.expose())),
            "the password".to_owned(),
        ),
        Login::Answers(answers) => {
            let mut replay = Replay(answers.iter());
            (
                judge(session.userauth_keyboard_interactive(&target.user, &mut replay)),
                "the same answers".to_owned(),
            )
        }
    };
    match offer {
        Offer::Accepted => Ok(()),
        Offer::HungUp(reason) => Err(transport.lose(reason).into()),
        Offer::Refused => Err(denied(target, vec![format!("{what}: refused this time")])),
        Offer::Unusable(reason) => Err(denied(target, vec![format!("{what}: {reason}")])),
    }
}

/// One login under way.
struct Attempt<'a> {
    transport: &'a mut Transport,
    target: &'a Target,
    /// What was tried, and what became of it.
    tried: Vec<String>,
    /// The public keys that were refused already.
    offered: Vec<Vec<u8>>,
}

impl Attempt<'_> {
    /// Offers those keys of the agent that `wanted` picks and that were not offered before.
    fn agent(&mut self, agent: &mut Option<Agent>, wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Login>> {
        let Some(agent) = agent else { return Ok(None) };
        for (blob, comment) in agent.identities() {
            if self.offered.contains(&blob) || !wanted(&blob) {
                continue;
            }
            let offer = agent.offer(&self.target.user, &blob);
            self.offered.push(blob.clone());
            if self.settle(offer, format!("the agent's key '{}'", printable(&comment)))? {
                return Ok(Some(Login::Agent(blob)));
            }
        }
        Ok(None)
    }

    fn key_file(&mut self, file: &KeyFile, ask: &dyn AskSecret, named: bool) -> Result<Option<Login>> {
        if file.public.as_ref().is_some_and(|public| self.offered.contains(public)) {
            return Ok(None);
        }
        // Nobody is asked for the passphrase of a key that the server would not look at.
        if file.is_encrypted() && !named && !self.methods()?.contains("publickey") {
            return Ok(None);
        }
        let what = format!("the key {}", file.path.display());
        match file.unlock(ask)? {
            Unlocking::Unlocked(text) => {
                let session = &self.transport.session;
                let offer = judge(session.userauth_pubkey_memory(&self.target.user, None, text.expose(), None));
                self.offered.extend(file.public.clone());
                Ok(self.settle(offer, what)?.then_some(Login::Key(text)))
            }
            Unlocking::WrongPassphrase if named => {
                Err(key_file_error(self.target, &file.path, KeyProblem::WrongPassphrase))
            }
            Unlocking::WrongPassphrase => self.note(format!("{what}: the passphrase is wrong")),
            Unlocking::NoPassphrase => self.note(format!(
                "{what} is encrypted, and no passphrase was given (on a terminal, or in INFRAKT_SSH_PASSPHRASE)"
            )),
            Unlocking::PublicOnly => self.note(format!("{what} {}", KeyProblem::PublicOnly)),
        }
    }

    fn note(&mut self, note: String) -> Result<Option<Login>> {
        self.tried.push(note);
        Ok(None)
    }

    /// A password, or whatever the server asks for; else the end.
    fn without_key(mut self, ask: &dyn AskSecret) -> Result<Login> {
        let methods = self.methods()?;
        if self.transport.session.authenticated() {
            return Ok(Login::Nothing);
        }
        if methods.split(',').any(|method| method == "password") {
            if let Some(login) = self.password(ask)? {
                return Ok(login);
            }
        } else if methods.split(',').any(|method| method == "keyboard-interactive")
            && let Some(login) = self.questions(ask)?
        {
            return Ok(login);
        }
        if self.tried.is_empty() {
            self.tried
                .push("there is no key to offer: no SSH agent, none of the usual files in ~/.ssh".to_owned());
        }
        self.tried
            .push(format!("the server accepts: {}", methods.replace(',', ", ")));
        Err(denied(self.target, self.tried))
    }

    fn password(&mut self, ask: &dyn AskSecret) -> Result<Option<Login>> {
        let question = format!("{}@{}'s password: ", self.target.user, self.target.name);
        for attempt in 0..=ATTEMPTS {
            let (password, what) = if attempt == 0 {
                let given = secret_of_environment("INFRAKT_SSH_PASSWORD");
                (given, "the password of INFRAKT_SSH_PASSWORD")
            } else {
                let again = if attempt > 1 { "Permission denied. " } else { "" };
                let answer = ask.ask(&format!("{again}{question}"))?;
                (answer.filter(|answer| !answer.expose().is_empty()), "the password")
            };
            let Some(password) = password else {
                if attempt == 0 {
                    continue;
                }
                self.tried
                    .push("no (further) password was given (on a terminal, or in INFRAKT_SSH_PASSWORD)".to_owned());
                return Ok(None);
            };
            let session = &self.transport.session;
            let offer = judge(session.userauth_password(&self.target.user, password.expose()));
            if self.settle(offer, what.to_owned())? {
                return Ok(Some(Login::Password(password)));
            }
        }
        Ok(None)
    }

    fn questions(&mut self, ask: &dyn AskSecret) -> Result<Option<Login>> {
        let mut person = Person {
            target: self.target,
            ask,
            given: secret_of_environment("INFRAKT_SSH_PASSWORD"),
            answers: Vec::new(),
            failed: None,
        };
        let session = &self.transport.session;
        let offer = judge(session.userauth_keyboard_interactive(&self.target.user, &mut person));
        if let Some(error) = person.failed {
            return Err(error);
        }
        let what = if person.answers.is_empty() {
            "the server's questions, which nobody was there to answer"
        } else {
            "the answers to the server's questions"
        };
        let answers = person.answers;
        Ok(self.settle(offer, what.to_owned())?.then_some(Login::Answers(answers)))
    }

    /// Whether the offer was accepted; if not, it goes on the list.
    fn settle(&mut self, offer: Offer, what: String) -> Result<bool> {
        match offer {
            Offer::Accepted => return Ok(true),
            Offer::Refused => self.tried.push(format!("{what}: refused")),
            Offer::Unusable(reason) => self.tried.push(format!("{what}: cannot be used ({reason})")),
            Offer::HungUp(_) => {
                self.tried
                    .push(format!("{what}: refused, and the server takes no further tries"));
                return Err(denied(self.target, std::mem::take(&mut self.tried)));
            }
        }
        Ok(false)
    }

    /// What the server offers, comma-separated; empty if it has let us in without anything. Costs a round trip.
    fn methods(&mut self) -> Result<String> {
        let session = &self.transport.session;
        match session.auth_methods(&self.target.user) {
            Ok(methods) => Ok(methods.to_owned()),
            Err(_) if session.authenticated() => Ok(String::new()),
            Err(error) if code::is_lost(code_of(&error)) && !self.tried.is_empty() => {
                self.tried.push("the server takes no further tries".to_owned());
                Err(denied(self.target, std::mem::take(&mut self.tried)))
            }
            Err(error) => Err(self
                .transport
                .lose(format!("during the login ({})", error.message()))
                .into()),
        }
    }
}

/// The user's SSH agent.
struct Agent(ssh2::Agent);

impl Agent {
    /// `None`, and a note, if there is one that can't be used; only `None` if there is none.
    fn connect(transport: &Transport, notes: &mut Vec<String>) -> Option<Self> {
        let path = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty())?;
        let connected = transport.session.agent().and_then(|mut agent| {
            agent.connect()?;
            agent.list_identities()?;
            Ok(agent)
        });
        match connected {
            Ok(agent) => Some(Self(agent)),
            Err(error) => {
                notes.push(format!(
                    "the SSH agent at {} does not answer ({})",
                    Path::new(&path).display(),
                    error.message()
                ));
                None
            }
        }
    }

    /// Public keys with their comments.
    fn identities(&self) -> Vec<(Vec<u8>, String)> {
        let identities = self.0.identities().unwrap_or_default();
        identities
            .iter()
            .map(|identity| (identity.blob().to_vec(), identity.comment().to_owned()))
            .collect()
    }

    fn offer(&self, user: &str, blob: &[u8]) -> Offer {
        let identities = self.0.identities().unwrap_or_default();
        match identities.iter().find(|identity| identity.blob() == blob) {
            Some(identity) => judge(self.0.userauth(user, identity)),
            None => Offer::Unusable("the SSH agent no longer holds it".to_owned()),
        }
    }
}

fn judge(answer: std::result::Result<(), ssh2::Error>) -> Offer {
    match answer {
        Ok(()) => Offer::Accepted,
        Err(error) => match code_of(&error) {
            code::AUTHENTICATION_FAILED | code::PUBLICKEY_UNVERIFIED => Offer::Refused,
            code if code::is_lost(code) => Offer::HungUp(error.message().to_owned()),
            code::FILE | code::METHOD_NONE => Offer::Unusable("SSH cannot read it".to_owned()),
            _ => Offer::Unusable(error.message().to_owned()),
        },
    }
}

fn denied(target: &Target, tried: Vec<String>) -> Error {
    Error::from(SshError::Denied {
        server: target.name.clone(),
        user: target.user.clone(),
        tried,
    })
}

fn key_file_error(target: &Target, path: &Path, problem: KeyProblem) -> Error {
    Error::from(SshError::KeyFile {
        server: target.name.clone(),
        path: path.to_owned(),
        problem,
    })
}
