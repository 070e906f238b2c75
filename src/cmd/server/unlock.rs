//! `infrakt server unlock`: shows who runs something on a server, and ends it.

use super::super::{Context, output};
use super::naming::type_name;
use crate::document::server::ServerUnlocked;
use crate::error::{Exit, Result};
use crate::prompt::Terminal;
use clap::Args;

/// End the run that locks a server, after showing who started it and when
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server unlock prod-2
  infrakt server unlock prod-2 --confirm prod-2

A lock ends with the run that holds it; a run that has died holds no lock. Use this
for a run that is still going and whose infrakt you can't reach: on someone else's
laptop, or in a step that hangs. End a run of your own with Ctrl-C. Continue an
interrupted run with: infrakt runs resume ID")]
pub struct UnlockArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    /// The server's name, instead of typing it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

pub fn run(args: UnlockArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let live = runtime.reach(&runtime.server(&args.name)?, &Terminal)?;
    let ended = runtime.lock_holder(&live)?;
    if let Some(holder) = &ended {
        runtime.with_name_typed(&args.name, &mut type_name(args.confirm.as_deref()), |typed| {
            runtime.unlock(&live, holder, typed)
        })?;
    }
    if context.json {
        output::json(&ServerUnlocked {
            server: args.name,
            ended,
        })?;
        return Ok(Exit::Done);
    }
    match ended {
        None => output::note(&format!("no run is in progress on '{}'", args.name)),
        Some(holder) => output::note(&format!("ended on '{}': {}", args.name, holder.as_reason())),
    }
    Ok(Exit::Done)
}
