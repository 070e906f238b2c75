//! Logging in for the first time: the order in which keys and passwords are offered, and the error when none was
//! accepted.
//!
//! 1. If keys are named for the server, by its row or else by the SSH configuration: for each, the agent's copy, then
//!    the file. Then the agent's other keys, so that an agent with many keys does not use up the tries that the server
//!    allows. With `IdentitiesOnly` those are left out.
//! 2. If none are named: all keys of the agent, then the usual files of `~/.ssh`.
//! 3. A password, if the server accepts one and a person can be asked.
//!
//! If a key has a certificate, the certificate is offered first.

use crate::error::{Error, KeyProblem, Obstacle, Result};
use crate::plan::printable::one_line;
use crate::plan::secret::Secret;
use crate::ssh::ask_secret::{AskSecret, secret_of_environment};
use crate::ssh::connect::libssh2_error::{self, code_of};
use crate::ssh::connect::transport::Transport;
use crate::ssh::login::agent::Agent;
use crate::ssh::login::certificate::Certificate;
use crate::ssh::login::credentials::Login;
use crate::ssh::login::key_file::Unlocking;
use crate::ssh::login::keyboard_interactive::PersonAnswers;
use crate::ssh::login::offer::{Offer, denied, judge, offer_of_agent};
use crate::ssh::login::offered_keys::{Candidate, KeyFiles, KeySource, key_file_error};
use crate::ssh::route::server_route::Hop;
use crate::ssh::server_messages;
use std::path::PathBuf;

/// How often a person is asked for a password, as in OpenSSH.
const ATTEMPTS: usize = 3;
/// The number of refused keys that are named above a question for a password.
const MOST_REFUSALS_SHOWN: usize = 5;

/// Logs in with the first offer that the server accepts.
pub fn log_in(transport: &mut Transport, hop: &Hop, files: KeyFiles, ask: &dyn AskSecret) -> Result<Login> {
    let certificates = files.all_certificates();
    let KeyFiles {
        candidates,
        certificates: configured,
        mut notes,
        unusable,
    } = files;
    let agent = Agent::connect(&transport.session, &hop.identities.agent, &certificates, &mut notes);
    let mut attempt = Attempt {
        transport,
        hop,
        tried: notes,
        offered: Vec::new(),
        refused: 0,
        unusable,
        certificates,
    };
    let only = hop.identities.only;
    let (first, last): (Vec<Candidate>, Vec<Candidate>) = candidates
        .into_iter()
        .partition(|candidate| only || candidate.source != KeySource::UsualFile);
    for candidate in &first {
        let certified = |blob: &[u8]| candidate.certificates.iter().any(|known| known.blob == blob);
        for wanted in [&certified as &dyn Fn(&[u8]) -> bool, &|blob: &[u8]| {
            candidate.file.public.as_deref() == Some(blob)
        }] {
            if let Some(login) = attempt.agent(agent.as_ref(), wanted)? {
                return Ok(login);
            }
        }
        if let Some(login) = attempt.key_file(candidate, ask)? {
            return Ok(login);
        }
    }
    let others = |blob: &[u8]| !only || configured.iter().any(|certificate| certificate.blob == blob);
    if let Some(login) = attempt.agent(agent.as_ref(), &others)? {
        return Ok(login);
    }
    for candidate in &last {
        if let Some(login) = attempt.key_file(candidate, ask)? {
            return Ok(login);
        }
    }
    attempt.without_key(ask)
}

/// A login in progress.
struct Attempt<'a> {
    transport: &'a mut Transport,
    hop: &'a Hop,
    /// What was tried, each with its result.
    tried: Vec<String>,
    /// The public keys and certificates that were refused.
    offered: Vec<Vec<u8>>,
    /// The number of refusals.
    refused: usize,
    /// The first key that could not be offered, and what is wrong with its file.
    unusable: Option<(PathBuf, KeyProblem)>,
    /// All known certificates, to tell when a refused one has expired.
    certificates: Vec<Certificate>,
}

impl Attempt<'_> {
    /// Offers the keys of the agent that `wanted` selects and that were not offered before.
    fn agent(&mut self, agent: Option<&Agent>, wanted: &dyn Fn(&[u8]) -> bool) -> Result<Option<Login>> {
        let Some(agent) = agent else { return Ok(None) };
        for identity in agent.identities() {
            let blob = &identity.blob;
            if self.offered.contains(blob) || !wanted(blob) {
                continue;
            }
            let offer = offer_of_agent(agent, &self.hop.target.user, blob);
            self.offered.push(blob.clone());
            let expired = self.expiry(blob);
            let what = format!(
                "the key '{}'{expired} of the agent at {}",
                one_line(&identity.comment),
                agent.place().display()
            );
            if self.settle(offer, what)? {
                return Ok(Some(Login::Agent(blob.clone())));
            }
        }
        Ok(None)
    }

    fn expiry(&self, blob: &[u8]) -> String {
        let certificate = self.certificates.iter().find(|certificate| certificate.blob == blob);
        let expiry = certificate.and_then(Certificate::expiry);
        expiry.map_or(String::new(), |expiry| format!(" ({expiry})"))
    }

    fn key_file(&mut self, candidate: &Candidate, ask: &dyn AskSecret) -> Result<Option<Login>> {
        let file = &candidate.file;
        let is_offered = |offered: &[Vec<u8>], blob: &Vec<u8>| offered.contains(blob);
        let certificates: Vec<&Certificate> = candidate
            .certificates
            .iter()
            .filter(|certificate| !is_offered(&self.offered, &certificate.blob))
            .collect();
        let plain = !file
            .public
            .as_ref()
            .is_some_and(|public| is_offered(&self.offered, public));
        if !plain && certificates.is_empty() {
            return Ok(None);
        }
        let by_row = candidate.source == KeySource::Row;
        // A person is not asked for the passphrase of a key if the server accepts no keys.
        if file.is_encrypted() && !by_row && !self.methods()?.contains("publickey") {
            return Ok(None);
        }
        let what = candidate.what();
        match file.unlock(ask)? {
            Unlocking::Unlocked(text) => {
                let user = &self.hop.target.user;
                for certificate in certificates {
                    let Some(line) = certificate.line() else { continue };
                    let session = &self.transport.session;
                    let offer = judge(session.userauth_pubkey_memory(user, Some(&line), text.expose(), None));
                    self.offered.push(certificate.blob.clone());
                    let expired = self.expiry(&certificate.blob);
                    let what = format!("{what} with the certificate {}{expired}", certificate.path.display());
                    if self.settle(offer, what)? {
                        return Ok(Some(Login::Key(text, Some(line))));
                    }
                }
                if !plain {
                    return Ok(None);
                }
                // Without the public half, libssh2 derives it, which costs as much as the rest of the login.
                let line = file.public_line();
                let session = &self.transport.session;
                let offer = judge(session.userauth_pubkey_memory(user, line.as_deref(), text.expose(), None));
                self.offered.extend(file.public.clone());
                Ok(self.settle(offer, what)?.then_some(Login::Key(text, line)))
            }
            Unlocking::WrongPassphrase if by_row => Err(key_file_error(
                &self.hop.target,
                &file.path,
                KeyProblem::WrongPassphrase,
            )),
            Unlocking::WrongPassphrase => self.note(format!("{what}: the passphrase is wrong")),
            Unlocking::NoPassphrase => self.note(format!(
                "{what} is encrypted, and no passphrase was given (on a terminal, or in INFRAKT_SSH_PASSPHRASE)"
            )),
            Unlocking::PublicOnly => {
                let unusable = (file.path.clone(), KeyProblem::PublicOnly);
                self.unusable.get_or_insert(unusable);
                self.note(format!("{what} {}", KeyProblem::PublicOnly))
            }
            Unlocking::OnToken => self.note(format!(
                "{what} is on a security token, which works through an SSH agent only, and none has it: ssh-add {}",
                crate::plan::shell::quote(&file.path.to_string_lossy())
            )),
        }
    }

    fn note(&mut self, note: String) -> Result<Option<Login>> {
        self.tried.push(note);
        Ok(None)
    }

    /// Tries a password, or the server's own questions. If that fails, returns the error for the whole login.
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
            .push(format!("the server accepts: {}", one_line(&methods.replace(',', ", "))));
        let said = banner(self.transport).map_or(Obstacle::Unclear, |words| server_messages::obstacle(&words));
        let obstacle = match (said, self.unusable) {
            (Obstacle::Unclear, Some((path, problem))) => Obstacle::UnusableKey(path, Box::new(problem)),
            (said, _) => said,
        };
        Err(denied(self.hop, self.tried, obstacle))
    }

    fn password(&mut self, ask: &dyn AskSecret) -> Result<Option<Login>> {
        let target = &self.hop.target;
        let question = format!("{}@{}'s password: ", target.user, target.name);
        for attempt in 0..=ATTEMPTS {
            let (password, what) = if attempt == 0 {
                (self.given_password(), "the password of INFRAKT_SSH_PASSWORD")
            } else {
                // A person should know first why no key was enough.
                let before = match attempt {
                    1 => self.refusals(),
                    _ => "Permission denied. ".to_owned(),
                };
                let answer = ask.ask(&format!("{before}{question}"))?;
                (answer.filter(|answer| !answer.expose().is_empty()), "the password")
            };
            let Some(password) = password else {
                if attempt == 0 {
                    continue;
                }
                let or_given = if self.hop.is_jump {
                    ""
                } else {
                    ", or in INFRAKT_SSH_PASSWORD"
                };
                self.tried
                    .push(format!("no (further) password was given (on a terminal{or_given})"));
                return Ok(None);
            };
            let session = &self.transport.session;
            let offer = judge(session.userauth_password(&target.user, password.expose()));
            if self.settle(offer, what.to_owned())? {
                return Ok(Some(Login::Password(password)));
            }
        }
        Ok(None)
    }

    /// What was tried without success so far, a line each, to stand above a question.
    fn refusals(&self) -> String {
        let target = &self.hop.target;
        let lines = self.tried.iter().take(MOST_REFUSALS_SHOWN);
        lines
            .map(|tried| format!("{}@{}: {}\n", target.user, target.name, one_line(tried)))
            .collect()
    }

    fn questions(&mut self, ask: &dyn AskSecret) -> Result<Option<Login>> {
        let mut person = PersonAnswers {
            target: &self.hop.target,
            ask,
            given: self.given_password(),
            before: self.refusals(),
            answers: Vec::new(),
            failed: None,
        };
        let session = &self.transport.session;
        let offer = judge(session.userauth_keyboard_interactive(&self.hop.target.user, &mut person));
        if let Some(error) = person.failed {
            return Err(error);
        }
        let what = if person.answers.is_empty() {
            "the server's questions, without a person to answer them"
        } else {
            "the answers to the server's questions"
        };
        let answers = person.answers;
        Ok(self.settle(offer, what.to_owned())?.then_some(Login::Answers(answers)))
    }

    /// Whether the offer was accepted. If not, it is added to the list.
    fn settle(&mut self, offer: Offer, what: String) -> Result<bool> {
        match offer {
            Offer::Accepted => return Ok(true),
            Offer::Refused => {
                self.refused += 1;
                self.tried.push(format!("{what}: refused"));
            }
            Offer::Unusable(reason) => self.tried.push(format!("{what}: cannot be used ({reason})")),
            Offer::HungUp(_) => {
                self.tried
                    .push(format!("{what}: refused, and the server takes no further tries"));
                return Err(self.turned_away());
            }
        }
        Ok(false)
    }

    /// The error for a server that ended the connection during the login.
    fn turned_away(&mut self) -> Error {
        // libssh2 makes the banner available only after a request for the methods; the request itself fails here. PAM's
        // reason for a refusal comes as a banner (RFC 4252, section 5.4).
        let _ = self.transport.session.auth_methods(&self.hop.target.user);
        let words = banner(self.transport);
        let mut tried = std::mem::take(&mut self.tried);
        let mut obstacle = Obstacle::Unclear;
        if let Some(words) = words {
            obstacle = server_messages::obstacle(&words);
            tried.push(format!(
                "the server says: {}",
                server_messages::last_of(&words, "nothing")
            ));
        }
        // Named keys are offered first, so the limit did not keep any of them from being tried.
        let names_keys = self.hop.target.key_path.is_some() || self.hop.identities.files.is_some();
        if obstacle == Obstacle::Unclear && self.refused > 0 && !names_keys {
            obstacle = Obstacle::TooManyKeys;
        }
        denied(self.hop, tried, obstacle)
    }

    /// The password of the environment is the server's: a jump host must not see it.
    fn given_password(&self) -> Option<Secret> {
        if self.hop.is_jump {
            None
        } else {
            secret_of_environment("INFRAKT_SSH_PASSWORD")
        }
    }

    /// The methods that the server accepts, comma-separated. Empty if it let the user in without any. Costs a round
    /// trip.
    fn methods(&mut self) -> Result<String> {
        let session = &self.transport.session;
        match session.auth_methods(&self.hop.target.user) {
            Ok(methods) => Ok(methods.to_owned()),
            Err(_) if session.authenticated() => Ok(String::new()),
            Err(error) if libssh2_error::is_lost(code_of(&error)) && !self.tried.is_empty() => {
                self.tried.push("the server takes no further tries".to_owned());
                Err(self.turned_away())
            }
            Err(error) => Err(self
                .transport
                .lose(format!("during the login ({})", error.message()))
                .into()),
        }
    }
}

/// The server's banner.
fn banner(transport: &Transport) -> Option<String> {
    let words = transport.session.userauth_banner().ok()??;
    (!words.trim().is_empty()).then(|| words.to_owned())
}
