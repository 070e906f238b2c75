//! The state that outlives a request: the home, the shown plans, and the runs in threads of this process.
//!
//! It must not know HTTP.

use crate::error::Result;
use crate::runtime::{Background, Runtime, ShownPlans};
use crate::store::Home;
use std::time::Duration;

/// How many runs this process may execute at once. Each is a thread with half a megabyte of stack, a connection to its server
/// and one to the database.
const RUNS_AT_ONCE: usize = 64;

pub struct Service {
    home: Home,
    background: Background,
    shown: ShownPlans,
}

impl Service {
    /// # Errors
    /// If the home or its database can't be used.
    pub fn new(home: Home) -> Result<Self> {
        Runtime::open(home.clone())?;
        Ok(Self {
            home,
            background: Background::new(RUNS_AT_ONCE),
            shown: ShownPlans::default(),
        })
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    /// A runtime for the current request, since its connection to the database belongs to one thread.
    ///
    /// # Errors
    /// If the home or its database can't be used.
    pub fn runtime(&self) -> Result<Runtime> {
        Runtime::open(self.home.clone())
    }

    pub fn background(&self) -> &Background {
        &self.background
    }

    /// The shown plans that wait for consent.
    pub fn shown(&self) -> &ShownPlans {
        &self.shown
    }

    /// How many runs this process executes now.
    pub fn running(&self) -> usize {
        self.background.running()
    }

    /// Asks the runs of this process to end after their current step, as Ctrl-C does. No further run begins.
    pub fn stop_runs(&self) {
        self.background.stop_all(false);
    }

    /// Asks the runs of this process to end at once, as a second Ctrl-C does.
    pub fn end_runs(&self) {
        self.background.stop_all(true);
    }

    /// Waits until this process executes no run. `false` if some are left after `at_most`.
    pub fn wait_for_runs(&self, at_most: Duration) -> bool {
        self.background.wait(at_most)
    }

    /// How many runs of this process ended as interrupted.
    pub fn interrupted(&self) -> usize {
        self.background.interrupted()
    }
}
