//! A program at a terminal (a pseudo-terminal), and how it ends there.

use super::ended::Ended;
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use std::process::Command;

/// The longest that a program may keep a person waiting, in milliseconds.
const PATIENCE: u64 = 120_000;

pub fn on_a_terminal(command: Command) -> PtySession {
    on_a_terminal_within(PATIENCE, command)
}

/// With another patience, in milliseconds.
pub fn on_a_terminal_within(patience: u64, command: Command) -> PtySession {
    spawn_command(command, Some(patience)).expect("a terminal")
}

/// Waits for the end. What came since the terminal was last read counts as stderr.
#[track_caller]
pub fn ended(mut session: PtySession) -> Ended {
    let seen = session.exp_eof().expect("an end");
    ended_after(&session, seen)
}

/// As [`ended`], if the terminal was read to its end.
#[track_caller]
pub fn ended_after(session: &PtySession, seen: String) -> Ended {
    match session.process().wait().expect("it can be waited for") {
        WaitStatus::Exited(_, exit) => Ended {
            exit,
            stdout: String::new(),
            stderr: seen,
        },
        other => panic!("{other:?}: {seen}"),
    }
}
