//! `infrakt serve`: the HTTP API and the dashboard.
//!
//! ```text
//! listener ──▶ connection: head, admission, body ──▶ engine (tiny_http) ──▶ worker ──▶ routes, page
//!     ▲             ▲                                                          │
//!  the client       └───────────────── relay ◀── answer, events ◀──────────────┘
//! ```
//!
//! `listener` and `connection` read what clients send, with one thread for each connection and limits on everything.
//! Only a complete, valid and accepted request reaches tiny_http, which trusts its clients too much to meet strangers,
//! and a worker; and what the worker answers is taken off its hands at once. So it takes more than slow or hostile
//! clients to keep other clients waiting.
//!
//! It must not decide anything that the runtime decides for the command line.

mod admission;
pub mod answer;
mod connection;
mod engine;
mod events;
pub mod head;
mod headers;
pub mod hosts;
pub mod key;
pub mod limits;
mod listener;
pub mod openapi;
mod page;
mod permits;
pub mod problem;
mod relay;
pub mod request;
pub mod routes;
pub mod service;
pub mod target;
mod worker;

use crate::error::Result;
use admission::Admission;
use connection::Entrance;
use engine::Engine;
use hosts::Hosts;
use key::ApiKey;
use limits::{ASKING, FAREWELL_TIME};
use listener::{Connections, Listeners};
use permits::Permits;
use problem::Problem;
use service::Service;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use worker::{Handler, Work};

/// How often it is looked whether everything has ended.
const BEAT: Duration = Duration::from_millis(50);

/// How to serve.
pub struct Options {
    pub bind: Vec<SocketAddr>,
    /// Names by which others reach it.
    pub public_hosts: Vec<String>,
    /// Whether each request is logged on stderr.
    pub log: bool,
}

/// A service that listens.
pub struct Http {
    listeners: Option<Listeners>,
    addresses: Vec<SocketAddr>,
    connections: Arc<Connections>,
    service: Arc<Service>,
    entrance: Arc<Entrance>,
}

impl Http {
    /// # Errors
    /// An address that can't be used, a public host that is not valid, or too few resources.
    pub fn start(options: &Options, key: ApiKey, service: Arc<Service>) -> Result<Self> {
        let listeners = Listeners::bind(&options.bind)?;
        let addresses = listeners.addresses.clone();
        let ips = addresses.iter().map(SocketAddr::ip).collect();
        let hosts = Hosts::new(ips, &options.public_hosts)?;
        let work = Work::start(Engine::start()?, handler(Arc::clone(&service)))?;
        Ok(Self {
            listeners: Some(listeners),
            addresses,
            connections: Arc::new(Connections::new(limits::connections())),
            service,
            entrance: Arc::new(Entrance {
                admission: Admission { hosts, key },
                work,
                log: options.log,
            }),
        })
    }

    /// Where it listens; where a free port was to be taken, the one that was.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether others than this computer itself can reach it.
    pub fn is_reachable_by_others(&self) -> bool {
        self.entrance.admission.hosts.reachable_by_others()
    }

    /// Answers requests until it is `interrupted`. From then on it takes no more of them, and streams end.
    pub fn serve(&mut self, interrupted: &dyn Fn() -> bool) {
        if let Some(listeners) = self.listeners.take() {
            listeners.take(&self.connections, &self.entrance, interrupted);
        }
        self.entrance.work.stopping.store(true, Ordering::SeqCst);
    }

    /// Waits, after [`Http::serve`], until everything that was begun has ended: calls for a little while, runs for as long
    /// as their steps take. `interrupts` counts: from the second on, steps are ended too; at the third nothing is waited
    /// for any more.
    pub fn end(self, interrupts: &dyn Fn() -> usize) {
        self.service.stop_runs();
        let began = Instant::now();
        let mut cut = None;
        loop {
            self.connections.close_idle();
            let calls = self.connections.are_working() && began.elapsed() < FAREWELL_TIME;
            if self.service.wait_for_runs(BEAT) && !calls {
                break;
            }
            if interrupts() > 1 {
                cut.get_or_insert_with(Instant::now);
                self.service.end_runs();
            } else {
                // A call may have begun one since.
                self.service.stop_runs();
            }
            if interrupts() > 2 || cut.is_some_and(|cut| cut.elapsed() > FAREWELL_TIME) {
                break;
            }
            thread::sleep(BEAT);
        }
        self.entrance.work.engine.end();
    }
}

/// Calls are answered by the routes, everything else by the page. Those that ask servers, which may take long to answer or
/// never do, leave workers for the others.
fn handler(service: Arc<Service>) -> Handler {
    let asking = Permits::new(ASKING);
    Box::new(move |request| {
        if request.path.first().is_none_or(|first| first != "api") {
            return page::answer(&request.path);
        }
        let found = routes::find(request.method, &request.path)?;
        let _place = match found.asks_servers() {
            true => Some(
                asking
                    .take()
                    .ok_or_else(|| Problem::busy(format!("{ASKING} requests are already waiting for servers")))?,
            ),
            false => None,
        };
        found.answer(&service, request)
    })
}
