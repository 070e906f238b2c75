//! A question that is open on the terminal: nothing that was typed before it was shown is an answer, and the terminal is as
//! before when it ends.

use crate::error::{Error, Result};
use crate::plan::printable::printable;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios};
use rustix::termios::{tcflush, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The terminal as it was before the question that is open now.
pub static OPEN: Mutex<Option<Termios>> = Mutex::new(None);
/// One question at a time, however many servers want an answer.
static TURN: Mutex<()> = Mutex::new(());

/// How long nothing may be typed before a question is shown.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 30_000_000,
};
/// How long to wait for that. Only a program types longer without a pause.
const QUIET_PATIENCE: Duration = Duration::from_secs(5);

/// Whether there is a person to ask.
pub fn on_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A question that is open: Ctrl-C ends the process, and the terminal is as before when it is dropped.
pub struct Question {
    before: Termios,
    _turn: MutexGuard<'static, ()>,
}

impl Question {
    /// `None` if there is no terminal. What was typed before is discarded: it was not an answer to this question, which
    /// had not been shown yet.
    ///
    /// # Errors
    /// If the terminal can't be read, or input keeps coming without a pause.
    pub fn open() -> Result<Option<Self>> {
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
    pub fn discard_pending_input(&self) -> Result<()> {
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
            // A hang-up is not input, and poll keeps reporting it.
            if input[0].revents().contains(PollFlags::HUP) {
                break;
            }
        }
        set_mode(&self.before, OptionalActions::Flush).map_err(failed)
    }
}

/// Sets the mode of the terminal; a signal that comes in between does not keep it from being set.
pub fn set_mode(mode: &Termios, when: OptionalActions) -> Result<(), Errno> {
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
