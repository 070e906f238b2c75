//! tiny_http, reachable only by this process: it listens on a Unix socket that only its owner can enter, and receives only
//! requests that were read and checked before.
//!
//! It must not know what the requests are for.
//!
//! If the process runs out of files or threads once, tiny_http 0.12 stops accepting connections forever. So it is replaced
//! when it no longer listens.

use super::limits::WORKERS;
use crate::error::{Error, Result};
use rustix::net::sockopt::socket_peercred;
use rustix::process::getpid;
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

pub struct Engine {
    current: Mutex<Current>,
    ended: AtomicBool,
}

struct Current {
    server: Arc<tiny_http::Server>,
    socket: PathBuf,
    /// The directory of the socket, with mode 0700; removed at the end. A new one each time, since another user may have taken
    /// the name of one that was removed.
    directory: Option<TempDir>,
    number: u64,
}

impl Engine {
    /// # Errors
    /// If the socket can't be created.
    pub fn start() -> Result<Self> {
        let place = std::env::temp_dir();
        let current = listen(0).map_err(Error::file("make a socket in", &place))?;
        Ok(Self {
            current: Mutex::new(current),
            ended: AtomicBool::new(false),
        })
    }

    /// A connection for one request.
    ///
    /// # Errors
    /// If the process has no files left.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let (number, socket) = {
            let current = self.current();
            (current.number, current.socket.clone())
        };
        match connect(&socket) {
            // The listener has ended, or the directory was cleaned up.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {
                self.replace(number)?;
                let socket = self.current().socket.clone();
                connect(&socket)
            }
            connected => connected,
        }
    }

    /// Waits for a request. `None`: there will be no more requests.
    pub fn next(&self) -> Option<tiny_http::Request> {
        loop {
            let (number, server) = {
                let current = self.current();
                (current.number, Arc::clone(&current.server))
            };
            if self.ended.load(Ordering::SeqCst) {
                return None;
            }
            match server.recv() {
                Ok(request) => return Some(request),
                Err(_) if self.ended.load(Ordering::SeqCst) => return None,
                // If it can't be replaced, the next connection tries again.
                Err(_) => drop(self.replace(number)),
            }
        }
    }

    /// Ends [`Engine::next`] in all waiting threads, and removes the socket.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let mut current = self.current();
        wake(&current.server);
        current.directory = None;
    }

    /// Replaces the engine with that number by a new one, unless another thread already has.
    fn replace(&self, number: u64) -> io::Result<()> {
        let mut current = self.current();
        if current.number == number && !self.ended.load(Ordering::SeqCst) {
            let before = std::mem::replace(&mut *current, listen(number + 1)?);
            wake(&before.server);
        }
        Ok(())
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(number: u64) -> io::Result<Current> {
    // Created with this mode; otherwise the umask of the process would decide who may enter.
    let directory = tempfile::Builder::new()
        .prefix("infrakt-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let socket = directory.path().join("http");
    let listener = UnixListener::bind(&socket)?;
    let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
    Ok(Current {
        server: Arc::new(server),
        socket,
        directory: Some(directory),
        number,
    })
}

/// Only this process can listen there, unless another user has removed the directory and created it again. That user must not
/// receive the request.
fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    if socket_peercred(&stream)?.pid != getpid() {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

fn wake(server: &tiny_http::Server) {
    for _ in 0..WORKERS {
        server.unblock();
    }
}

#[cfg(test)]
mod tests {
    use super::Engine;
    use std::io::{Read, Write};

    #[test]
    fn one_that_no_longer_listens_is_replaced() {
        let engine = Engine::start().unwrap();
        // As if a cleaner of temporary files had removed it.
        let directory = engine.current().socket.parent().unwrap().to_owned();
        std::fs::remove_dir_all(&directory).unwrap();
        std::thread::scope(|scope| {
            let served = scope.spawn(|| {
                let request = engine.next().unwrap();
                let path = request.url().to_owned();
                request.respond(tiny_http::Response::empty(204)).unwrap();
                path
            });
            let mut stream = engine.connect().unwrap();
            stream
                .write_all(b"GET /here HTTP/1.1\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(text.starts_with("HTTP/1.1 204 "), "{text}");
            assert_eq!(served.join().unwrap(), "/here");
        });
        let next = engine.current().socket.parent().unwrap().to_owned();
        assert!(next != directory && next.exists());
        engine.end();
        assert!(!next.exists());
        assert!(engine.next().is_none());
    }
}
