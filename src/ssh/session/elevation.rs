//! Becoming root on the server: directly, or through sudo with or without a password.
//!
//! sudo's messages depend on its language, version and configuration. Success is recognised by a line that only a
//! started shell can print, and a wrong password by a second prompt. The messages are only shown.

use crate::error::{Error, Obstacle, Result, SshError, SudoObstacle};
use crate::executor::connection::{Channel, Incoming};
use crate::plan::printable::one_line;
use crate::plan::secret::Secret;
use crate::ssh::ask_secret::AskSecret;
use crate::ssh::ask_secret::secret_of_environment;
use crate::ssh::connect::transport::Transport;
use crate::ssh::random_word::word;
use crate::ssh::server_messages;
use crate::ssh::session::channel::{ScriptChannel, Shell};
use crate::ssh::session::greeting::Greeting;
use crate::ssh::session::sudo_prompt::{Again, SudoPrompt};
use crate::ssh::target::LoginTarget;
use std::time::{Duration, Instant};

/// How often a person is asked for the password, as in sudo.
const ATTEMPTS: usize = 3;
/// How long sudo may take to answer: PAM delays failures by some seconds, and may ask a directory service.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most output that is kept, including that of the login shell's start-up files.
const WORDS: usize = 64 * 1024;

/// How a script becomes root.
pub enum Elevation {
    /// The login is root.
    None,
    Sudo,
    SudoWithPassword(Secret),
}

impl Elevation {
    /// Starts a shell as root. The commands avoid everything that login shells such as fish or csh read differently
    /// from sh. Only with a password does the script wait for the greeting, which costs a round trip: sudo-rs reads and
    /// drops all input that is already there with the password.
    pub fn shell(&self, transport: &mut Transport, user: &str) -> Result<Shell> {
        let password = match self {
            Self::None => return without_password(transport, user, "sh -s"),
            Self::Sudo => return without_password(transport, user, "sudo -n sh -s"),
            Self::SudoWithPassword(password) => password,
        };
        // With -k, sudo ignores a cached ticket and asks. If it does not ask, because its rules were changed meanwhile,
        // `read` takes the password, so the password never becomes a line of the script. Otherwise `read` takes the
        // empty line at the beginning of the script.
        let prompt = SudoPrompt::new()?;
        let option = prompt.option();
        let greeting = Greeting::after_prompt(prompt, "\n")?;
        let command = format!(
            "sudo -k -S {option} sh -c '{}; read -r line; exec sh -s'",
            greeting.command()
        );
        let first = format!("{}\n", password.expose()).into_bytes();
        Shell::open(transport, user, &command, first, greeting)
    }
}

fn without_password(transport: &mut Transport, user: &str, command: &str) -> Result<Shell> {
    let greeting = Greeting::new()?;
    let first = format!("{}\n", greeting.command()).into_bytes();
    Shell::open(transport, user, command, first, greeting)
}

/// Finds out how to become root, and tries it.
pub fn find(transport: &mut Transport, target: &LoginTarget, ask: &dyn AskSecret) -> Result<Elevation> {
    if target.user == "root" {
        return Ok(Elevation::None);
    }
    let server = target.name.clone();
    let user = target.user.clone();
    // With -k, a cached ticket does not count: it would expire in the middle of a run.
    match probe(transport, target, "sudo -k -n", None)? {
        SudoOutcome::Root => return Ok(Elevation::Sudo),
        SudoOutcome::NoSudo => return Err(Error::from(SshError::SudoMissing { server, user })),
        SudoOutcome::NotRoot(said) => return Err(refused(target, &said)),
        // A password would not help with these obstacles, so the person is not asked for one.
        SudoOutcome::Ended(words) if server_messages::sudo_obstacle(&words) != SudoObstacle::NotAllowed => {
            return Err(refused(target, &words));
        }
        SudoOutcome::Ended(_) | SudoOutcome::AskedAgain(_) => {}
    }
    let said = ask.sudo_password();
    let from_environment = said.is_none();
    let given = said.or_else(|| secret_of_environment("INFRAKT_SUDO_PASSWORD"));
    let mut account = user.clone();
    let mut again = "";
    for _ in 0..ATTEMPTS {
        let password = match &given {
            Some(given) => given.clone(),
            None => match ask.ask(&format!("{again}[sudo] password for {account} on '{server}': "))? {
                Some(answer) if !answer.expose().is_empty() => answer,
                _ if again.is_empty() => return Err(Error::from(SshError::SudoNeedsPassword { server, user })),
                _ => break,
            },
        };
        match probe(transport, target, "sudo -k -S", Some(&password))? {
            SudoOutcome::Root => return Ok(Elevation::SudoWithPassword(password)),
            SudoOutcome::NoSudo => return Err(Error::from(SshError::SudoMissing { server, user })),
            SudoOutcome::Ended(words) | SudoOutcome::NotRoot(words) => return Err(refused(target, &words)),
            SudoOutcome::AskedAgain(other) => {
                again = "Sorry, try again. ";
                account = other.map_or(account, |other| one_line(&other).into_owned());
                if given.is_some() {
                    break;
                }
            }
        }
    }
    Err(Error::from(SshError::SudoWrongPassword {
        server,
        user: account,
        from_environment: from_environment && given.is_some(),
    }))
}

fn refused(target: &LoginTarget, words: &str) -> Error {
    Error::from(SshError::SudoRefused {
        server: target.name.clone(),
        user: target.user.clone(),
        said: server_messages::last_of(words, "it gave no reason"),
        obstacle: server_messages::sudo_obstacle(words),
    })
}

/// The result of asking sudo for a shell.
enum SudoOutcome {
    Root,
    /// A shell, but not as root.
    NotRoot(String),
    NoSudo,
    /// The password was wrong. Holds the account whose password sudo asks for, if it is not the user's own.
    AskedAgain(Option<String>),
    /// No shell. Holds the output.
    Ended(String),
}

fn probe(
    transport: &mut Transport,
    target: &LoginTarget,
    sudo: &str,
    password: Option<&Secret>,
) -> Result<SudoOutcome> {
    let proof = word()?;
    let prompt = SudoPrompt::new()?;
    let (option, first) = match password {
        Some(password) => (
            format!(" {}", prompt.option()),
            format!("{}\n", password.expose()).into_bytes(),
        ),
        None => (String::new(), Vec::new()),
    };
    // A login shell such as nologin, or a forced command, runs something else and does not greet.
    let greeting = Greeting::new()?;
    let command = format!("{}; {sudo}{option} sh -c 'echo {proof}; id -u'", greeting.command());
    let mut shell = Shell::open(transport, &target.user, &command, first, greeting)?;
    let mut channel = ScriptChannel::new(transport, &mut shell, Vec::new());
    let (mut output, mut words) = (Vec::new(), Vec::new());
    let until = Instant::now() + PATIENCE;
    let mut asked_again = false;
    let refused = |said: String, obstacle: SudoObstacle| {
        Error::from(SshError::SudoRefused {
            server: target.name.clone(),
            user: target.user.clone(),
            said,
            obstacle,
        })
    };
    loop {
        match channel.receive(until.saturating_duration_since(Instant::now()))? {
            Incoming::Stdout(bytes) => keep(&mut output, &bytes),
            Incoming::Stderr(bytes) => keep(&mut words, &bytes),
            Incoming::Closed => break,
            Incoming::Quiet if !channel.is_greeted() => {
                return Err(Error::from(SshError::NoCommand {
                    server: target.name.clone(),
                    user: target.user.clone(),
                    reason: format!("no answer within {} s", PATIENCE.as_secs()),
                    obstacle: Obstacle::Unclear,
                }));
            }
            Incoming::Quiet => {
                drop(channel);
                let words = prompt.strip(&String::from_utf8_lossy(&words));
                let words = server_messages::last_of(&words, "nothing");
                let said = format!("no answer within {} s, only: {words}", PATIENCE.as_secs());
                return Err(refused(said, SudoObstacle::Silent));
            }
        }
        if !asked_again && prompt.count(&String::from_utf8_lossy(&words)) > 1 {
            // At the end of its input sudo gives up, and counts only one failure.
            asked_again = true;
            channel.send_eof();
        }
    }
    let status = channel.exit_status();
    let output = String::from_utf8_lossy(&output).into_owned();
    let asked = String::from_utf8_lossy(&words).into_owned();
    let words = prompt.strip(&asked);
    if let Some(Again::AnotherQuestion(question)) = prompt.again(&asked) {
        let question = server_messages::last_of(&question, "a second question");
        return Err(refused(
            format!("it asks for more than a password: {question}"),
            SudoObstacle::AsksMore,
        ));
    }
    let account = prompt.other_account(&asked, &target.user);
    // Output of the login shell's start-up files comes before it.
    let mut lines = output.lines().skip_while(|line| *line != proof).skip(1);
    match lines.next() {
        Some("0") => Ok(SudoOutcome::Root),
        Some(id) => Ok(SudoOutcome::NotRoot(format!(
            "it starts commands as user id {}",
            one_line(id)
        ))),
        None if asked_again => Ok(SudoOutcome::AskedAgain(account)),
        // The shells' status for a missing command (POSIX.1-2017, 2.8.2). csh reports it only as text.
        None if status == Some(127) || words.contains("sudo: Command not found") => Ok(SudoOutcome::NoSudo),
        // With passwd_tries=1, sudo and sudo-rs do not ask again, but report the failed attempt.
        None if password.is_some()
            && (words.contains("incorrect password attempt") || words.contains("incorrect authentication attempt")) =>
        {
            Ok(SudoOutcome::AskedAgain(account))
        }
        None => Ok(SudoOutcome::Ended(words)),
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = WORDS.saturating_sub(kept.len());
    kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
