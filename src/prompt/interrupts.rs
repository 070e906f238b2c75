//! Ctrl-C: it ends the process, unless a run executes, which must hear of it and ends in its own way.

use super::question::{OPEN, set_mode};
use crate::error::{Error, Exit, Result};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Which Ctrl-C ends the process at once, whatever it does: the first one, unless a run executes, which must hear of
/// it and ends in its own way.
static ENOUGH: AtomicUsize = AtomicUsize::new(1);
/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);
/// Tells the user that infrakt has noticed a Ctrl-C, and how many there were.
type Tell = Box<dyn Fn(usize) + Send>;
static TELL: Mutex<Option<Tell>> = Mutex::new(None);
/// The terminal as it was before control characters were hidden.
static HIDDEN: Mutex<Option<Termios>> = Mutex::new(None);
/// What the last word to a person is that interrupts, where something was done already.
static KEPT: Mutex<Option<String>> = Mutex::new(None);

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
                // infrakt writes its files completely or not at all, so it can exit at once.
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
