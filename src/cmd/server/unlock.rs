//! `infrakt server unlock`: who is at work on a server, and the end of it.

use super::super::{Context, output};
use super::naming::type_name;
use crate::error::{Exit, Result};
use crate::prompt::Terminal;
use crate::runtime::Holder;
use clap::Args;
use serde::Serialize;

/// End a run that is at work on a server, after showing whose it is and since when
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt server unlock prod-2
  infrakt server unlock prod-2 --confirm prod-2

A lock ends with the run that holds it, and a run that has died holds none. This is
for one that goes on and whose own infrakt is out of reach: somebody else's laptop,
or a step that hangs. A run of your own is better ended with Ctrl-C, and one that
was cut off is better gone on with: infrakt runs resume ID.")]
pub struct UnlockArgs {
    /// The server, as `infrakt server list` names it
    name: String,
    /// The server's name, in place of typing it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

#[derive(Serialize)]
struct Unlocked<'a> {
    server: &'a str,
    /// Whose run was ended.
    ended: Option<&'a Holder>,
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
        output::json(&Unlocked {
            server: &args.name,
            ended: ended.as_ref(),
        })?;
        return Ok(Exit::Done);
    }
    match ended {
        None => output::note(&format!("nobody is at work on '{}'", args.name)),
        Some(holder) => output::note(&format!("ended on '{}': {holder}", args.name)),
    }
    Ok(Exit::Done)
}
