//! Whether the process of a run is still alive. Each run holds a lock on a file in the home while it executes. The kernel
//! releases the lock when the process ends, for whatever reason. Unlike a process id, the lock can't belong to another process
//! by mistake, and it works across containers that share a home.
//!
//! (A home is never shared by two computers: SQLite's write-ahead log needs shared memory,
//! <https://www.sqlite.org/wal.html>.)

use super::Home;
use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use tempfile::NamedTempFile;

/// The lock of a run in this process. Dropping it removes the file.
pub(super) struct RunLock {
    file: NamedTempFile,
}

impl RunLock {
    pub(super) fn take(home: &Home) -> Result<Self> {
        let directory = home.locks_dir()?;
        let file = tempfile::Builder::new()
            .prefix("run-")
            .tempfile_in(&directory)
            .map_err(Error::file("make a lock in", &directory))?;
        file.as_file().lock().map_err(Error::file("lock", file.path()))?;
        Ok(Self { file })
    }

    /// The name that is recorded with the run.
    pub(super) fn name(&self) -> String {
        let name = self.file.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Whether a process still holds the lock of that name.
pub(super) fn is_held(home: &Home, name: &str) -> Result<bool> {
    let path = home.locks_dir()?.join(name);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::file("open", &path)(error)),
    };
    // Shared, so that two processes that check at the same time don't mistake each other for the holder.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(Error::file("look at the lock", &path)(error)),
    }
}

/// Removes the file that a dead process left behind.
pub(super) fn remove_stale(home: &Home, name: &str) -> Result<()> {
    let path = home.locks_dir()?.join(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", &path)(error)),
        _ => Ok(()),
    }
}
