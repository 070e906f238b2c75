//! Questions on the terminal. The question goes to stderr, and a terminal means that stdin is one.

use crate::error::{Error, Result};
use std::io::{BufRead, IsTerminal, Write};

/// Asks and gives back the line that was typed, without its end; `None` if there is no terminal to ask on.
pub(super) fn line(question: &str) -> Result<Option<String>> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(None);
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{question}")
        .and_then(|()| stderr.flush())
        .map_err(Error::file("write to", "/dev/stderr"))?;
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(Error::file("read from", "/dev/stdin"))?;
    Ok(Some(answer.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Asks a question whose answer is no unless it is `y` or `yes`; `None` if there is no terminal to ask on.
pub(super) fn yes(question: &str) -> Result<Option<bool>> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(answer.map(|answer| matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")))
}
