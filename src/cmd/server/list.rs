//! `infrakt server list`.

use super::super::{Context, output};
use super::naming::address;
use crate::document::server::ServerListed;
use crate::error::{Exit, Result};
use crate::store::Server;
use clap::Args;

/// List the servers
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Show only servers with this tag
    #[arg(long)]
    tag: Option<String>,
}

pub fn run(args: ListArgs, context: &Context) -> Result<Exit> {
    let runtime = context.runtime()?;
    let records = runtime.server_records(args.tag.as_deref())?;
    let servers: Vec<ServerListed> = records.into_iter().map(Into::into).collect();
    if context.json {
        output::json(&servers)?;
    } else if let (true, Some(tag)) = (servers.is_empty(), &args.tag) {
        output::note(&format!("no server has the tag '{tag}'; see all: infrakt server list"));
    } else if servers.is_empty() {
        output::note(&format!(
            "no servers in {}; add one: infrakt server add NAME --host HOST",
            runtime.home_path().display()
        ));
    } else {
        let row = |ServerListed { server, protected, .. }: ServerListed| {
            let protected = if protected.is_empty() { "" } else { "yes" };
            let (address, tags) = (address(&server), server.tags.join(", "));
            [server.name.clone(), address, status(server), tags, protected.to_owned()]
        };
        output::fitted_table(
            ["NAME", "ADDRESS", "STATUS", "TAGS", "PROTECTED"],
            servers.into_iter().map(row),
            &["TAGS", "ADDRESS"],
        )?;
    }
    Ok(Exit::Done)
}

/// What the last recipe noted of a server; before there was one, whether the server was ever reached.
fn status(server: Server) -> String {
    server.status.unwrap_or_else(|| match server.machine_id {
        Some(_) => "added".to_owned(),
        None => "never reached".to_owned(),
    })
}
