//! Apps of the inventory.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::body::short_in_query;
use super::call::{Call, ok};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppsQuery {
    /// Only those on this server.
    server: Option<String>,
}

pub fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let query: AppsQuery = call.request.query()?;
    short_in_query("server", query.server.as_deref())?;
    ok(&call.service.runtime()?.apps(query.server.as_deref())?)
}
