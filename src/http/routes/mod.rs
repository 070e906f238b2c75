//! Which call is answered by whom: one table, that dispatch and the OpenAPI document are made from.
//!
//! Whoever comes here was let in: host, origin, key and limits were checked before.

use super::answer::Answer;
use super::problem::Problem;
use super::request::{Method, Request};
use super::service::Service;
use serde_json::json;

/// Whether there is such a path under `/api`, with this method: asked before the body is read.
///
/// # Errors
/// 404 `unknown_route`, 405 `method_not_allowed`.
pub fn find(method: Method, path: &[String]) -> Result<(), Problem> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (path.as_slice(), method) {
        (["api", "health"], Method::Get) => Ok(()),
        (["api", "health"], _) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::unknown_route()),
    }
}

/// Answers a call under `/api`.
pub fn answer(_service: &Service, request: &Request) -> Result<Answer, Problem> {
    find(request.method, &request.path)?;
    Ok(Answer::ok(
        json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
    ))
}
