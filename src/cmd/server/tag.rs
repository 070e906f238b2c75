//! `infrakt server tag`.

use super::super::{Context, output};
use crate::error::{Error, Exit, Result};
use clap::Args;

/// Add or remove tags of a server
#[derive(Debug, Args)]
pub struct TagArgs {
    /// Name of the server (see `infrakt server list`)
    name: String,
    /// Tags to add
    #[arg(value_name = "TAG")]
    add: Vec<String>,
    /// Tag to remove; can be repeated
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

pub fn run(args: TagArgs, context: &Context) -> Result<Exit> {
    if args.add.is_empty() && args.remove.is_empty() {
        return Err(Error::usage_with(
            "no tag was given",
            format!("infrakt server tag {} TAG, or --remove TAG", args.name),
        ));
    }
    let server = context.runtime()?.retag(&args.name, &args.add, &args.remove)?;
    if context.json {
        output::json(&server)?;
    } else if server.tags.is_empty() {
        output::line(&format!("'{}' has no tags now", server.name))?;
    } else {
        output::line(&format!(
            "tags of '{}' are now: {}",
            server.name,
            server.tags.join(", ")
        ))?;
    }
    Ok(Exit::Done)
}
