//! Several servers: planned at the same time, started together, executed at the same time. Nothing is executed before
//! everything is planned and consented to. Events of a server are identified by its position in the list.
//!
//! It must not know how anything is shown.

use super::begun::{BegunRun, RunProgress};
use crate::consent::ConsentedPlan;
use crate::error::{Error, Exit, Result};
use crate::event::{Ended, RunEvent, RunState};
use crate::executor::script::Secrets;
use crate::plan::Plan;
use crate::recipe::Recipe;
use crate::runtime::open::{Parameters, Runtime, operator};
use crate::runtime::reach::live::Live;
use crate::runtime::stop::Stop;
use crate::runtime::workers::make_room_for;
use crate::store::{GroupId, Member, NewGroup, QueuedRun, Server};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

pub use crate::store::LeftOut;

/// Evaluating a recipe may go as deep as its limits allow, which takes no more than this, the usual size.
const PLANNING_STACK: usize = 2 * 1024 * 1024;
/// Following steps took 76 KiB at most when it was measured, unoptimised. The rest is for what logging in again may need:
/// resolvers are plugged into the C library, and some are deep.
pub(super) const EXECUTING_STACK: usize = 512 * 1024;

/// How several servers are worked on.
#[derive(Debug, Clone, Copy)]
pub struct AtOnce {
    /// How many at the same time.
    pub parallel: NonZeroUsize,
    /// Whether the others stop as soon as one goes wrong.
    pub fail_fast: bool,
}

/// A recipe and what it was given: what a group is known by, and what it takes to do it again.
pub struct RecipeCall<'a> {
    pub recipe: &'a Recipe,
    pub parameters: &'a Parameters,
    /// The group, if it is done again for those servers of it that are not done.
    pub retry_of: Option<GroupId>,
    /// Whether nothing is to be recorded where a server is refused at the last moment.
    pub or_nothing: bool,
}

/// A server whose plan may be executed.
pub struct Ready {
    pub live: Live,
    pub consented: ConsentedPlan,
    pub secrets: Secrets,
}

/// A run that was begun and whose turn has not come.
pub struct WaitingRun {
    ready: Ready,
    queued: QueuedRun,
}

impl WaitingRun {
    pub fn run_id(&self) -> i64 {
        self.queued.run_id()
    }

    pub fn plan(&self) -> &Plan {
        self.ready.consented.plan()
    }

    /// Its turn has come.
    ///
    /// # Errors
    /// If its journal can't be opened.
    pub fn begin(self) -> Result<BegunRun> {
        let Ready {
            live,
            consented,
            secrets,
        } = self.ready;
        Ok(BegunRun {
            consented,
            live,
            secrets,
            journal: self.queued.open()?,
            progress: RunProgress::default(),
        })
    }
}

/// A member of a group that begins.
pub enum Joining {
    Ready(Box<Ready>),
    LeftOut {
        server_id: i64,
        server: String,
        why: LeftOut,
        reason: String,
    },
}

/// What is told of the runs of a group, from several threads at once.
pub enum Told<'a> {
    Begins(&'a Plan),
    Event(&'a RunEvent),
    Ended(&'a Result<Ended>),
}

/// What became of one run of a group.
pub enum Fate {
    Ended(Result<Ended>),
    /// It never had its turn.
    Skipped {
        reason: String,
        /// Whether it was the user who wanted all of them to stop.
        by_user: bool,
    },
}

impl Runtime {
    /// Sees to it that this process may be connected to so many servers.
    ///
    /// # Errors
    /// If it may not.
    pub fn make_room(&self, servers: usize, at_once: AtOnce) -> Result<()> {
        make_room_for(servers, at_once.parallel.get())
    }

    /// Does something that changes nothing on several servers at the same time. What goes wrong with one server only is
    /// in its place in the list; `beat` is called on this thread, with the number of those that are done: when it changes,
    /// and about ten times a second in between.
    ///
    /// # Errors
    /// The first one, in the order of the servers, that would be the same for all of them, such as a broken recipe, or
    /// Ctrl-C at a question. The servers whose turn had not come are left alone then.
    pub fn on_each<R: Send>(
        &self,
        servers: &[Server],
        at_once: NonZeroUsize,
        work: &(dyn Fn(&Runtime, &Server) -> Result<R> + Sync),
        beat: &mut dyn FnMut(usize),
    ) -> Result<Vec<Result<R>>> {
        if let [server] = servers {
            // One alone needs no thread beside this one.
            return match work(self, server) {
                Err(error) if concerns_all(&error) => Err(error),
                result => Ok(vec![result]),
            };
        }
        let broken = AtomicBool::new(false);
        let items: Vec<&Server> = servers.iter().collect();
        let results = self.each(
            items,
            at_once,
            PLANNING_STACK,
            &|runtime, _, server| {
                if broken.load(Ordering::SeqCst) {
                    return None;
                }
                let result = work(runtime, server);
                if result.as_ref().is_err_and(concerns_all) {
                    broken.store(true, Ordering::SeqCst);
                }
                Some(result)
            },
            beat,
        )?;
        let mut given = Vec::new();
        for result in results.into_iter().flatten() {
            match result {
                Err(error) if concerns_all(&error) => return Err(error),
                result => given.push(result),
            }
        }
        Ok(given)
    }

    /// Begins all runs of a group together, before the first one executes: a consent is for now, and another run may last.
    /// Gives the group's id and, in the order of those that are ready, each run, or why it may not begin.
    ///
    /// # Errors
    /// If the database can't be written; none has begun then.
    pub fn begin_group(
        &self,
        call: &RecipeCall<'_>,
        joining: Vec<Joining>,
    ) -> Result<(GroupId, Vec<Result<WaitingRun>>)> {
        let operator = operator();
        let recipe = call.recipe.reference();
        let new = NewGroup {
            recipe: &recipe,
            parameters: call.parameters,
            operator: &operator,
            retry_of: call.retry_of,
            or_nothing: call.or_nothing,
        };
        let members: Vec<Member<'_>> = joining
            .iter()
            .map(|member| match member {
                Joining::Ready(ready) => Member::Planned {
                    plan: ready.consented.plan(),
                    consent: ready.consented.consent(),
                },
                Joining::LeftOut {
                    server_id,
                    server,
                    why,
                    reason,
                } => Member::LeftOut {
                    server_id: *server_id,
                    server,
                    why: *why,
                    reason: reason.clone(),
                },
            })
            .collect();
        let group = self.store.begin_group(&new, &members)?;
        let ready = joining.into_iter().filter_map(|member| match member {
            Joining::Ready(ready) => Some(*ready),
            Joining::LeftOut { .. } => None,
        });
        let begun = ready
            .zip(group.runs)
            .map(|(ready, queued)| Ok(WaitingRun { ready, queued: queued? }))
            .collect();
        Ok((group.id, begun))
    }

    /// Ends runs that were begun and will not be executed: nothing was done on their servers.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn skip(&self, waiting: Vec<WaitingRun>, reason: &str) -> Result<()> {
        let queued = waiting.into_iter().map(|waiting| waiting.queued).collect();
        self.store.end_queued(queued, reason)
    }

    /// Executes runs that were begun, several at the same time. `interrupts` as in [`Runtime::execute`], for all of them;
    /// `tell` is called from several threads; `beat` on this one, about ten times a second.
    ///
    /// # Errors
    /// If no thread is to be had (nothing was executed then), or the end of runs that had no turn can't be noted.
    pub fn execute_all(
        &self,
        waiting: Vec<WaitingRun>,
        at_once: AtOnce,
        interrupts: &(dyn Fn() -> usize + Sync),
        tell: &(dyn Fn(usize, Told<'_>) + Sync),
        beat: &mut dyn FnMut(),
    ) -> Result<Vec<Fate>> {
        let halt = Halt {
            interrupts,
            failed: Mutex::new(None),
        };
        let executed = self.each(
            waiting,
            at_once.parallel,
            EXECUTING_STACK,
            &|runtime, index, waiting| {
                if halt.asked() > 0 {
                    return Err(waiting.queued);
                }
                let server = waiting.plan().server.name.clone();
                tell(index, Told::Begins(waiting.plan()));
                let ended = waiting.begin().and_then(|mut begun| {
                    runtime.execute(&mut begun, &halt, &mut |event| tell(index, Told::Event(event)))
                });
                if at_once.fail_fast && !matches!(&ended, Ok(ended) if ended.state == RunState::Done) {
                    halt.because_of(&server);
                }
                tell(index, Told::Ended(&ended));
                Ok(ended)
            },
            &mut |_| beat(),
        )?;
        let reason = format!("not started: {}", halt.why());
        let mut skipped: Vec<QueuedRun> = Vec::new();
        let fates = executed
            .into_iter()
            .map(|result| match result {
                Ok(ended) => Fate::Ended(ended),
                Err(queued) => {
                    skipped.push(queued);
                    Fate::Skipped {
                        reason: reason.clone(),
                        by_user: halt.failed().is_none(),
                    }
                }
            })
            .collect();
        self.store.end_queued(skipped, &reason)?;
        Ok(fates)
    }
}

/// Whether an error is not about one server only: going on with the others would meet it again.
fn concerns_all(error: &Error) -> bool {
    !matches!(error.exit(), Exit::Refused | Exit::Unreachable)
}

/// What makes the runs of a group stop.
struct Halt<'a> {
    interrupts: &'a (dyn Fn() -> usize + Sync),
    /// The server that went wrong, where the others are not to go on after that.
    failed: Mutex<Option<String>>,
}

impl Halt<'_> {
    fn because_of(&self, server: &str) {
        if (self.interrupts)() > 0 {
            // It went no further because nothing was to.
            return;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| server.to_owned());
    }

    fn failed(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stop for Halt<'_> {
    fn asked(&self) -> usize {
        (self.interrupts)().max(usize::from(self.failed().is_some()))
    }

    fn why(&self) -> String {
        match self.failed() {
            Some(server) => format!("stopped because '{server}' failed (--fail-fast)"),
            None => "stopped by Ctrl-C".to_owned(),
        }
    }
}
