//! Accepts connections, and decides which to close when there are too many.
//!
//! It must not know what they carry.

use super::connection::{Entrance, HttpConnection};
use super::problem::Problem;
use crate::error::{Error, Result, io_reason};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::listen;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often it is looked whether the service is to end.
const BEAT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// How long to wait where the system has nothing left for another connection.
const PAUSE: Duration = Duration::from_millis(20);
/// How many may wait for being taken.
const BACKLOG: i32 = 1024;
/// Enough for what a connection does itself.
const STACK: usize = 256 * 1024;

/// Where it listens.
pub struct Listeners {
    listeners: Vec<TcpListener>,
    pub addresses: Vec<SocketAddr>,
}

impl Listeners {
    /// # Errors
    /// One of the addresses can't be used.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self> {
        let mut bound = Self {
            listeners: Vec::new(),
            addresses: Vec::new(),
        };
        for address in addresses {
            let unusable = |error: io::Error| unusable(*address, &error);
            let listener = TcpListener::bind(address).map_err(unusable)?;
            listener.set_nonblocking(true).map_err(unusable)?;
            // More than the standard library's 128 may come at the same moment.
            listen(&listener, BACKLOG).map_err(|error| unusable(error.into()))?;
            bound.addresses.push(listener.local_addr().map_err(unusable)?);
            bound.listeners.push(listener);
        }
        Ok(bound)
    }

    /// Takes connections until `ended`, and has each carried in a thread of its own.
    pub fn take(&self, connections: &Arc<Connections>, entrance: &Arc<Entrance>, ended: &dyn Fn() -> bool) {
        while !ended() {
            let mut fds: Vec<PollFd<'_>> = self
                .listeners
                .iter()
                .map(|listener| PollFd::new(listener, PollFlags::IN))
                .collect();
            // An error is a signal, or the system's shortage; both pass.
            if poll(&mut fds, Some(&BEAT)).is_err() {
                thread::sleep(PAUSE);
            }
            for listener in &self.listeners {
                // The number is limited, so that the service can be stopped during a flood of connections.
                for _ in 0..BACKLOG {
                    match listener.accept() {
                        Ok((stream, peer)) => connections.carry(stream, peer, entrance),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) if is_of_one(&error) => {}
                        Err(_) => {
                            // No more files, most likely.
                            connections.close_oldest();
                            thread::sleep(PAUSE);
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// Whether an error tells of the one connection that was to be taken.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

/// The connections that are open, in the order in which they came.
pub struct Connections {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_age: BTreeMap<u64, Arc<HttpConnection>>,
}

impl Connections {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    /// Has the connection served in a thread. When too many are open, the oldest one that waits for its own client is
    /// closed, so that silent clients don't keep others out.
    fn carry(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, entrance: &Arc<Entrance>) {
        // Events must not wait for each other; and not everywhere does a connection come without its listener's mode.
        if stream.set_nodelay(true).is_err() || stream.set_nonblocking(false).is_err() {
            return;
        }
        let connection = Arc::new(HttpConnection::new(stream, peer));
        let Some(number) = self.enter(&connection) else {
            connection.turn_away(&Problem::busy(format!(
                "{} connections are open, which is the maximum",
                self.most
            )));
            return;
        };
        let (connections, entrance) = (Arc::clone(self), Arc::clone(entrance));
        let leaving = Leaving { connections, number };
        // If no thread can be started, dropping the connection closes it.
        let _ = thread::Builder::new()
            .name("connection".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                connection.serve(&entrance);
                drop(leaving);
            });
    }

    fn enter(&self, connection: &Arc<HttpConnection>) -> Option<u64> {
        let mut open = self.open();
        if open.by_age.len() >= self.most && !close_oldest(&mut open) {
            return None;
        }
        let number = open.next;
        open.next += 1;
        open.by_age.insert(number, Arc::clone(connection));
        Some(number)
    }

    fn close_oldest(&self) {
        close_oldest(&mut self.open());
    }

    /// Closes those that carry no request.
    pub fn close_idle(&self) {
        for connection in self.open().by_age.values().filter(|open| !open.is_working()) {
            connection.close();
        }
    }

    pub fn are_working(&self) -> bool {
        self.open().by_age.values().any(|open| open.is_working())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the oldest connection that waits for its client. `false`: all of them are worked on.
fn close_oldest(open: &mut Open) -> bool {
    let oldest = open.by_age.iter().find(|(_, connection)| connection.awaits_client());
    let Some(number) = oldest.map(|(number, _)| *number) else {
        return false;
    };
    if let Some(connection) = open.by_age.remove(&number) {
        connection.close();
    }
    true
}

/// Takes a connection off the list, however its thread ends.
struct Leaving {
    connections: Arc<Connections>,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.connections.open().by_age.remove(&self.number);
    }
}

fn unusable(address: SocketAddr, error: &io::Error) -> Error {
    let port = address.port();
    let instead = |port| ["infrakt serve --bind", &SocketAddr::new(address.ip(), port).to_string()].join(" ");
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            let free = instead(0);
            format!("find out what listens there: ss -ltnp 'sport = :{port}'; or use a free port: {free}")
        }
        ErrorKind::PermissionDenied => format!("ports below 1024 need root; use another port: {}", instead(8000)),
        _ => "list this computer's addresses: ip -brief address".to_owned(),
    };
    Error::usage_with(format!("cannot listen on {address}: {}", io_reason(error)), hint)
}
