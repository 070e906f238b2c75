//! An end for exchanges with a server that never comes to one. libssh2's own timeouts count only while it waits: a
//! server that talks without pause keeps it busy for ever.
//!
//! It must not know what is exchanged.

use rustix::net::{Shutdown, shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Shuts a socket down at the deadline, unless it was dropped before.
pub struct Deadline {
    /// Dropping it tells the thread that waits that it is not needed any more.
    _met: SyncSender<()>,
    passed: Arc<AtomicBool>,
}

impl Deadline {
    /// # Errors
    /// If the system has no socket or no thread left to give.
    pub fn of(socket: &OwnedFd, time: Duration) -> std::io::Result<Self> {
        let socket = socket.try_clone()?;
        let (met, waiting) = sync_channel(0);
        let passed = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&passed);
        std::thread::Builder::new()
            .name("ssh-deadline".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || {
                if waiting.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                    tell.store(true, Ordering::SeqCst);
                    // It may have been closed by the other side in the meantime.
                    let _ = shutdown(&socket, Shutdown::Both);
                }
            })?;
        Ok(Self { _met: met, passed })
    }

    /// Whether the time was over.
    pub fn has_passed(&self) -> bool {
        self.passed.load(Ordering::SeqCst)
    }
}
