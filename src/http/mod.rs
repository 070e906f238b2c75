//! `infrakt serve`: the HTTP API and the dashboard.
//!
//! It must not decide anything that the runtime decides for the command line.

pub mod answer;
pub mod key;
pub mod openapi;
pub mod problem;
pub mod request;
pub mod routes;
pub mod service;

use crate::error::{Error, Result};
use answer::Answer;
use key::ApiKey;
use problem::Problem;
use request::{Method, Request};
use service::Service;
use std::io::Cursor;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

pub struct Http {
    server: tiny_http::Server,
    address: SocketAddr,
    key: ApiKey,
    service: Arc<Service>,
}

impl Http {
    pub fn bind(address: SocketAddr, key: ApiKey, service: Arc<Service>) -> Result<Self> {
        let listener = TcpListener::bind(address).map_err(|error| Error::usage(format!("{address}: {error}")))?;
        let address = listener.local_addr().map_err(|error| Error::usage(error.to_string()))?;
        let server = tiny_http::Server::from_listener(listener, None)
            .map_err(|error| Error::usage(format!("{address}: {error}")))?;
        Ok(Self {
            server,
            address,
            key,
            service,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn serve(&self, interrupts: &dyn Fn() -> usize) -> Result<()> {
        while interrupts() == 0 {
            if let Ok(Some(mut request)) = self.server.recv_timeout(Duration::from_millis(100)) {
                let answer = self.answer(&mut request);
                let (status, body) = match answer {
                    Ok(Answer::Json { status, body }) => (status, body.to_string()),
                    Ok(_) => (204, String::new()),
                    Err(problem) => (problem.status, problem.body().to_string()),
                };
                let length = body.len();
                let response = tiny_http::Response::new(
                    status.into(),
                    tiny_http::Header::from_bytes("Content-Type", "application/json")
                        .into_iter()
                        .collect(),
                    Cursor::new(body),
                    Some(length),
                    None,
                );
                let _ = request.respond(response);
            }
        }
        Ok(())
    }

    fn answer(&self, incoming: &mut tiny_http::Request) -> Result<Answer, Problem> {
        let header = |name: &'static str| {
            let found = incoming.headers().iter().find(|header| header.field.equiv(name));
            found.map(|header| header.value.to_string())
        };
        let (path, query) = incoming.url().split_once('?').unwrap_or((incoming.url(), ""));
        let mut request = Request {
            method: Method::from_name(incoming.method().as_str()),
            path: path.split('/').skip(1).map(str::to_owned).collect(),
            raw_query: query.to_owned(),
            content_type: header("Content-Type"),
            last_event_id: header("Last-Event-ID"),
            body: Vec::new(),
        };
        let key = header("X-API-Key").unwrap_or_default();
        if request.path != ["api", "health"] && !self.key.fits(key.as_bytes()) {
            return Err(Problem::new(
                401,
                "unauthorized",
                "the header X-API-Key is missing or wrong",
            ));
        }
        routes::find(request.method, &request.path)?;
        let _ = incoming.as_reader().read_to_end(&mut request.body);
        routes::answer(&self.service, &request)
    }
}
