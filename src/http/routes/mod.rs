//! The handlers of the API: each parses a request, calls the runtime, and returns a document.
//!
//! Requests that arrive here were accepted: host, origin, key and limits were checked before.

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
mod tags;

use super::answer::Answer;
use super::problem::Problem;
use super::request::{Method, Request};
use super::service::Service;
use call::Call;
use route::Route;
use table::ROUTES;

/// A route, with the parts of the path that it captures.
pub struct Found<'a> {
    route: &'static Route,
    captured: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// Whether the call asks servers, and may therefore take long.
    pub fn asks_servers(&self) -> bool {
        self.route.asks_servers()
    }

    /// Answers the call.
    ///
    /// # Errors
    /// What kept it from being done, as it is answered.
    pub fn answer(self, service: &'a Service, request: &'a Request) -> Result<Answer, Problem> {
        if self.route.query.is_none() && !request.raw_query.is_empty() {
            return Err(Problem::invalid_query(None, "this request takes no query"));
        }
        (self.route.handler)(&Call {
            service,
            request,
            captured: self.captured,
        })
    }
}

/// Finds the route of a call under `/api`.
///
/// # Errors
/// 404 `unknown_route`, 405 `method_not_allowed`.
pub fn find(method: Method, path: &[String]) -> Result<Found<'_>, Problem> {
    let mut allowed: Vec<&str> = Vec::new();
    for route in ROUTES {
        if let Some(captured) = route.captures(path) {
            if route.method == method {
                return Ok(Found { route, captured });
            }
            allowed.push(route.method.name());
        }
    }
    match allowed.is_empty() {
        true => Err(Problem::unknown_route()),
        false => Err(Problem::method_not_allowed(allowed.join(", "))),
    }
}
