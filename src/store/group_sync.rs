//! Syncs the write-ahead log to the disk, once for all threads that wait for it at the same time.
//!
//! With `synchronous=FULL`, SQLite syncs in each commit while the database is locked for all others. Runs that end at the same
//! moment would wait for each other, some milliseconds each. Here a commit only writes to the log (`synchronous=NORMAL`), and
//! its writer then waits for a sync that began later. That sync covers every earlier commit, whichever connection made it. If
//! the log is emptied meanwhile, SQLite itself has copied it into the database and synced it
//! (<https://www.sqlite.org/pragma.html#pragma_synchronous>).

use super::Home;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The syncs of each log that this process writes.
static LOGS: Mutex<BTreeMap<PathBuf, Arc<Syncs>>> = Mutex::new(BTreeMap::new());

/// Returns when all earlier commits are on the disk.
///
/// # Errors
/// If the disk fails.
pub(super) fn force(home: &Home) -> Result<()> {
    let mut log = home.database_path().into_os_string();
    log.push("-wal");
    let log = PathBuf::from(log);
    let mut logs = LOGS.lock().unwrap_or_else(PoisonError::into_inner);
    let syncs = logs.entry(log.clone()).or_default().clone();
    drop(logs);
    // SQLite's locks are on other files, so closing this one releases none of them (fcntl(2)).
    let sync = || File::open(&log).and_then(|file| file.sync_data());
    syncs.join(sync).map_err(Error::file("force to the disk", &log))
}

/// The syncs of one log.
#[derive(Default)]
struct Syncs {
    progress: Mutex<SyncProgress>,
    ended: Condvar,
}

#[derive(Default)]
struct SyncProgress {
    begun: u64,
    /// The last sync that succeeded. It covers all syncs before it.
    succeeded: u64,
    running: bool,
    waiting: u64,
}

impl Syncs {
    /// Returns when a sync that began after this call has succeeded: another caller's, or `sync`, whose error it returns.
    fn join(&self, sync: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let mut progress = self.progress();
        // A running sync may have begun before the commit, so wait for the next one.
        let wanted = progress.begun + 1;
        while progress.succeeded < wanted && progress.running {
            progress.waiting += 1;
            progress = self.ended.wait(progress).unwrap_or_else(PoisonError::into_inner);
            progress.waiting -= 1;
        }
        if progress.succeeded >= wanted {
            return Ok(());
        }
        progress.running = true;
        progress.begun += 1;
        let number = progress.begun;
        drop(progress);
        let synced = sync();
        let mut progress = self.progress();
        progress.running = false;
        if synced.is_ok() {
            progress.succeeded = number;
        }
        drop(progress);
        self.ended.notify_all();
        synced
    }

    fn progress(&self) -> MutexGuard<'_, SyncProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Syncs;
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    #[test]
    fn a_commit_made_during_a_sync_waits_for_one_that_begins_after_it() {
        let syncs = Syncs::default();
        let (begins, has_begun) = channel();
        let (end, may_end) = channel();
        let later = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let syncs = &syncs;
            scope.spawn(move || {
                syncs.join(|| {
                    begins.send(()).map_err(io::Error::other)?;
                    may_end.recv().map_err(io::Error::other)
                })
            });
            has_begun.recv().unwrap();
            let second = scope.spawn(|| {
                syncs.join(|| {
                    later.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                })
            });
            while syncs.progress().waiting < 1 {
                std::thread::yield_now();
            }
            end.send(()).unwrap();
            second.join().unwrap().unwrap();
        });
        assert_eq!(later.into_inner(), 1);
    }

    #[test]
    fn those_who_wait_together_share_one_sync() {
        const CALLERS: u64 = 8;
        let syncs = Syncs::default();
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            // As if a sync were running, until all of them wait for the next one.
            syncs.progress().running = true;
            syncs.progress().begun = 1;
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    syncs.join(|| {
                        count.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    })
                });
            }
            while syncs.progress().waiting < CALLERS {
                std::thread::yield_now();
            }
            syncs.progress().running = false;
            syncs.ended.notify_all();
        });
        assert_eq!(count.into_inner(), 1);
    }

    #[test]
    fn a_sync_that_fails_is_tried_again_by_those_who_waited_for_it() {
        let syncs = Syncs::default();
        syncs.join(|| Err(io::Error::other("the disk is gone"))).unwrap_err();
        assert!(syncs.join(|| Err(io::Error::other("still gone"))).is_err());
        syncs.join(|| Ok(())).unwrap();
    }
}
