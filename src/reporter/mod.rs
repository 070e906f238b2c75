//! Reporters: events of a run in, text out. They know only the plan and the events, so all reporters agree.

mod fleet;
pub mod json;
mod reaching;
mod screen;
mod tail;
mod tally;
mod terminal;
mod words;

pub use fleet::{Account, Fleet};
pub use reaching::Reaching;
pub use tally::Tally;

use crate::error::Result;
use crate::event::{Ended, RunEvent};
use crate::plan::Plan;

/// The reporter that fits: events as JSON lines, or what people read.
pub enum Reporter<'a> {
    Json(json::Json<'a>),
    Terminal(Box<terminal::Terminal<'a>>),
}

impl<'a> Reporter<'a> {
    /// `verbose` shows what steps print even if they don't fail.
    pub fn new(plan: &'a Plan, json: bool, verbose: bool) -> Self {
        if json {
            Self::Json(json::Json::new(plan))
        } else {
            Self::Terminal(Box::new(terminal::Terminal::new(plan, verbose)))
        }
    }

    /// The run has an id and begins.
    pub fn begin(&mut self, id: i64) {
        match self {
            Self::Json(json) => json.begin(id),
            Self::Terminal(terminal) => terminal.begin(id),
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
