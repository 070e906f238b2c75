//! The servers that a command works on.

use super::output;
use super::server::naming::address;
use crate::error::{Error, Result};
use crate::prompt;
use crate::runtime::{Runtime, ServerRecord};
use crate::store::Server;
use clap::Args;
use std::collections::BTreeMap;

/// How a user names them.
#[derive(Debug, Clone, Args)]
pub struct Targets {
    /// Server to work on; can be repeated. Without a choice of servers, a terminal shows a list
    #[arg(long, short, value_name = "NAME", help_heading = "Servers")]
    pub server: Vec<String>,
    /// All servers with this tag; can be repeated
    #[arg(long, value_name = "TAG", help_heading = "Servers")]
    pub tag: Vec<String>,
    /// All servers of the inventory
    #[arg(long, conflicts_with_all = ["server", "tag"], help_heading = "Servers")]
    pub all: bool,
}

impl Targets {
    /// Whether any of the options was given.
    pub fn are_given(&self) -> bool {
        self.all || !self.server.is_empty() || !self.tag.is_empty()
    }

    /// Whether the output has the form for several servers. With `--json` and a tag it always has: a program can't know how
    /// many servers have the tag.
    pub fn are_several(&self, servers: usize, json: bool) -> bool {
        let names_one = self.server.len() == 1 && self.tag.is_empty() && !self.all;
        servers > 1 || (json && !names_one)
    }

    /// The servers, each once: first the named ones in their order, then those with a tag, by name. On a terminal, without
    /// any of the options, the user chooses from a list.
    ///
    /// # Errors
    /// If a name or tag is unknown, or no server was given and there is no terminal to ask on.
    pub fn resolve(&self, runtime: &Runtime) -> Result<Vec<Server>> {
        let mut servers = Vec::new();
        for name in &self.server {
            servers.push(runtime.server(name)?);
        }
        for tag in &self.tag {
            let tagged = runtime.servers(Some(tag))?;
            if tagged.is_empty() {
                return Err(Error::usage_with(
                    format!("no server has the tag '{tag}'"),
                    "infrakt server list",
                ));
            }
            servers.extend(tagged);
        }
        if self.all {
            servers = runtime.servers(None)?;
        }
        if servers.is_empty() {
            servers = choose(runtime, self.all)?;
        }
        let mut seen = BTreeMap::new();
        servers.retain(|server| seen.insert(server.id, ()).is_none());
        Ok(servers)
    }
}

fn choose(runtime: &Runtime, all: bool) -> Result<Vec<Server>> {
    let servers = runtime.servers(None)?;
    if servers.is_empty() {
        return Err(Error::usage_with(
            format!("no servers in {}", runtime.home_path().display()),
            "infrakt server add NAME --host HOST",
        ));
    }
    let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
    let chosen = if all || !prompt::on_terminal() {
        None
    } else {
        let (header, entries) = entries(runtime)?;
        prompt::choose("Which servers?", &header, &entries)?
    };
    let Some(chosen) = chosen else {
        return Err(Error::usage_with(
            format!("no server was given; the inventory has {}", names.join(", ")),
            format!(
                "repeat the command with: --server {}",
                names.first().map_or("NAME", String::as_str)
            ),
        ));
    };
    Ok(servers
        .into_iter()
        .enumerate()
        .filter(|(index, _)| chosen.contains(index))
        .map(|(_, server)| server)
        .collect())
}

/// The list to choose from, in columns, and the header above it.
fn entries(runtime: &Runtime) -> Result<(String, Vec<String>)> {
    let mut rows = vec![["NAME", "ADDRESS", "TAGS", "PROTECTED", "LAST RUN"].map(str::to_owned)];
    for ServerRecord {
        server,
        protected,
        last_run,
    } in runtime.server_records(None)?
    {
        let last = last_run.map_or("none".to_owned(), |run| {
            let day = run.started_at.strftime("%Y-%m-%d");
            format!("{} {} {day}", run.recipe.trim_end_matches(".rhai"), run.state.as_str())
        });
        let protected = if protected.is_empty() { "" } else { "yes" };
        rows.push([
            server.name.clone(),
            address(&server),
            server.tags.join(","),
            protected.to_owned(),
            last,
        ]);
    }
    let widths = output::widths(&rows);
    let mut lines = rows.into_iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    Ok((lines.next().unwrap_or_default(), lines.collect()))
}
