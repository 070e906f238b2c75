//! The person at the terminal, as the one who knows passwords and passphrases.

use super::question::Question;
use crate::error::{Error, Result};
use crate::plan::printable::printable;
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;
use rustix::io::Errno;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// Asks on the terminal, with what is typed hidden.
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
