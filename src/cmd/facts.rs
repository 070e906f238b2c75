//! `infrakt facts`: what is known about a server, as data.

use super::{Context, output};
use crate::error::{Exit, Result};
use crate::prompt::Terminal;
use clap::Args;

/// Print the facts of a server as JSON
///
/// `plan --offline --facts FILE` reads them.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  infrakt facts prod-2 > prod-2.json
  infrakt plan provision --server prod-2 --offline --facts prod-2.json")]
pub struct FactsArgs {
    /// Server of the inventory
    #[arg(value_name = "NAME")]
    name: String,
}

pub fn run(args: FactsArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let live = runtime.reach(&runtime.server(&args.name)?, &Terminal)?;
    output::json(&live.facts)?;
    Ok(Exit::Done)
}
