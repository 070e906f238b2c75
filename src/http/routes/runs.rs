//! Runs: started after the plan was shown, stopped, resumed, and read from the journal.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::body::{SecretText, SecretTexts, answers, if_any, secrets, short, short_in_query};
use super::call::{Call, json, ok};
use super::plans::PROVISION;
use crate::consent::Proof;
use crate::document::run::RunShown;
use crate::error::{Refusal, StoreError};
use crate::event::RunState;
use crate::runtime::{Parameters, RunOrder, Unknown};
use crate::store::{GroupId, RunFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const USUAL_LIMIT: usize = 50;
const HIGHEST_LIMIT: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunsQuery {
    /// Only runs on the server of this name.
    server: Option<String>,
    /// Only runs in this state.
    state: Option<RunState>,
    /// Maximum number; 50 by default.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Only those that are older than this run.
    before: Option<i64>,
}

/// A recipe to run, for someone who was shown its plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// The name of a recipe. `shipped:NAME` is infrakt's own, even if the user has one of the same name.
    recipe: String,
    /// The name of a server.
    server: String,
    #[serde(default)]
    parameters: Parameters,
    /// The server's name. Required if the plan needs consent.
    confirm: Option<String>,
    /// The digest of the plan that was shown. Required if the plan needs consent; if given, it must match.
    digest: Option<String>,
    /// Values for the plan's secrets; missing ones are read from the environment of the service.
    #[serde(default)]
    secrets: SecretTexts,
    /// The password for sudo on the server. infrakt keeps it in memory for this run only.
    sudo_password: Option<SecretText>,
}

/// How to provision a server, for someone who was shown the plan.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProvisionBody {
    /// Keep existing data: provision without wiping first.
    keep_data: bool,
    parameters: Parameters,
    /// The server's name. Required if the plan needs consent.
    confirm: Option<String>,
    /// The digest of the plan that was shown. Required if the plan needs consent; if given, it must match.
    digest: Option<String>,
    /// Values for the plan's secrets; missing ones are read from the environment of the service.
    secrets: SecretTexts,
    /// The password for sudo on the server. infrakt keeps it in memory for this run only.
    sudo_password: Option<SecretText>,
}

/// A run that was started.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Begun {
    pub run_id: i64,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopBody {
    /// End the current step now, too.
    now: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResumeBody {
    /// What to do about a step that may or may not have run.
    unknown: Option<UnknownSaid>,
    /// The server's name. Required if the consent that started the run is no longer valid.
    confirm: Option<String>,
    /// Values for the plan's secrets; missing ones are read from the environment of the service.
    secrets: SecretTexts,
    /// The password for sudo on the server. infrakt keeps it in memory for this run only.
    sudo_password: Option<SecretText>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownSaid {
    /// Run it again.
    Again,
    /// Treat it as done and continue with the next step.
    Done,
}

pub fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let query: RunsQuery = call.request.query()?;
    short_in_query("server", query.server.as_deref())?;
    let limit = query.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        let message = format!("the limit is a number from 1 to {HIGHEST_LIMIT}");
        return Err(Problem::invalid_query(Some("limit".to_owned()), message));
    }
    let filter = RunFilter {
        server: query.server.as_deref(),
        state: query.state,
        before: query.before,
    };
    ok(&call.service.runtime()?.runs(filter, limit)?)
}

pub fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    ok(&RunShown::from(call.service.runtime()?.run_record(call.run_id()?)?))
}

/// The group in the path, as `g3`.
pub fn show_group(call: &Call<'_>) -> Result<Answer, Problem> {
    let name = call.name();
    // Written in one way only, so that one group has one address.
    let id = name.parse().ok().filter(|id: &GroupId| id.to_string() == name);
    let id = id.ok_or_else(|| {
        Problem::new(
            404,
            "unknown_group",
            format!("there is no group {}", name.escape_debug()),
        )
        .with_hint("list the runs with their groups: infrakt runs list")
    })?;
    ok(&call.service.runtime()?.group(id)?)
}

pub fn begin(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: RunBody = call.request.json()?;
    short("recipe", Some(&body.recipe))?;
    short("server", Some(&body.server))?;
    let server = body.server.clone();
    Wanted {
        recipe: &body.recipe,
        parameters: body.parameters,
        confirm: body.confirm,
        digest: body.digest,
        secrets: body.secrets,
        sudo_password: body.sudo_password,
    }
    .begin(call, &server)
}

pub fn provision(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: ProvisionBody = if_any(call.request)?;
    let mut parameters = body.parameters;
    if body.keep_data {
        parameters.insert("keep_data".to_owned(), true.into());
    }
    Wanted {
        recipe: PROVISION,
        parameters,
        confirm: body.confirm,
        digest: body.digest,
        secrets: body.secrets,
        sudo_password: body.sudo_password,
    }
    .begin(call, call.name())
}

/// What is to be run.
struct Wanted<'a> {
    recipe: &'a str,
    parameters: Parameters,
    confirm: Option<String>,
    digest: Option<String>,
    secrets: SecretTexts,
    sudo_password: Option<SecretText>,
}

impl Wanted<'_> {
    fn begin(self, call: &Call<'_>, server: &str) -> Result<Answer, Problem> {
        short("confirm", self.confirm.as_deref())?;
        short("digest", self.digest.as_deref())?;
        let secrets = secrets(self.secrets)?;
        let answers = answers(self.sudo_password)?;
        let runtime = call.service.runtime()?;
        let server = runtime.server(server)?;
        let recipe = runtime.library.find_named(self.recipe)?;
        let place = call.service.background().place()?;
        let order = RunOrder {
            recipe: &recipe,
            server: &server,
            parameters: self.parameters,
            proof: Proof {
                name: self.confirm.as_deref(),
                digest: self.digest.as_deref(),
            },
            secrets,
            answers,
        };
        let begun = runtime.begin_shown(order, call.service.shown())?;
        let run_id = begun.run_id();
        place.execute(runtime, begun);
        json(202, &Begun { run_id })
    }
}

pub fn stop(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: StopBody = if_any(call.request)?;
    let id = call.run_id()?;
    let runtime = call.service.runtime()?;
    // A run that has ended may be listed among those of this process for a moment.
    let running = runtime.run(id)?.state == RunState::Running;
    let stopped = running && call.service.background().stop(id, body.now);
    let run = runtime.run(id)?;
    if stopped {
        return json(202, &run);
    }
    Err(match run.state {
        RunState::Running => Refusal::RunsElsewhere {
            run: id,
            server: run.server,
            operator: run.operator,
            computer: run.computer,
            pid: run.pid,
        }
        .into(),
        state @ (RunState::Done | RunState::Failed | RunState::Interrupted) => {
            crate::error::Error::from(StoreError::RunHasEnded {
                id,
                state: state.as_str(),
            })
        }
    }
    .into())
}

pub fn resume(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: ResumeBody = if_any(call.request)?;
    short("confirm", body.confirm.as_deref())?;
    let secrets = secrets(body.secrets)?;
    let answers = answers(body.sudo_password)?;
    let id = call.run_id()?;
    let runtime = call.service.runtime()?;
    // What can be said without its server, before anything is begun.
    runtime.resumable(id)?;
    let place = call.service.background().place()?;
    let begun = runtime.resume_unattended(id, body.confirm.as_deref(), &secrets, &answers)?;
    let unknown = body.unknown.map(|unknown| match unknown {
        UnknownSaid::Again => Unknown::Again,
        UnknownSaid::Done => Unknown::Done,
    });
    place.resume(runtime, begun, unknown)?;
    json(202, &Begun { run_id: id })
}
