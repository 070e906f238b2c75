//! What the API answers, call by call: a request is taken apart, the runtime is called, and a document is answered.
//!
//! Whoever comes here was let in: host, origin, key and limits were checked before.

mod apps;
mod body;
mod call;
mod events;
mod plans;
mod recipes;
pub mod route;
mod runs;
mod servers;
pub mod table;

use super::answer::Answer;
use super::problem::Problem;
use super::request::{Method, Request};
use super::service::Service;
use call::Call;
use route::Route;
use table::ROUTES;

/// Whether there is such a path under `/api`, with this method: asked before the body is read.
///
/// # Errors
/// 404 `unknown_route`, 405 `method_not_allowed`.
pub fn find(method: Method, path: &[String]) -> Result<(), Problem> {
    route(method, path).map(drop)
}

/// Whether a call asks servers, and may therefore take long.
pub fn asks_servers(method: Method, path: &[String]) -> bool {
    route(method, path).is_ok_and(|(route, _)| route.asks_servers())
}

/// Answers a call under `/api`.
///
/// # Errors
/// What kept it from being done, as it is answered.
pub fn answer(service: &Service, request: &Request) -> Result<Answer, Problem> {
    let (route, captured) = route(request.method, &request.path)?;
    if route.query.is_none() && !request.raw_query.is_empty() {
        return Err(Problem::invalid_query(None, "this call takes no query"));
    }
    (route.handler)(&Call {
        service,
        request,
        captured,
    })
}

fn route(method: Method, path: &[String]) -> Result<(&'static Route, Vec<&str>), Problem> {
    let mut allowed: Vec<&str> = Vec::new();
    for route in ROUTES {
        if let Some(captured) = route.captures(path) {
            if route.method == method {
                return Ok((route, captured));
            }
            allowed.push(route.method.name());
        }
    }
    match allowed.is_empty() {
        true => Err(Problem::unknown_route()),
        false => Err(Problem::method_not_allowed(allowed.join(", "))),
    }
}
