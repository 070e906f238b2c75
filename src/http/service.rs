//! What outlives a request: the home, and the runs that go on in threads of this process.
//!
//! It must not know HTTP.

use crate::error::Result;
use crate::store::Home;
use std::time::Duration;

pub struct Service {
    home: Home,
}

impl Service {
    pub fn new(home: Home) -> Result<Self> {
        Ok(Self { home })
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    /// How many runs go on in this process.
    pub fn running(&self) -> usize {
        0
    }

    /// Asks the runs of this process to end after their current step, as Ctrl-C does.
    pub fn stop_runs(&self) {}

    /// Waits until no run goes on in this process. `false`: some still do after `at_most`.
    pub fn wait_for_runs(&self, _at_most: Duration) -> bool {
        true
    }

    /// How many runs of this process ended as interrupted.
    pub fn interrupted(&self) -> usize {
        0
    }
}
