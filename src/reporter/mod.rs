//! Reporters: events of a run in, text out. They know only the plan and the events, so all reporters agree.

mod fleet;
pub mod json;
mod reaching;
mod screen;
mod tail;
mod terminal;
mod words;

pub use fleet::{Account, Fleet};
pub use reaching::Reaching;
pub use words::outcome_word;

use crate::error::Result;
use crate::event::{Ended, RunEvent};
use crate::plan::Plan;

/// Reports one run: its events as JSON lines, or as people read them.
pub enum Reporter {
    Json(json::Json),
    Terminal(Box<terminal::Terminal>),
}

impl Reporter {
    /// The run has an id and begins. `verbose` shows what steps print even if they don't fail.
    pub fn begin(plan: &Plan, id: i64, json: bool, verbose: bool) -> Self {
        if json {
            Self::Json(json::Json::begin(plan, id))
        } else {
            Self::Terminal(Box::new(terminal::Terminal::begin(plan, id, verbose)))
        }
    }

    pub fn event(&mut self, event: &RunEvent) {
        match self {
            Self::Json(json) => json.event(event),
            Self::Terminal(terminal) => terminal.event(event),
        }
    }

    /// What says to a person that an interrupt was heard, from any thread; `None` where no person reads.
    pub fn tell_of_interrupts(&self) -> Option<Box<dyn Fn(usize) + Send>> {
        match self {
            Self::Json(_) => None,
            Self::Terminal(terminal) => Some(terminal.tell_of_interrupts()),
        }
    }

    /// The run has ended: the summary.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn end(self, ended: &Ended) -> Result<()> {
        match self {
            Self::Json(_) => Ok(()),
            Self::Terminal(terminal) => terminal.end(ended),
        }
    }

    /// The run was refused or broke: an error will be shown in place of a summary.
    pub fn abandon(self) {
        if let Self::Terminal(terminal) = self {
            terminal.abandon();
        }
    }
}
