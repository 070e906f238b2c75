//! Begins the runs of one command together, once all its servers are planned and consented to. One server is a group of
//! one. Only a saved plan begins without a group: it can't be retried, and a group is what a retry needs.
//!
//! It must not know how a run is executed.

use super::begun::{BegunRun, RunProgress};
use crate::consent::{ConsentedPlan, check_age};
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::secret::Secrets;
use crate::runtime::open::{Parameters, Runtime, operator};
use crate::runtime::reach::live::Live;
use crate::store::{GroupId, Member, NewGroup, NewStage, QueuedRun};
use jiff::Timestamp;

pub use crate::store::LeftOut;

/// A recipe, or a play, and what it was given: what a group is known by, and what it takes to do it again.
pub struct GroupCall<'a> {
    /// How the recipe, or the play, is found again from anywhere.
    pub recipe: &'a str,
    pub parameters: &'a Parameters,
    /// Those of a play; the servers that join stand in their order.
    pub stages: &'a [NewStage],
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
    pub(super) queued: QueuedRun,
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

impl Runtime {
    /// Begins all runs of a group together, before the first one executes: a consent is for now, and another run may last.
    /// Gives the group's id and, in the order of those that are ready, each run, or why it may not begin.
    ///
    /// # Errors
    /// If the database can't be written; none has begun then.
    pub fn begin_group(
        &self,
        call: &GroupCall<'_>,
        joining: Vec<Joining>,
    ) -> Result<(GroupId, Vec<Result<WaitingRun>>)> {
        let operator = operator();
        let new = NewGroup {
            recipe: call.recipe,
            parameters: call.parameters,
            operator: &operator,
            retry_of: call.retry_of,
            or_nothing: call.or_nothing,
            stages: call.stages,
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

    /// Begins a run of a plan that was saved: takes the lock on the server, and uses up the consent. Nothing is done yet.
    ///
    /// # Errors
    /// A refusal (locked, or a consent that has expired), or a problem with the journal.
    pub fn begin_saved(&self, ready: Ready) -> Result<WaitingRun> {
        let (plan, consent) = (ready.consented.plan(), ready.consented.consent());
        // A question may have been open for days.
        check_age(plan, Timestamp::now())?;
        let queued = self.store.queue_run(plan, consent, &operator())?;
        Ok(WaitingRun { ready, queued })
    }
}
