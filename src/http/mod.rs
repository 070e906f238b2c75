//! `infrakt serve`: the HTTP API and the dashboard.
//!
//! ```text
//! listener ──▶ connection: head, admission, body ──▶ engine (tiny_http) ──▶ worker ──▶ routes, page
//!     ▲             ▲                                                          │
//!  the client       └───────────────── relay ◀── answer, events ◀──────────────┘
//! ```
//!
//! What strangers send is read by [`listener`] and [`connection`], a thread for each, with limits on everything. Only a
//! request that is whole, understood and let in reaches tiny_http, which trusts its clients too much to meet strangers,
//! and a worker; and what the worker answers is taken off its hands at once. So it takes more than slow or hostile clients
//! to keep anybody else waiting.
//!
//! It must not decide anything that the runtime decides for the command line.

pub mod answer;
pub mod key;
pub mod openapi;
pub mod problem;
pub mod request;
pub mod routes;
pub mod service;

mod admission;
mod connection;
mod engine;
mod events;
pub mod head;
mod headers;
mod hosts;
pub mod limits;
mod listener;
mod page;
mod relay;
pub mod target;
mod worker;

use crate::error::{Error, Result};
use admission::Admission;
use connection::Entrance;
use engine::Engine;
use hosts::Hosts;
use key::ApiKey;
use limits::{FAREWELL_TIME, WORKERS};
use listener::{Connections, Listeners};
use service::Service;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use worker::Work;

/// Recipes are evaluated on it, which may go deep.
const WORKER_STACK: usize = 8 * 1024 * 1024;
/// How often it is looked whether everything has ended.
const BEAT: Duration = Duration::from_millis(50);

/// How to serve.
pub struct Options {
    pub bind: Vec<SocketAddr>,
    /// Names by which others reach it.
    pub public_hosts: Vec<String>,
    /// Whether each request is told of on stderr.
    pub log: bool,
}

/// A service that listens.
pub struct Http {
    listeners: Option<Listeners>,
    addresses: Vec<SocketAddr>,
    connections: Arc<Connections>,
    entrance: Arc<Entrance>,
}

impl Http {
    /// # Errors
    /// An address that can't be had, a public host that is none, or too few resources.
    pub fn start(options: &Options, key: ApiKey, service: Arc<Service>) -> Result<Self> {
        let listeners = Listeners::bind(&options.bind)?;
        let addresses = listeners.addresses.clone();
        let ips = addresses.iter().map(SocketAddr::ip).collect();
        let hosts = Hosts::new(ips, &options.public_hosts)?;
        let work = Arc::new(Work {
            engine: Engine::start()?,
            service,
            streams: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        for _ in 0..WORKERS {
            let work = Arc::clone(&work);
            thread::Builder::new()
                .name("worker".to_owned())
                .stack_size(WORKER_STACK)
                .spawn(move || work.go_on())
                .map_err(|error| Error::usage(format!("cannot start a thread: {error}")))?;
        }
        Ok(Self {
            listeners: Some(listeners),
            addresses,
            connections: Arc::new(Connections::new(limits::connections())),
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

    /// Answers requests until it is `interrupted`. From then on it takes no more of them, and asks streams and runs to end.
    pub fn serve(&mut self, interrupted: &dyn Fn() -> bool) {
        if let Some(listeners) = self.listeners.take() {
            listeners.take(&self.connections, &self.entrance, interrupted);
        }
        let work = &self.entrance.work;
        work.stopping.store(true, Ordering::SeqCst);
        work.service.stop_runs();
    }

    /// Waits, after [`Http::serve`], until everything that was begun has ended: calls for a little while, runs for as long
    /// as their steps take. `false`: it was `hurried` before.
    pub fn end(self, hurried: &dyn Fn() -> bool) -> bool {
        let (work, began) = (&self.entrance.work, Instant::now());
        let in_order = loop {
            self.connections.close_idle();
            let calls = self.connections.are_working() && began.elapsed() < FAREWELL_TIME;
            if !work.service.wait_for_runs(BEAT) || calls {
                if hurried() {
                    break false;
                }
                // A call may have begun one since.
                work.service.stop_runs();
                thread::sleep(BEAT);
            } else {
                break true;
            }
        };
        work.engine.end();
        in_order
    }
}
