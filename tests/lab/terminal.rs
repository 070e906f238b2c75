//! A person at a terminal (a pseudo-terminal).

use crate::support::ended::Ended;
use crate::support::terminal::{ended_after, on_a_terminal};
use rexpect::session::PtySession;
use std::process::Command;

/// The question that stands before everything that destroys.
pub const QUESTION: &str = "All data on 'prod-2' will be destroyed. Type the server name to confirm: ";

pub struct Terminal {
    session: PtySession,
    seen: String,
}

impl Terminal {
    pub fn start(command: Command) -> Self {
        Self {
            session: on_a_terminal(command),
            seen: String::new(),
        }
    }

    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        match self.session.exp_string(text) {
            Ok(before) => self.seen += &format!("{before}{text}"),
            Err(error) => panic!("{text:?} does not come: {}\n{}", shortened(&error), self.seen),
        }
    }

    pub fn types(&mut self, line: &str) {
        self.session.send_line(line).expect("it can be typed");
    }

    pub fn presses_ctrl_c(&mut self) {
        self.session.send_control('c').expect("it can be pressed");
    }

    /// Waits for the end. What was on the terminal counts as stderr.
    #[track_caller]
    pub fn ends(mut self) -> Ended {
        let rest = match self.session.exp_eof() {
            Ok(rest) => rest,
            Err(error) => panic!("it does not end: {}\n{}", shortened(&error), self.seen),
        };
        ended_after(&self.session, format!("{}{rest}", self.seen))
    }
}

/// Progress bars are redrawn many times a second: of all that was seen, what came last says enough.
fn shortened(error: &rexpect::error::Error) -> String {
    let mut text = error.to_string();
    let start = text.char_indices().rev().nth(2000).map_or(0, |(at, _)| at);
    text.split_off(start)
}
