//! Questions to a server: one script, one answer, one round trip. For facts, guards and queries.

use super::connection::{Connection, Incoming};
use super::environment::environment;
use super::nonce::nonce;
use crate::error::{Error, Result, ServerError, SshError};
use crate::plan::shell::quote;
use std::time::{Duration, Instant};

/// The longest answer, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// A script's output and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptAnswer {
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Runs a read-only script as root and waits for its end. The script's standard input is empty.
///
/// # Errors
/// If the connection is lost, the answer does not end within `patience`, or it is longer than 16 MiB. An incomplete
/// answer is never returned.
pub fn ask(connection: &mut dyn Connection, server: &str, script: &str, patience: Duration) -> Result<ScriptAnswer> {
    exchange(connection, server, "", script, patience)
}

/// As [`ask`]; `before` is executed by the connection's shell itself, and prints nothing.
pub(super) fn exchange(
    connection: &mut dyn Connection,
    server: &str,
    before: &str,
    script: &str,
    patience: Duration,
) -> Result<ScriptAnswer> {
    let nonce = nonce()?;
    let end = format!("\ninfrakt-end {nonce} ");
    // The shell is needed again, so the script runs in a fork of it. Processes that the script leaves behind may still print
    // later. The pipe keeps their output away from other answers.
    let framed = format!(
        "{before}printf 'infrakt %s\\n' {nonce}\n\
         {{ (eval {}) </dev/null; printf '\\ninfrakt-end %s %s\\n' {nonce} \"$?\"; }} | cat\n\
         printf 'infrakt-end %s\\n' {nonce} >&2\n",
        quote(&format!("{}{script}", environment()))
    );
    let end_of_errors = format!("infrakt-end {nonce}\n");
    let begin = format!("infrakt {nonce}\n");
    let mut channel = connection.start(framed.as_bytes())?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut status = None;
    let mut silent = false;
    let started = Instant::now();
    let server = || server.to_owned();
    loop {
        // Also if the script never stops printing.
        if started.elapsed() > patience {
            return Err(ServerError::TooSlow {
                server: server(),
                seconds: patience.as_secs(),
            }
            .into());
        }
        match channel.receive(Duration::from_millis(500))? {
            Incoming::Stdout(bytes) => {
                stdout.extend_from_slice(&bytes);
                // Search only the end, since the answer itself may be long.
                let tail = stdout.len().saturating_sub(bytes.len() + end.len() + 16);
                if let Some(at) = find(&stdout, end.as_bytes(), tail) {
                    let rest = stdout.get(at + end.len()..);
                    let number = rest
                        .and_then(|rest| rest.strip_suffix(b"\n"))
                        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                    if let Some(number) = number {
                        status = Some(number);
                        stdout.truncate(at);
                    }
                }
            }
            Incoming::Stderr(bytes) => {
                let tail = stderr.len().saturating_sub(end_of_errors.len());
                stderr.extend_from_slice(&bytes);
                if let Some(at) = find(&stderr, end_of_errors.as_bytes(), tail) {
                    stderr.truncate(at);
                    silent = true;
                }
            }
            Incoming::Quiet => {}
            Incoming::Closed if status.is_some() => silent = true,
            Incoming::Closed => {
                return Err(ServerError::BrokeOff {
                    server: server(),
                    said: String::from_utf8_lossy(&stderr).into_owned(),
                }
                .into());
            }
        }
        if let (Some(status), true) = (status, silent) {
            channel.release();
            let start = find(&stdout, begin.as_bytes(), 0).map_or(0, |at| at + begin.len());
            stdout.drain(..start);
            return Ok(ScriptAnswer { status, stdout, stderr });
        }
        if stdout.len() + stderr.len() > MAX_ANSWER {
            return Err(ServerError::TooLong {
                server: server(),
                mebibytes: MAX_ANSWER >> 20,
            }
            .into());
        }
    }
}

/// Where `needle` first stands, not before `from`.
fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let mut windows = haystack.windows(needle.len()).skip(from);
    Some(from + windows.position(|window| window == needle)?)
}

/// Whether an error means that the connection is lost, and not a refusal.
pub fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Ssh(SshError::Lost { .. }))
}
