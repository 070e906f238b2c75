//! Questions to a person on a terminal: the name of a server whose data will be destroyed, passwords and passphrases,
//! and the choice of servers. It also handles Ctrl-C, whose meaning depends on whether a question is open.
//!
//! It must not know plans, runs or connections. "On a terminal" means that standard input is a terminal: rpassword
//! would read /dev/tty even if a script feeds standard input.

mod list;

use crate::error::{Error, Exit, Refusal, Result};
use crate::plan::printable::{one_line, printable};
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;
use console::Term;
use list::{After, List};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios};
use rustix::termios::{tcflush, tcgetattr, tcgetpgrp, tcsetattr};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Which Ctrl-C ends the process at once, whatever it does: the first one, unless a run executes, which has to be told of
/// it and ends in its own way.
static ENOUGH: AtomicUsize = AtomicUsize::new(1);
/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);
/// Says to a person that an interrupt was heard, and the how manieth it was.
type Tell = Box<dyn Fn(usize) + Send>;
static TELL: Mutex<Option<Tell>> = Mutex::new(None);
/// The terminal as it was before control characters were hidden.
static HIDDEN: Mutex<Option<Termios>> = Mutex::new(None);
/// What the last word to a person is that interrupts, where something was done already.
static KEPT: Mutex<Option<String>> = Mutex::new(None);
/// The terminal as it was before the question that is open now.
static OPEN: Mutex<Option<Termios>> = Mutex::new(None);
/// One question at a time, however many servers want an answer.
static TURN: Mutex<()> = Mutex::new(());

/// How long nothing may be typed before a question is shown.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 30_000_000,
};
/// How long to wait for that. Only a program types longer without a pause.
const QUIET_PATIENCE: Duration = Duration::from_secs(5);

/// How long a signal that was raised in this process may take to be handled.
const SIGNAL_PATIENCE: Duration = Duration::from_secs(5);

/// Takes over SIGINT, SIGTERM and SIGHUP, once per process, at its start. They end the process with exit
/// code 5, and the terminal as it was if a question is open; except while a run executes, which looks at [`interrupts`]
/// and stops in its own way. So every question must be asked before a run begins.
///
/// # Errors
/// The handler can't be installed, or already is.
pub fn install_interrupt_handler() -> Result<()> {
    ctrlc::set_handler(|| {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        match open.as_ref() {
            None if count_one() < ENOUGH.load(Ordering::SeqCst) => {
                if let Some(tell) = TELL.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                    tell(interrupts());
                }
            }
            None => {
                show_control_characters();
                // What is written is written whole or not at all, so there is nothing to wait for.
                let _ = writeln!(io::stderr(), "{}", kept().unwrap_or_else(|| "interrupted".to_owned()));
                std::process::exit(Exit::Interrupted as i32);
            }
            // The lock is held to the end: the question can't be answered or closed any more.
            Some(terminal) => {
                // If that fails, there is no terminal left to restore.
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, terminal);
                show_control_characters();
                let said = kept().unwrap_or_else(|| Error::Interrupted.to_string());
                let _ = writeln!(io::stderr(), "\n{said}");
                std::process::exit(Exit::Interrupted as i32);
            }
        }
    })
    .map_err(|error| Error::usage(format!("cannot listen for Ctrl-C: {error}")))
}

fn count_one() -> usize {
    INTERRUPTS.fetch_add(1, Ordering::SeqCst) + 1
}

/// What was kept already, if Ctrl-C ends the process from now on: not all that was asked for, but something was done.
pub fn keep_in_mind(what: String) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("interrupted; {what}"));
}

fn kept() -> Option<String> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What is to say to a person from now on that an interrupt was heard.
pub fn tell_of_interrupts(tell: Option<Tell>) {
    *TELL.lock().unwrap_or_else(PoisonError::into_inner) = tell;
}

/// From now on Ctrl-C is counted, for the runs that execute from here to the end of the process. The third one ends the
/// process at once: what it was at can be resumed, as after any other end of it.
pub fn count_interrupts() {
    ENOUGH.store(3, Ordering::SeqCst);
    hide_control_characters();
}

/// Has the terminal not show Ctrl-C as `^C`, until [`show_control_characters`]: it would push the lines of progress out of
/// their place.
fn hide_control_characters() {
    let terminal = io::stdin();
    // A process in the background is stopped if it changes the terminal.
    let in_foreground = tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp());
    if let (true, Ok(before)) = (in_foreground, tcgetattr(&terminal)) {
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHOCTL);
        if set_mode(&hidden, OptionalActions::Now).is_ok() {
            *HIDDEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        }
    }
}

/// Has the terminal show control characters as before.
pub fn show_control_characters() {
    let before = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Where that fails there is no terminal left to repair.
        let _ = set_mode(&before, OptionalActions::Now);
    }
}

/// The same for a caller that handles all of them.
pub fn count_all_interrupts() {
    ENOUGH.store(usize::MAX, Ordering::SeqCst);
}

/// How often Ctrl-C was pressed since [`count_interrupts`].
pub fn interrupts() -> usize {
    INTERRUPTS.load(Ordering::SeqCst)
}

/// Whether there is a person to ask.
pub fn on_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A question that is open: Ctrl-C ends the process, and the terminal is as before when it is dropped.
struct Question {
    before: Termios,
    _turn: MutexGuard<'static, ()>,
}

impl Question {
    /// `None` if there is no terminal. What was typed before is discarded: it was not an answer to this question, which
    /// had not been shown yet.
    ///
    /// # Errors
    /// If the terminal can't be read, or input keeps coming without a pause.
    fn open() -> Result<Option<Self>> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        if !on_terminal() {
            return Ok(None);
        }
        let Ok(before) = tcgetattr(io::stdin()) else {
            return Ok(None);
        };
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.clone());
        let question = Self { before, _turn: turn };
        question.discard_pending_input()?;
        Ok(Some(question))
    }

    /// Discards input until there is a pause. One `tcflush` is not enough: the kernel's buffer holds 4 KiB, and the rest of
    /// a larger paste follows as soon as there is room for it.
    fn discard_pending_input(&self) -> Result<()> {
        let terminal = io::stdin();
        // In this mode poll(2) sees also what has no line end yet.
        let mut every_byte = self.before.clone();
        every_byte.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        every_byte.special_codes[SpecialCodeIndex::VMIN] = 1;
        every_byte.special_codes[SpecialCodeIndex::VTIME] = 0;
        let failed = |errno: Errno| Error::file("ask on", "the terminal")(errno.into());
        set_mode(&every_byte, OptionalActions::Now).map_err(failed)?;
        let began = Instant::now();
        loop {
            tcflush(&terminal, QueueSelector::IFlush).map_err(failed)?;
            let mut input = [PollFd::new(&terminal, PollFlags::IN)];
            match poll(&mut input, Some(&QUIET)) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) if began.elapsed() < QUIET_PATIENCE => {}
                Ok(_) | Err(Errno::INTR) => {
                    return Err(Error::usage_with(
                        "this terminal sends input without a pause, so infrakt can't read an answer",
                        "stop what types on this terminal, then repeat the command",
                    ));
                }
                Err(errno) => return Err(failed(errno)),
            }
            // A hang-up is no input, and stays.
            if input[0].revents().contains(PollFlags::HUP) {
                break;
            }
        }
        set_mode(&self.before, OptionalActions::Flush).map_err(failed)
    }
}

/// Sets the mode of the terminal; a signal that comes in between does not keep it from being set.
fn set_mode(mode: &Termios, when: OptionalActions) -> Result<(), Errno> {
    retry_on_intr(|| tcsetattr(io::stdin(), when, mode))
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // If that fails, there is no terminal left to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        *open = None;
    }
}

/// Asks on stderr and returns the line that was typed, without its line ending. Invalid UTF-8 is replaced. `None`:
/// there is no terminal to ask on.
///
/// # Errors
/// If the terminal can't be read or written.
pub fn line(question: &str) -> Result<Option<String>> {
    let Some(open) = Question::open()? else {
        return Ok(None);
    };
    let mut stderr = io::stderr();
    let mut line = write!(stderr, "{}", printable(question))
        .and_then(|()| stderr.flush())
        .and_then(|()| read_line())
        .map_err(Error::file("ask on", "the terminal"))?;
    drop(open);
    if line.last() == Some(&b'\n') {
        line.pop();
    } else {
        // Ctrl-D ends the question in the middle of its line. If stderr is closed, a line break does not matter either.
        let _ = writeln!(stderr);
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Reads a line from the terminal with its end, byte by byte: a buffered reader could keep the beginning of the next one,
/// where no discarding reaches it.
fn read_line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        if retry_on_intr(|| rustix::io::read(io::stdin(), &mut byte))? == 0 {
            return Ok(line);
        }
        line.extend(byte);
        if line.ends_with(b"\n") {
            return Ok(line);
        }
    }
}

/// Asks a question whose answer is no unless it is `y` or `yes`; `None` if there is no terminal to ask on.
///
/// # Errors
/// As [`line()`].
pub fn yes(question: &str) -> Result<Option<bool>> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(answer.map(|answer| matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")))
}

/// Asks for the name of the server that will lose its data. `false`: something else was typed, or nothing at all.
///
/// # Errors
/// [`Refusal::NoTerminal`] if standard input is not a terminal: a name from a pipe was not typed by a person.
pub fn typed_name(server: &str) -> Result<bool> {
    let question = format!("All data on '{server}' will be destroyed. Type the server name to confirm: ");
    match line(&question)? {
        Some(typed) => Ok(typed == server),
        None => Err(Refusal::NoTerminal {
            server: server.to_owned(),
        }
        .into()),
    }
}

/// Lets a person select some of `entries`, which stand in columns under `header`. `None`: there is no terminal, or they left
/// without selecting any.
///
/// # Errors
/// [`Error::Interrupted`] for Ctrl-C.
pub fn choose(question: &str, header: &str, entries: &[String]) -> Result<Option<Vec<usize>>> {
    if entries.is_empty() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let Some(open) = Question::open()? else {
        return Ok(None);
    };
    let entries: Vec<String> = entries.iter().map(|entry| one_line(entry).into_owned()).collect();
    let mut list = List::new(question, header, &entries);
    let terminal = Term::stderr();
    let failed = |error| Error::file("ask on", "the terminal")(error);
    loop {
        let (height, width) = terminal.size();
        let lines = list.lines(usize::from(height), usize::from(width));
        lines
            .iter()
            .try_for_each(|line| terminal.write_line(line))
            .map_err(failed)?;
        let key = match terminal.read_key() {
            Ok(key) => key,
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                // A signal comes with it, and ends the process as long as the question is open.
                std::thread::park_timeout(SIGNAL_PATIENCE);
                return Err(Error::Interrupted);
            }
            Err(error) => return Err(failed(error)),
        };
        match list.press(&key) {
            After::Shown => {}
            After::Discarded => open.discard_pending_input()?,
            After::Accepted(chosen) => return Ok(Some(chosen)),
            After::Left => return Ok(None),
        }
        terminal.clear_last_lines(lines.len()).map_err(failed)?;
    }
}

/// The person at the terminal, as the one who knows passwords and passphrases.
pub struct Terminal;

impl AskSecret for Terminal {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        let Some(question) = Question::open()? else {
            return Ok(None);
        };
        let answer = rpassword::prompt_password(printable(prompt));
        drop(question);
        match answer {
            Ok(answer) => Ok(Some(Secret::new(answer))),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => Err(Error::Interrupted),
                // Ctrl-D: no answer.
                ErrorKind::UnexpectedEof => Ok(None),
                // Standard input is a terminal, but not this process's own: there is no /dev/tty for it.
                ErrorKind::NotFound => Ok(None),
                _ if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => Ok(None),
                _ => Err(Error::file("ask on", "/dev/tty")(error)),
            },
        }
    }

    fn tell(&self, remark: &str) {
        static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        // The same for each server of a fleet: once is enough.
        if !told.iter().any(|known| known == remark) {
            // If stderr is closed, the note is lost.
            let _ = writeln!(io::stderr(), "note: {}", printable(remark));
            told.push(remark.to_owned());
        }
    }
}

/// Asks each question only once. When several logins need the same answer at the same time, one of them asks, and the
/// others get its answer.
pub struct Remembering<'a> {
    person: &'a dyn AskSecret,
    /// The answers to each question, in their order. Held while asking.
    given: Mutex<BTreeMap<String, Vec<Option<Secret>>>>,
    told: Mutex<BTreeSet<String>>,
}

impl<'a> Remembering<'a> {
    pub fn new(person: &'a dyn AskSecret) -> Self {
        Self {
            person,
            given: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// For one login. It is given the last answer to a question; asking the same once more means that this was wrong.
    pub fn one(&self) -> impl AskSecret {
        OneLogin {
            all: self,
            seen: Mutex::default(),
        }
    }
}

struct OneLogin<'a> {
    all: &'a Remembering<'a>,
    /// How many answers to each question there were when this login asked it last.
    seen: Mutex<BTreeMap<String, usize>>,
}

impl AskSecret for OneLogin<'_> {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        let mut given = self.all.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = given.entry(prompt.to_owned()).or_default();
        let seen = seen.entry(prompt.to_owned()).or_default();
        if answers.len() <= *seen {
            answers.push(self.all.person.ask(prompt)?);
        }
        *seen = answers.len();
        Ok(answers.last().cloned().flatten())
    }

    fn tell(&self, remark: &str) {
        // The same remark is shown only once.
        let mut told = self.all.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(remark.to_owned()) {
            self.all.person.tell(remark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Remembering;
    use crate::error::Result;
    use crate::plan::secret::Secret;
    use crate::ssh::AskSecret;
    use std::sync::Mutex;

    /// Answers with the number of the question.
    #[derive(Default)]
    struct Person(Mutex<Vec<String>>);

    impl AskSecret for Person {
        fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
            let mut asked = self.0.lock().unwrap();
            asked.push(prompt.to_owned());
            let answer = Some(Secret::new(asked.len().to_string()));
            Ok(answer.filter(|_| prompt != "nobody knows"))
        }
    }

    fn answer(login: &impl AskSecret, prompt: &str) -> String {
        let answer = login.ask(prompt).unwrap();
        answer.map_or("none".to_owned(), |answer| answer.expose().to_owned())
    }

    #[test]
    fn many_logins_that_ask_the_same_ask_a_person_once() {
        let person = Person::default();
        let remembering = Remembering::new(&person);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(answer(&remembering.one(), "passphrase"), "1"));
            }
        });
        let one = remembering.one();
        assert_eq!(answer(&one, "another passphrase"), "2");
        assert_eq!(answer(&one, "nobody knows"), "none");
        assert_eq!(answer(&remembering.one(), "nobody knows"), "none");
        assert_eq!(person.0.lock().unwrap().len(), 3);
    }

    #[test]
    fn an_answer_that_was_wrong_is_asked_for_anew_and_the_right_one_is_there_for_the_next() {
        let person = Person::default();
        let remembering = Remembering::new(&person);
        let one = remembering.one();
        assert_eq!((answer(&one, "it"), answer(&one, "it")), ("1".into(), "2".into()));
        assert_eq!(answer(&remembering.one(), "it"), "2");
    }
}
