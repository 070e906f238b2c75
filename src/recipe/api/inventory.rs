//! `server.vars` and `servers(…)`: what the inventory says. The plan records what a recipe read of it.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use crate::error::nearest;
use crate::recipe::draft::{Problem, SharedDraft};
use crate::recipe::server_view::ServerView;
use crate::variables::Variable;
use rhai::plugin::*;
use rhai::{Array, Map, Shared};
use serde_json::Value;

/// The variables of a server, as recipes hold them.
#[derive(Debug, Clone)]
pub struct VarsHandle {
    server: Shared<ServerView>,
    /// Whether it is the server that the plan is for: the plan has the values that were read of that one. What was read of
    /// others is covered by [`ServerView::read`].
    planned: bool,
}

#[export_module]
pub mod inventory {
    /// The servers with a tag, by name; also the server that the plan is for, if it has the tag. Each has `name`, `host`,
    /// `port`, `user`, `provider`, `tags`, `is_infrakt_host` and `vars`, as the inventory has them: no server is asked. The
    /// plan names the servers, and a saved plan can't be applied once they have changed.
    ///
    /// # Example
    /// ```rhai
    /// let backends = servers("web").map(|web| `server ${web.host}:${web.vars?.port ?? 8080};`);
    /// ssh::upload("List the web servers", "/etc/nginx/backends.conf", backends.join("\n") + "\n");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn servers(context: NativeCallContext, tag: &str) -> RhaiResult<Array> {
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        let views = match draft.tagged.get(tag) {
            Some(views) => views.clone(),
            None => {
                let asked = draft.answers.servers(tag);
                let views = asked.map_err(|error| {
                    let problem = Problem::new(error.to_string()).label("asked here");
                    draft.foreign = Some(error);
                    problem.at(&context)
                })?;
                draft.inventory.servers.insert(tag.to_owned(), ServerView::read(&views));
                let views: Vec<Shared<ServerView>> = views.into_iter().map(Shared::new).collect();
                draft.tagged.insert(tag.to_owned(), views.clone());
                views
            }
        };
        Ok(views.into_iter().map(|view| Dynamic::from_map(as_map(view))).collect())
    }

    /// A variable of the server, or of one of its tags. The server's own value counts before those of its tags. If it has
    /// none, and its tags say different things, that is an error which names the tags.
    ///
    /// # Example
    /// ```rhai
    /// let hour = server.vars?.backup_hour ?? 3;
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn vars_get(context: NativeCallContext, vars: &mut VarsHandle, name: &str) -> RhaiResult<Dynamic> {
        vars.read(&context, name)?
            .ok_or_else(|| vars.unknown(name).at(&context))
    }

    /// As `server.vars.NAME`, by a text. A variable that is not set is `()`; so is `server.vars?.NAME`.
    ///
    /// # Example
    /// ```rhai
    /// let region = server.vars.get("region") ?? "eu";
    /// ```
    #[rhai_fn(name = "get", pure, return_raw)]
    pub fn vars_get_named(context: NativeCallContext, vars: &mut VarsHandle, name: &str) -> RhaiResult<Dynamic> {
        Ok(vars.read(&context, name)?.unwrap_or(Dynamic::UNIT))
    }

    /// Whether the server has a variable: `"region" in server.vars`.
    ///
    /// # Example
    /// ```rhai
    /// if "region" in server.vars { print(server.vars.region); }
    /// ```
    #[rhai_fn(name = "contains", pure, return_raw)]
    pub fn vars_contain(context: NativeCallContext, vars: &mut VarsHandle, name: &str) -> RhaiResult<bool> {
        Ok(vars.read(&context, name)?.is_some())
    }

    /// The names of the server's variables.
    ///
    /// # Example
    /// ```rhai
    /// for name in server.vars.keys() { print(`${name} is set`); }
    /// ```
    #[rhai_fn(name = "keys", pure, return_raw)]
    pub fn vars_keys(context: NativeCallContext, vars: &mut VarsHandle) -> RhaiResult<Array> {
        let names: Vec<String> = vars.server.vars.keys().cloned().collect();
        for name in &names {
            vars.note(&context, name)?;
        }
        if vars.planned {
            // A variable that is added later would be listed as well.
            SharedDraft::of(&context)?.lock().inventory.names = Some(names.clone());
        }
        Ok(names.into_iter().map(Dynamic::from).collect())
    }
}

impl VarsHandle {
    /// The variables of the server that the plan is for.
    pub fn planned(server: &Shared<ServerView>) -> Self {
        Self {
            server: server.clone(),
            planned: true,
        }
    }

    fn read(&self, context: &NativeCallContext, name: &str) -> RhaiResult<Option<Dynamic>> {
        self.note(context, name)?;
        match self.server.vars.get(name) {
            None => Ok(None),
            Some(Variable { value: None, tags, .. }) => {
                let says = |(tag, value): (&String, &Value)| format!("'{tag}' says {value}");
                let said: Vec<String> = tags.iter().map(says).collect();
                let server = &self.server.name;
                Err(Problem::new(format!(
                    "the tags of '{server}' disagree about '{name}': {}",
                    said.join(", ")
                ))
                .label("which one is not clear")
                .help(format!(
                    "give the server a value of its own: infrakt server update {server} --var {name}=VALUE"
                ))
                .at(context))
            }
            Some(Variable { value: Some(value), .. }) => rhai::serde::to_dynamic(value).map(Some),
        }
    }

    /// Notes in the plan that this was read, and what it was.
    fn note(&self, context: &NativeCallContext, name: &str) -> RhaiResult<()> {
        if self.planned {
            let value = self.server.vars.get(name).and_then(|variable| variable.value.clone());
            let shared = SharedDraft::of(context)?;
            shared
                .lock()
                .inventory
                .vars
                .insert(name.to_owned(), value.unwrap_or(Value::Null));
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Problem {
        let server = &self.server.name;
        let problem = Problem::new(format!("the server '{server}' has no variable '{name}'")).label("not set");
        problem.help(match nearest(name, self.server.vars.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "set it: infrakt server update NAME --var {name}=VALUE, or for a tag: infrakt tag update TAG --var \
                 {name}=VALUE; or take a default: server.vars?.{name} ?? \"…\""
            ),
        })
    }
}

fn as_map(view: Shared<ServerView>) -> Map {
    let tags: Array = view.tags.iter().cloned().map(Dynamic::from).collect();
    Map::from([
        ("name".into(), view.name.clone().into()),
        ("host".into(), view.host.clone().into()),
        ("port".into(), i64::from(view.port).into()),
        ("user".into(), view.user.clone().into()),
        ("provider".into(), view.provider.clone().into()),
        ("tags".into(), tags.into()),
        ("is_infrakt_host".into(), view.is_infrakt_host.into()),
        (
            "vars".into(),
            Dynamic::from(VarsHandle {
                server: view,
                planned: false,
            }),
        ),
    ])
}
