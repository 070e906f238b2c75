//! Runs in background threads of this process, as in the service: a limited number. Each can be stopped by its number.
//! Whatever happens in such a thread, the journal records how its run ended.

use super::begun::BegunRun;
use super::resume::{Companion, Unknown};
use super::side_by_side::EXECUTING_STACK;
use crate::error::{Refusal, Result};
use crate::event::{RunEvent, RunState};
use crate::reason::BusyReason;
use crate::runtime::open::Runtime;
use crate::runtime::stop::Stop;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the caller waits to learn whether a run can be resumed. What the server was left with may be a step that
/// lasts; it is followed in any case.
const SETTLING: Duration = Duration::from_secs(10);

/// The runs of this process.
pub struct Background {
    shared: Arc<Shared>,
}

struct Shared {
    at_most: usize,
    state: Mutex<BackgroundState>,
    /// A place was given back.
    freed: Condvar,
}

#[derive(Default)]
struct BackgroundState {
    taken: usize,
    running: BTreeMap<i64, Arc<Wish>>,
    interrupted: usize,
    /// Since the process is about to end, nothing is begun any more.
    closing: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, BackgroundState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a run is to stop.
#[derive(Default)]
struct Wish {
    asked: AtomicUsize,
    why: Mutex<String>,
}

impl Wish {
    /// `times` as in [`Stop::asked`]; it is never taken back.
    fn ask(&self, times: usize, why: &str) {
        {
            let mut reason = self.why.lock().unwrap_or_else(PoisonError::into_inner);
            if reason.is_empty() {
                why.clone_into(&mut reason);
            }
        }
        self.asked.fetch_max(times, Ordering::SeqCst);
    }
}

impl Stop for Wish {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn why(&self) -> String {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

type RunWork = Box<dyn FnOnce() + Send>;

/// A thread that waits for its run. It is taken before the journal is written, so that no run begins without a thread.
pub struct RunSlot {
    shared: Arc<Shared>,
    work: Sender<RunWork>,
}

impl Background {
    pub fn new(at_most: usize) -> Self {
        let shared = Shared {
            at_most,
            state: Mutex::default(),
            freed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Takes a place for a run.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if there is none.
    pub fn place(&self) -> Result<RunSlot> {
        let busy = |reason| Err(Refusal::Busy { reason }.into());
        {
            let mut state = self.shared.state();
            if state.closing {
                return busy(BusyReason::ShuttingDown);
            }
            if state.taken >= self.shared.at_most {
                return busy(BusyReason::TooManyRuns { running: state.taken });
            }
            state.taken += 1;
        }
        let (work, waiting) = channel::<RunWork>();
        let taken = TakenSlot(self.shared.clone());
        let thread = thread::Builder::new()
            .name("infrakt-run".to_owned())
            .stack_size(EXECUTING_STACK)
            .spawn(move || {
                // Released when the run has ended, or when no run began.
                let _taken = taken;
                if let Ok(work) = waiting.recv() {
                    work();
                }
            });
        match thread {
            Ok(_) => Ok(RunSlot {
                shared: self.shared.clone(),
                work,
            }),
            Err(error) => busy(BusyReason::NoThread {
                problem: error.to_string(),
            }),
        }
    }

    /// Asks a run to stop: after its step at work, or at once. `false` if it is none of this process.
    pub fn stop(&self, run_id: i64, now: bool) -> bool {
        let state = self.shared.state();
        let wish = state.running.get(&run_id);
        if let Some(wish) = wish {
            wish.ask(if now { 2 } else { 1 }, "stopped on request");
        }
        wish.is_some()
    }

    /// Asks all runs to stop: after their steps at work, or at once. No further run begins.
    pub fn stop_all(&self, now: bool) {
        let mut state = self.shared.state();
        state.closing = true;
        for wish in state.running.values() {
            wish.ask(if now { 2 } else { 1 }, "the service was stopped");
        }
    }

    /// How many runs are in progress.
    pub fn running(&self) -> usize {
        self.shared.state().running.len()
    }

    /// How many runs have ended before their time.
    pub fn interrupted(&self) -> usize {
        self.shared.state().interrupted
    }

    /// Waits until no run is in progress, for this long at most. `false`: some still are.
    pub fn wait(&self, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        let mut state = self.shared.state();
        while state.taken > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.freed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// One of the places, until it is dropped.
struct TakenSlot(Arc<Shared>);

impl Drop for TakenSlot {
    fn drop(&mut self) {
        self.0.state().taken -= 1;
        self.0.freed.notify_all();
    }
}

/// A run among those that can be stopped, until it is dropped.
struct Listed {
    shared: Arc<Shared>,
    run_id: i64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.state().running.remove(&self.run_id);
    }
}

impl RunSlot {
    /// Executes a run that was begun, in the background.
    pub fn execute(self, runtime: Runtime, begun: BegunRun) {
        self.carry(runtime, begun, |runtime, begun, stop| {
            // How it ends is in the journal.
            let _ = runtime.execute(begun, stop, &mut |_| {});
        });
    }

    /// Resumes a run that was opened again, in the background. `unknown` is what a person has said about steps whose
    /// end infrakt did not see.
    ///
    /// # Errors
    /// What kept the run from continuing, if that is known soon; [`Refusal::UnknownStep`] if a person has to look first.
    pub fn resume(self, runtime: Runtime, begun: BegunRun, unknown: Option<Unknown>) -> Result<()> {
        let (told, tells) = sync_channel(1);
        self.carry(runtime, begun, move |runtime, begun, stop| {
            let mut companion = Caller {
                told: Some(told),
                unknown,
            };
            let ended = runtime.continue_run(begun, stop, &mut companion);
            companion.tell(ended.map(drop));
        });
        await_word(&tells)
    }

    fn carry(
        self,
        runtime: Runtime,
        begun: BegunRun,
        act: impl FnOnce(&Runtime, &mut BegunRun, &Wish) + Send + 'static,
    ) {
        let wish = Arc::new(Wish::default());
        let run_id = begun.run_id();
        {
            let mut state = self.shared.state();
            if state.closing {
                wish.ask(1, "the service was stopped");
            }
            state.running.insert(run_id, wish.clone());
        }
        let listed = Listed {
            shared: self.shared.clone(),
            run_id,
        };
        let work = move || {
            let (listed, mut begun) = (listed, begun);
            let carried = catch_unwind(AssertUnwindSafe(|| act(&runtime, &mut begun, &wish)));
            if carried.is_err() {
                let reason = "infrakt failed during the run".to_owned();
                // If this fails too, the run counts as interrupted as soon as its lock is gone, with the next line.
                let _ = runtime.leave(&mut begun, reason);
            }
            drop(begun);
            let ended = runtime.store.run(run_id).map(|run| run.state);
            if !matches!(ended, Ok(RunState::Done | RunState::Failed)) {
                listed.shared.state().interrupted += 1;
            }
            // Removed last: a run that is no longer listed counts as ended.
            drop(listed);
        };
        // The thread waits as long as there is a sender.
        let _ = self.work.send(Box::new(work));
    }
}

fn await_word(tells: &Receiver<Result<()>>) -> Result<()> {
    match tells.recv_timeout(SETTLING) {
        Ok(word) => word,
        // The run continues, or the journal says how it has ended.
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
    }
}

/// The caller that wants a run resumed, and waits for the result.
struct Caller {
    told: Option<SyncSender<Result<()>>>,
    unknown: Option<Unknown>,
}

impl Caller {
    fn tell(&mut self, word: Result<()>) {
        if let Some(told) = self.told.take() {
            // The caller may have stopped waiting.
            let _ = told.send(word);
        }
    }
}

impl Companion for Caller {
    fn event(&mut self, _event: &RunEvent) {}

    fn decide(&mut self, begun: &BegunRun, step: usize) -> Result<Unknown> {
        self.unknown.ok_or_else(|| begun.unknown_step(step).into())
    }

    fn settled(&mut self) {
        self.tell(Ok(()));
    }
}

#[cfg(test)]
mod tests {
    use super::{Background, Wish};
    use crate::error::Error;
    use crate::runtime::Stop;
    use std::time::Duration;

    #[test]
    fn there_are_no_more_places_than_were_allowed_and_one_that_is_given_back_can_be_had() {
        let background = Background::new(1);
        let place = background.place();
        assert!(place.is_ok());
        let refused = background.place().err().expect("no further place");
        assert_eq!(refused.code(), "busy");
        assert!(!background.wait(Duration::ZERO));
        drop(place);
        assert!(background.wait(Duration::from_secs(60)));
        assert!(background.place().is_ok());
    }

    #[test]
    fn nothing_begins_once_all_are_to_stop() {
        let background = Background::new(1);
        background.stop_all(false);
        assert!(matches!(background.place(), Err(Error::Refused(_))));
    }

    #[test]
    fn who_asked_first_is_the_reason_and_a_wish_is_never_taken_back() {
        let wish = Wish::default();
        assert_eq!(wish.asked(), 0);
        wish.ask(2, "the first");
        wish.ask(1, "the second");
        assert_eq!((wish.asked(), wish.why().as_str()), (2, "the first"));
    }
}
