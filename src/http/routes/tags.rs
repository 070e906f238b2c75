//! Tags, and the variables of their servers.

use super::super::answer::Answer;
use super::super::problem::Problem;
use super::call::{Call, ok};
use crate::variables::VariableChanges;
use schemars::JsonSchema;
use serde::Deserialize;

/// What to change of a tag.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagPatch {
    /// Variables to set; null removes one. Others stay as they are. Not for secrets.
    vars: VariableChanges,
}

pub fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    ok(&call.service.runtime()?.tags()?)
}

pub fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    ok(&call.service.runtime()?.tag(call.name())?)
}

pub fn update(call: &Call<'_>) -> Result<Answer, Problem> {
    let body: TagPatch = call.request.json()?;
    if body.vars.is_empty() {
        return Err(Problem::invalid_body(None, "nothing to change"));
    }
    ok(&call.service.runtime()?.update_tag(call.name(), &body.vars)?)
}
