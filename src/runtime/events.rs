//! What happens in a run, for those who follow it from its journal, whichever process executes it.
//!
//! It must not know how it is sent on.

use super::open::Runtime;
use crate::error::Result;
use crate::event::{RunEvent, Stream};

/// What has happened in a run after some event.
pub struct Happened {
    /// Each event with its id.
    pub events: Vec<(i64, RunEvent)>,
    /// The end of the run with its id, if it has ended.
    pub end: Option<(i64, RunEvent)>,
    /// How the database stood before it was read.
    pub version: i64,
}

impl Runtime {
    /// What happened in a run after the event with the id `after`, at most `limit` events.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn happened_after(&self, run_id: i64, after: i64, limit: usize) -> Result<Happened> {
        // In this order: what is written after the version was read changes the next version, and if the run has ended and
        // no event follows, none was missed.
        let version = self.store.version_of_data()?;
        let end = self.store.end_of(run_id)?;
        let events = self.store.events_after(run_id, after, limit)?;
        Ok(Happened { events, end, version })
    }

    /// Whether another connection has written something since [`Happened::version`] was read.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn has_changed_since(&self, version: i64) -> Result<bool> {
        Ok(self.store.version_of_data()? != version)
    }

    /// The last `count` bytes that a step had printed on one stream by the event with the id `until`.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn printed_until(&self, run_id: i64, step: usize, stream: Stream, until: i64, count: usize) -> Result<Vec<u8>> {
        self.store.printed_until(run_id, step, stream, until, count)
    }
}
