//! `db::…`: what infrakt itself records about the server.

use super::call::{RhaiResult, origin};
use super::given::ServerHandle;
use super::step::StepHandle;
use crate::plan::{Action, Effect, StateChange, Step};
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;
use rhai::{Array, Map};

/// The local database. Calls are always about the server that the plan is for.
#[export_module]
pub mod db {
    /// Removes the server's apps from the inventory, with their deployments and dependencies, and then deletes their
    /// env files. This is destructive, so it needs the same consent as a destructive command.
    ///
    /// # Example
    /// ```rhai
    /// db::forget_apps(server);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn forget_apps(context: NativeCallContext, _server: ServerHandle) -> RhaiResult<StepHandle> {
        state(
            &context,
            "Forget the server's apps and their env files",
            StateChange::ForgetApps,
            Effect::Destroy,
        )
    }

    /// Sets the status of the server, which `infrakt server list` shows.
    ///
    /// # Example
    /// ```rhai
    /// db::set_status(server, "provisioned");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_status(context: NativeCallContext, _server: ServerHandle, status: &str) -> RhaiResult<StepHandle> {
        if !crate::plan::form::is_status(status) {
            return Err(Problem::new(format!("{status:?} is not a valid status"))
                .help("a status is one short word")
                .at(&context));
        }
        state(
            &context,
            &format!("Note that the server is {status}"),
            StateChange::SetStatus(status.to_owned()),
            Effect::Change,
        )
    }

    /// The server's apps, each with `name` and `image`.
    ///
    /// # Example
    /// ```rhai
    /// for app in db::apps(server) { print(app.name); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn apps(context: NativeCallContext, _server: ServerHandle) -> RhaiResult<Array> {
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        match draft.answers.apps() {
            Ok(apps) => {
                draft.recorded.insert(
                    "db::apps".to_owned(),
                    apps.iter().map(|(n, i)| vec![n.clone(), i.clone()]).collect(),
                );
                Ok(apps
                    .into_iter()
                    .map(|(name, image)| {
                        Dynamic::from_map(Map::from([
                            ("name".into(), name.into()),
                            ("image".into(), image.into()),
                        ]))
                    })
                    .collect())
            }
            Err(error) => {
                let problem = Problem::new(error.to_string()).label("asked here");
                draft.foreign = Some(error);
                Err(problem.at(&context))
            }
        }
    }
}

fn state(context: &NativeCallContext, title: &str, change: StateChange, effect: Effect) -> RhaiResult<StepHandle> {
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let origin = origin(context, &draft);
    let step = Step {
        idempotent: true,
        timeout_seconds: 60,
        ..Step::new(draft.section.clone(), title, effect, Action::State { change }, origin)
    };
    draft
        .add(step)
        .map(StepHandle::new)
        .map_err(|problem| problem.at(context))
}
