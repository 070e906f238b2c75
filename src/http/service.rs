//! What outlives a request: the home, the plans that were shown, and the runs that go on in threads of this process.
//!
//! It must not know HTTP.

use crate::error::Result;
use crate::runtime::{Background, Runtime, Shown};
use crate::store::Home;
use std::time::Duration;

/// How many runs may go on in this process at the same time. Each is a thread with half a megabyte of stack, a connection
/// to its server and one to the database.
const RUNS_AT_ONCE: usize = 64;

pub struct Service {
    home: Home,
    background: Background,
    shown: Shown,
}

impl Service {
    /// # Errors
    /// If the home or its database can't be used.
    pub fn new(home: Home) -> Result<Self> {
        Runtime::open(home.clone())?;
        Ok(Self {
            home,
            background: Background::new(RUNS_AT_ONCE),
            shown: Shown::default(),
        })
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    /// One for the request at hand: its connection to the database belongs to one thread.
    ///
    /// # Errors
    /// If the home or its database can't be used.
    pub fn runtime(&self) -> Result<Runtime> {
        Runtime::open(self.home.clone())
    }

    pub fn background(&self) -> &Background {
        &self.background
    }

    /// The plans that were shown and wait for consent.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// How many runs go on in this process.
    pub fn running(&self) -> usize {
        self.background.running()
    }

    /// Asks the runs of this process to end after their current step, as Ctrl-C does. No further one begins.
    pub fn stop_runs(&self) {
        self.background.stop_all(false);
    }

    /// Asks the runs of this process to end at once, as Ctrl-C a second time does.
    pub fn end_runs(&self) {
        self.background.stop_all(true);
    }

    /// Waits until no run goes on in this process. `false`: some still do after `at_most`.
    pub fn wait_for_runs(&self, at_most: Duration) -> bool {
        self.background.wait(at_most)
    }

    /// How many runs of this process ended as interrupted.
    pub fn interrupted(&self) -> usize {
        self.background.interrupted()
    }
}
