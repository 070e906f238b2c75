//! `server` and `facts`: what a recipe is given. What rests on facts is read when a recipe first asks for it.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use super::inventory::VarsHandle;
use crate::error::nearest;
use crate::recipe::draft::{Problem, ReadFacts, SharedDraft};
use crate::recipe::server_view::ServerView;
use rhai::plugin::*;
use rhai::{Array, Shared};

/// `server`, as recipes hold it.
#[derive(Debug, Clone)]
pub struct ServerHandle(pub Shared<ServerView>);

/// `facts`, as recipes hold it.
#[derive(Debug, Clone)]
pub struct FactsHandle;

#[export_module]
pub mod given {
    /// A property of the server that the plan is for. `is_protected` reads the server's facts.
    ///
    /// # Example
    /// ```rhai
    /// if !server.is_protected { print(server.name); }
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn server_get(context: NativeCallContext, server: &mut ServerHandle, name: &str) -> RhaiResult<Dynamic> {
        let view = &server.0;
        Ok(match name {
            "name" => view.name.clone().into(),
            "host" => view.host.clone().into(),
            "port" => i64::from(view.port).into(),
            "user" => view.user.clone().into(),
            "provider" => view.provider.clone().into(),
            "tags" => view.tags.iter().cloned().map(Dynamic::from).collect::<Array>().into(),
            "vars" => Dynamic::from(VarsHandle::planned(view)),
            "is_infrakt_host" => view.is_infrakt_host.into(),
            "is_protected" => read(&context, |facts| facts.protected)?.into(),
            _ => return Err(unknown(&context, name, SERVER)),
        })
    }

    /// As `server.NAME`, by a text.
    ///
    /// # Example
    /// ```rhai
    /// for name in ["host", "port"] { print(server.get(name)); }
    /// ```
    #[rhai_fn(name = "get", pure, return_raw)]
    pub fn server_get_named(context: NativeCallContext, server: &mut ServerHandle, name: &str) -> RhaiResult<Dynamic> {
        server_get(context, server, name)
    }

    /// As `facts.NAME`, by a text. A fact that is not known, as in an old file of facts, is `()`; so is `facts?.NAME`.
    ///
    /// # Example
    /// ```rhai
    /// let memory = facts?.memory_mb ?? 1024;
    /// ```
    #[rhai_fn(name = "get", pure, return_raw)]
    pub fn facts_get_named(context: NativeCallContext, facts: &mut FactsHandle, name: &str) -> RhaiResult<Dynamic> {
        if LATER.contains(&name) && read(&context, |facts| !facts.values.contains_key(name))? {
            return Ok(Dynamic::UNIT);
        }
        facts_get(context, facts, name)
    }

    /// A property of the server's facts. The first one that a recipe asks for reads all of them, in one round trip.
    ///
    /// # Example
    /// ```rhai
    /// if facts.os.id != "debian" { fail("This is for Debian."); }
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn facts_get(context: NativeCallContext, _facts: &mut FactsHandle, name: &str) -> RhaiResult<Dynamic> {
        let (known, names) = read(&context, |facts| {
            let names: Vec<String> = match facts.values.contains_key(name) {
                true => Vec::new(),
                false => facts.values.keys().map(ToString::to_string).collect(),
            };
            (facts.values.get(name).cloned(), names)
        })?;
        match known {
            Some(known) => Ok(known),
            None if LATER.contains(&name) => Err(Problem::new(format!(
                "the facts of '{}' do not tell '{name}'",
                server_of(&context)?
            ))
            .label("not known")
            .help("if they come from a file, record them again: infrakt facts NAME > facts.json")
            .at(&context)),
            None => Err(unknown(&context, name, names.iter().map(String::as_str))),
        }
    }
}

pub const SERVER: [&str; 9] = [
    "name",
    "host",
    "port",
    "user",
    "provider",
    "tags",
    "vars",
    "is_infrakt_host",
    "is_protected",
];

/// Facts that files of an older infrakt do not have, and that a server may not tell.
const LATER: [&str; 6] = ["memory_mb", "swap_mb", "processors", "addresses", "disks", "users"];

fn server_of(context: &NativeCallContext) -> RhaiResult<String> {
    Ok(SharedDraft::of(context)?.lock().server.clone())
}

fn unknown<'a>(
    context: &NativeCallContext,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Box<EvalAltResult> {
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Problem::new(format!("'{name}' does not exist here"))
        .label("unknown property")
        .help(help)
        .at(context)
}

/// What was read from the server; it is read now if it was not before.
fn read<T>(context: &NativeCallContext, look: impl FnOnce(&ReadFacts) -> T) -> RhaiResult<T> {
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let facts = match draft.facts.take() {
        Some(facts) => facts,
        None => match draft.answers.facts() {
            Ok(known) => ReadFacts::of(known)?,
            Err(error) => {
                let problem = Problem::new(error.to_string()).label("the facts are read here");
                draft.foreign = Some(error);
                return Err(problem.at(context));
            }
        },
    };
    Ok(look(draft.facts.insert(facts)))
}
