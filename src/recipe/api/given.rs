//! `server` and `facts`: what a recipe is given. What rests on facts is read when a recipe first asks for it.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use crate::recipe::draft::{Problem, ReadFacts, SharedDraft};
use crate::recipe::evaluation_inputs::ServerView;
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
            "is_infrakt_host" => view.is_infrakt_host.into(),
            "is_protected" => read(&context, |facts| facts.protected)?.into(),
            _ => return Err(unknown(&context, name)),
        })
    }

    /// A property of the server's facts. The first one that a recipe asks for reads all of them, in one round trip.
    ///
    /// # Example
    /// ```rhai
    /// if facts.os.id != "debian" { fail("This is for Debian."); }
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn facts_get(context: NativeCallContext, _facts: &mut FactsHandle, name: &str) -> RhaiResult<Dynamic> {
        read(&context, |facts| facts.values.get(name).cloned())?.ok_or_else(|| unknown(&context, name))
    }
}

fn unknown(context: &NativeCallContext, name: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorPropertyNotFound(name.to_owned(), context.call_position()).into()
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
