//! How several servers are worked on: how many at once, and what happens when one fails.

use crate::runtime::{AtOnce, FailFast};
use clap::Args;
use std::num::NonZeroUsize;

#[derive(Debug, Clone, Copy, Args)]
pub struct ParallelArgs {
    /// Number of servers to work on at once
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "16",
        value_parser = at_least_one,
        help_heading = "Servers"
    )]
    pub parallel: NonZeroUsize,
}

#[derive(Debug, Clone, Copy, Args)]
pub struct PaceArgs {
    #[command(flatten)]
    parallel: ParallelArgs,
    /// Run nothing if a server is unreachable or refused; after a failure, stop the others after their current step
    #[arg(long, help_heading = "Servers")]
    fail_fast: bool,
}

impl PaceArgs {
    pub fn at_once(self) -> AtOnce<'static> {
        AtOnce {
            parallel: self.parallel.parallel,
            fail_fast: self.fail_fast.then_some(FailFast::Option),
        }
    }
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "give a number of servers, at least 1".to_owned())
}
