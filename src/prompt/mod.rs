//! Questions to a person on a terminal: the name of a server whose data will be destroyed, passwords and passphrases,
//! and the choice of servers. It also handles Ctrl-C, whose meaning depends on whether a question is open.
//!
//! It must not know plans, runs or connections. "On a terminal" means that standard input is a terminal: rpassword
//! would read /dev/tty even if a script feeds standard input.

mod interrupts;
mod list;
mod question;
mod remembering;
mod terminal;

use crate::error::{Error, Refusal, Result};
use crate::plan::printable::one_line;
use console::Term;
use list::{After, List};
use question::Question;
use std::io::{self, ErrorKind, IsTerminal};
use std::time::Duration;

pub use interrupts::{
    count_all_interrupts, count_interrupts, install_interrupt_handler, interrupts, keep_in_mind,
    show_control_characters, tell_of_interrupts,
};
pub use question::{line, on_terminal};
pub use remembering::Remembering;
pub use terminal::Terminal;

/// How long a signal that was raised in this process may take to be handled.
const SIGNAL_PATIENCE: Duration = Duration::from_secs(5);

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
