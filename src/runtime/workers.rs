//! Works on many servers at once with a bounded number of threads. Each thread takes the next server when it is done
//! with one, and has its own runtime, because a database connection belongs to one thread.
//!
//! It must not know what the work is.

use super::open::Runtime;
use crate::error::{Error, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often the calling thread is given its turn while the others work.
const BEAT: Duration = Duration::from_millis(100);

impl Runtime {
    /// Works on `items`, at most `at_once` at a time, on threads with a stack of `stack` bytes. Gives the results in the
    /// order of the items. `beat` is called on this thread, with the number of those that are done: when it changes, and
    /// about ten times a second in between.
    ///
    /// # Errors
    /// If no thread or database can be opened; no work was done then.
    pub(super) fn each<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        at_once: NonZeroUsize,
        stack: usize,
        work: &(dyn Fn(&Runtime, usize, T) -> R + Sync),
        beat: &mut dyn FnMut(usize),
    ) -> Result<Vec<R>> {
        let count = items.len();
        let mut runtimes = Vec::new();
        for _ in 0..at_once.get().min(count) {
            let spare = self.spares.borrow_mut().pop();
            runtimes.push(spare.map_or_else(|| Runtime::open(self.home.clone()), Ok)?);
        }
        let queue = Mutex::new(items.into_iter().enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let mut workers = Vec::new();
            for runtime in runtimes {
                let (sender, next) = (sender.clone(), &next);
                let worker = thread::Builder::new()
                    .name("infrakt-worker".to_owned())
                    .stack_size(stack)
                    .spawn_scoped(scope, move || {
                        while let Some((index, item)) = next() {
                            // The receiver lives until all senders are gone.
                            let _ = sender.send((index, work(&runtime, index, item)));
                        }
                        runtime
                    });
                match worker {
                    Ok(worker) => workers.push(worker),
                    // With fewer threads the work only takes longer.
                    Err(_) if !workers.is_empty() => break,
                    Err(error) => return Err(Error::usage(format!("cannot start a thread: {error}"))),
                }
            }
            drop(sender);
            let mut done = 0;
            loop {
                match receiver.recv_timeout(BEAT) {
                    Ok((index, result)) => {
                        done += 1;
                        beat(done);
                        if let Some(place) = results.get_mut(index) {
                            *place = Some(result);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => beat(done),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            for worker in workers {
                match worker.join() {
                    Ok(spare) => self.spares.borrow_mut().push(spare),
                    Err(panic) => resume_unwind(panic),
                }
            }
            Ok(())
        })?;
        Ok(results.into_iter().flatten().collect())
    }
}

/// Makes room for this many connections at the same time: shells give a process 1024 files by default, and it may
/// raise that limit itself.
///
/// # Errors
/// If it may not have enough: some of the servers would fail in the middle.
pub fn make_room_for(connections: usize, at_once: usize) -> Result<()> {
    /// What a connection takes, and what each that is worked on takes of the database.
    const OF_CONNECTION: usize = 2;
    const OF_WORK: usize = 6;
    const OTHERS: usize = 64;
    let wanted = (OF_CONNECTION * connections + OF_WORK * at_once.min(connections) + OTHERS) as u64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|now| now >= wanted) {
        return Ok(());
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    if limit.maximum.is_none_or(|maximum| maximum >= wanted) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    Err(Error::usage_with(
        format!("{connections} servers at once need {wanted} open files, and this process may not have as many"),
        format!("ulimit -n {wanted}, as root; or name fewer servers"),
    ))
}
