//! What infrakt shows while a recipe runs on servers. One server has the lines of its run; several have a
//! table. This is all that differs between them: what is done is the same, and `group_command.rs` does it.

mod one;
mod row;
mod several;
mod summary;
pub(super) mod values;

pub(super) use one::{Lines, One};
pub(super) use row::{Row, exit_of};
pub(super) use several::Several;

use crate::error::{Error, Result};
use crate::reporter::Account;
use crate::runtime::Told;
use crate::store::GroupId;
use std::collections::BTreeMap;

/// Reports the servers of one command.
pub(super) trait Report {
    /// A line of what a recipe says about a server, as it is shown.
    fn remark(&self, server: &str, line: &str) -> String;

    /// A server goes without a run.
    ///
    /// # Errors
    /// The error itself, if that leaves nothing to do.
    fn left_out(&self, row: &Row, error: Error) -> Result<()>;

    /// The runs are recorded, and their group is known.
    fn begun(&self, group: GroupId, recipe: &str, rows: &[Row]) -> Result<()>;

    /// A stage of a play begins.
    ///
    /// # Errors
    /// If it can't be said.
    fn stage(&self, stage: &StageHead<'_>) -> Result<()>;

    /// The runs on these servers are about to be executed; `left_out` further servers have none.
    fn progress(&self, servers: &[&str], left_out: usize) -> Box<dyn Progress>;

    /// A run did not have its turn.
    fn skipped(&self, row: &Row, reason: &str);

    /// A run ended because of an error rather than a step.
    fn broke(&self, row: &Row, error: &Error);

    /// Everything has ended.
    fn end(&self, group: GroupId, rows: &[Row]) -> Result<()>;
}

/// What is said when a stage begins.
pub(super) struct StageHead<'a> {
    pub name: &'a str,
    /// Counted from 1.
    pub number: usize,
    pub of: usize,
    pub recipe: &'a str,
    /// Those that have a run.
    pub servers: Vec<&'a str>,
}

/// Shows runs while they are executed, each identified by its position among them.
pub(super) trait Progress: Sync {
    /// Is called from several threads.
    fn told(&self, number: usize, told: Told<'_>);

    /// Time has passed; is called about ten times a second.
    fn beat(&self) {}

    /// Leaves the terminal to the next writer. Returns what was counted of each run, where the table needs it.
    fn close(self: Box<Self>) -> BTreeMap<usize, Account>;
}
