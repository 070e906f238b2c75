//! `infrakt server remove`.

use super::super::{Context, output};
use super::naming::type_name;
use crate::error::{Exit, Result};
use clap::Args;

/// Remove a server from the inventory; the server itself is not changed
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    /// The server's name, instead of typing it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

pub fn run(args: RemoveArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let server = runtime.remove(&args.name, &mut type_name(args.confirm.as_deref()))?;
    if context.json {
        output::json(&server)?;
    } else {
        output::line(&format!("removed server '{}'", server.name))?;
    }
    if server.is_infrakt_host {
        output::note("the machine stays protected by its machine-id and host key, where they are known");
    }
    Ok(Exit::Done)
}
