//! A deadline for an exchange with a server. libssh2's own timeouts count only while it waits, so a server that sends
//! without pause could keep it busy for ever.
//!
//! It must not know what is exchanged.

use rustix::net::{Shutdown, shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shuts down a socket at the deadline, unless it is dropped before. The thread that waits for it ends with it.
pub struct Deadline {
    /// Dropping it ends the waiting thread.
    met: Option<SyncSender<()>>,
    waits: Option<JoinHandle<()>>,
    passed: Arc<AtomicBool>,
}

impl Deadline {
    /// # Errors
    /// If no socket or thread can be made.
    pub fn of(socket: &OwnedFd, time: Duration) -> std::io::Result<Self> {
        let socket = socket.try_clone()?;
        let (met, waiting) = sync_channel(0);
        let passed = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&passed);
        let waits = std::thread::Builder::new()
            .name("ssh-deadline".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || {
                if waiting.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                    tell.store(true, Ordering::SeqCst);
                    // The other side may have closed it meanwhile.
                    let _ = shutdown(&socket, Shutdown::Both);
                }
            })?;
        Ok(Self {
            met: Some(met),
            waits: Some(waits),
            passed,
        })
    }

    /// Whether the deadline has passed.
    pub fn has_passed(&self) -> bool {
        self.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        drop(self.met.take());
        if let Some(waits) = self.waits.take() {
            // A thread that panicked has ended too.
            let _ = waits.join();
        }
    }
}
