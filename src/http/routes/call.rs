//! A request with its route, and how it is answered with a document.

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::service::Service;
use serde::Serialize;

/// A request that has found its route.
pub struct Call<'a> {
    pub service: &'a Service,
    pub request: &'a Request,
    /// What stands in the path where the template has names, in their order.
    pub(super) captured: Vec<&'a str>,
}

impl Call<'_> {
    /// The name in the path.
    pub(super) fn name(&self) -> &str {
        self.captured.first().copied().unwrap_or_default()
    }

    /// The run's number in the path.
    ///
    /// # Errors
    /// 404 `unknown_run` if it is no number: then there is no such run.
    pub(super) fn run_id(&self) -> Result<i64, Problem> {
        let name = self.name();
        // Written in one way only, so that one run has one address.
        let id = name.parse().ok().filter(|id: &i64| id.to_string() == name);
        id.ok_or_else(|| {
            Problem::new(404, "unknown_run", format!("there is no run {}", name.escape_debug()))
                .with_hint("list the runs: infrakt runs list")
        })
    }
}

pub(super) fn ok(document: &impl Serialize) -> Result<Answer, Problem> {
    json(200, document)
}

pub(super) fn json(status: u16, document: &impl Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_value(document)
        .map_err(|error| Problem::new(500, "internal", format!("cannot write the answer as JSON: {error}")))?;
    Ok(Answer::Json { status, body })
}
