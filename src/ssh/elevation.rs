//! Becoming root on the server: directly, or through sudo with or without a password.
//!
//! What sudo says depends on its language, version and configuration, so success is recognised by a line that only a
//! started shell can print, and a wrong password by sudo's asking again. Its words are only shown.

use super::channel::{ScriptChannel, Shell};
use super::transport::Transport;
use super::{AskSecret, Target, printable, secret_of_environment};
use crate::error::{Error, Result, SshError};
use crate::executor::connection::{Channel, Incoming};
use crate::plan::secret::Secret;
use std::time::{Duration, Instant};

/// How often a person is asked for the password, as in sudo.
const ATTEMPTS: usize = 3;
/// How long sudo may take to answer: PAM delays failures by some seconds, and a directory service may be asked.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is kept of the output, start-up files of the login shell included.
const WORDS: usize = 64 * 1024;

/// How a script becomes root.
pub(super) enum Elevation {
    /// The login is root's already.
    None,
    Sudo,
    SudoWithPassword(Secret),
}

impl Elevation {
    /// What is executed: free of anything that login shells such as fish or csh read differently from sh.
    pub(super) fn command(&self) -> &'static str {
        match self {
            Self::None => "sh -s",
            Self::Sudo => "sudo -n sh -s",
            // -k: a cached ticket would let sudo ask for nothing. Should it ask for nothing all the same, because its
            // rules were changed meanwhile, `read` takes the password, and it never becomes a line of the script.
            Self::SudoWithPassword(_) => "sudo -k -S -p '' sh -c 'read -r line; exec sh -s'",
        }
    }

    /// Standard input: what sudo wants, then the script.
    pub(super) fn input(&self, script: &[u8]) -> Vec<u8> {
        match self {
            Self::None | Self::Sudo => script.to_vec(),
            Self::SudoWithPassword(password) => {
                // One line for sudo and one for `read`; if sudo takes none, `read` takes the first, and the shell gets
                // an empty one.
                let password = password.expose().as_bytes();
                let mut input = Vec::with_capacity(password.len() + 2 + script.len());
                input.extend_from_slice(password);
                input.extend_from_slice(b"\n\n");
                input.extend_from_slice(script);
                input
            }
        }
    }
}

/// Finds out how to become root, and proves it.
pub(super) fn find(transport: &mut Transport, target: &Target, ask: &dyn AskSecret) -> Result<Elevation> {
    if target.user == "root" {
        return Ok(Elevation::None);
    }
    let server = target.name.clone();
    let user = target.user.clone();
    // -k here too: what works only by a cached ticket would stop working in the middle of a run.
    match probe(transport, target, "sudo -k -n", None)? {
        Answer::Root => return Ok(Elevation::Sudo),
        Answer::NoSudo => return Err(Error::from(SshError::SudoMissing { server, user })),
        Answer::NotRoot(said) => return Err(Error::from(SshError::SudoRefused { server, user, said })),
        Answer::Ended(_) | Answer::AskedAgain => {}
    }
    let given = secret_of_environment("INFRAKT_SUDO_PASSWORD");
    let question = format!("[sudo] password for {user} on '{server}': ");
    let mut again = "";
    for _ in 0..ATTEMPTS {
        let password = match &given {
            Some(given) => given.clone(),
            None => match ask.ask(&format!("{again}{question}"))? {
                Some(answer) if !answer.expose().is_empty() => answer,
                _ if again.is_empty() => return Err(Error::from(SshError::SudoNeedsPassword { server, user })),
                _ => break,
            },
        };
        match probe(transport, target, "sudo -k -S", Some(&password))? {
            Answer::Root => return Ok(Elevation::SudoWithPassword(password)),
            Answer::NoSudo => return Err(Error::from(SshError::SudoMissing { server, user })),
            Answer::Ended(said) | Answer::NotRoot(said) => {
                return Err(Error::from(SshError::SudoRefused { server, user, said }));
            }
            Answer::AskedAgain if given.is_some() => break,
            Answer::AskedAgain => again = "Sorry, try again. ",
        }
    }
    Err(Error::from(SshError::SudoWrongPassword {
        server,
        user,
        from_environment: given.is_some(),
    }))
}

/// What came of asking sudo for a shell.
enum Answer {
    Root,
    /// A shell, but not root's.
    NotRoot(String),
    NoSudo,
    /// It asked for the password a second time, so the first was wrong.
    AskedAgain,
    /// No shell; what it said.
    Ended(String),
}

fn probe(transport: &mut Transport, target: &Target, sudo: &str, password: Option<&Secret>) -> Result<Answer> {
    let (start, proof) = (word()?, word()?);
    // A prompt of our own, so that its second appearance can be counted, whatever language the server speaks.
    let (prompt, input) = match password {
        Some(password) => (word()?, format!("{}\n", password.expose()).into_bytes()),
        None => (String::new(), Vec::new()),
    };
    let option = if prompt.is_empty() {
        String::new()
    } else {
        format!(" -p {prompt}")
    };
    let command = format!("echo {start}; {sudo}{option} sh -c 'echo {proof}; id -u'");
    let mut shell = Shell::open(transport, &target.user, &command)?;
    let mut channel = ScriptChannel::new(transport, &mut shell, input);
    let (mut output, mut words) = (Vec::new(), Vec::new());
    let until = Instant::now() + PATIENCE;
    let mut asked_again = false;
    loop {
        match channel.receive(until.saturating_duration_since(Instant::now()))? {
            Incoming::Stdout(bytes) => keep(&mut output, &bytes),
            Incoming::Stderr(bytes) => keep(&mut words, &bytes),
            Incoming::Closed => break,
            Incoming::Quiet => {
                drop(channel);
                return Err(Error::from(SshError::SudoRefused {
                    server: target.name.clone(),
                    user: target.user.clone(),
                    said: format!("no answer within {} s", PATIENCE.as_secs()),
                }));
            }
        }
        if !prompt.is_empty() && !asked_again && String::from_utf8_lossy(&words).matches(&prompt).count() > 1 {
            // Without more to read sudo gives up, and counts one failure only.
            asked_again = true;
            channel.send_eof();
        }
    }
    let status = channel.exit_status();
    let output = String::from_utf8_lossy(&output).into_owned();
    let mut words = String::from_utf8_lossy(&words).into_owned();
    if !prompt.is_empty() {
        words = words.replace(&prompt, "");
    }
    let said = said_of(&words, "it gave no reason");

    // A login shell such as nologin, or a forced command, runs something else.
    if !output.lines().any(|line| line == start) {
        return Err(Error::from(SshError::NoCommand {
            server: target.name.clone(),
            user: target.user.clone(),
            reason: said_of(&format!("{output}\n{words}"), "it ended without a word"),
        }));
    }
    // Whatever a start-up file of the login shell prints comes before.
    let mut lines = output.lines().skip_while(|line| *line != proof).skip(1);
    match lines.next() {
        Some("0") => Ok(Answer::Root),
        Some(id) => Ok(Answer::NotRoot(format!(
            "it starts commands as user id {}",
            printable(id)
        ))),
        None if asked_again => Ok(Answer::AskedAgain),
        // The shells' status for a command that is not there (POSIX.1-2017, 2.8.2); csh says it in words only.
        None if status == Some(127) || words.contains("sudo: Command not found") => Ok(Answer::NoSudo),
        // With passwd_tries=1 sudo does not ask again, but says what it counted.
        None if password.is_some() && words.contains("incorrect password attempt") => Ok(Answer::AskedAgain),
        None => Ok(Answer::Ended(said)),
    }
}

/// The last words of the other side, on one line.
fn said_of(words: &str, if_nothing: &str) -> String {
    let lines: Vec<String> = words
        .lines()
        .map(|line| printable(line.trim()))
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return if_nothing.to_owned();
    }
    lines[lines.len().saturating_sub(2)..].join(" ")
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = WORDS.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// A word that no other output contains.
fn word() -> Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|error| Error::Malformed {
        what: "this computer's source of random numbers".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("infrakt-{digits}"))
}
