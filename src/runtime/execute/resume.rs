//! Resumes a run that ended early, with its original plan, from the first unfinished step.

use super::begun::{BegunRun, RunProgress, note_error};
use super::secrets;
use crate::consent::{Consent, ConsentedPlan, Proof};
use crate::error::{Result, StoreError};
use crate::event::{Ended, Outcome, RunEvent, RunState};
use crate::executor::{CaughtUp, LeftBehind};
use crate::plan::secret::Secrets;
use crate::plan::{Action, Effect, Plan, Step};
use crate::runtime::open::{Runtime, operator};
use crate::runtime::plan::copied_files;
use crate::runtime::reach::compare::compare_resumed;
use crate::runtime::reach::live::Live;
use crate::runtime::reach::unattended::Unattended;
use crate::runtime::stop::Stop;
use crate::store::Server;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A run that can be resumed.
pub struct Resumable {
    pub id: i64,
    /// Its plan, as it was consented to.
    pub plan: Plan,
    /// The consent that began it, if it still holds.
    pub consent: Option<Consent>,
    pub server: Server,
}

/// What a person has found out about a step whose outcome was unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Run it again.
    Again,
    /// It is done: continue with the next one.
    Done,
}

/// The companion of a resumed run.
pub trait Companion {
    /// Something happened; it is in the journal.
    fn event(&mut self, event: &RunEvent);

    /// What to do about a step that may or may not have run.
    ///
    /// # Errors
    /// Why there is no decision. infrakt then executes nothing more.
    fn decide(&mut self, begun: &BegunRun, step: usize) -> Result<Unknown>;

    /// The outcomes of all steps so far are known, and the rest begins.
    fn settled(&mut self) {}
}

impl Runtime {
    /// Looks up a run that has ended early.
    ///
    /// # Errors
    /// If there is no such run, it is done or in progress, its server is no longer in the inventory, or a file that it copies
    /// has changed.
    pub fn resumable(&self, run_id: i64) -> Result<Resumable> {
        self.store.check_resumable(run_id)?;
        let plan = self.store.plan_of(run_id)?;
        copied_files::check(&plan)?;
        let server = self.store.servers()?.into_iter().find(|row| row.id == plan.server.id);
        let server = server.ok_or_else(|| StoreError::RunsServerIsGone {
            id: run_id,
            server: plan.server.name.clone(),
        })?;
        let consent = self.store.consent_that_holds(run_id)?;
        Ok(Resumable {
            id: run_id,
            plan,
            consent,
            server,
        })
    }

    /// Checks that the machine is still the one that the run was begun on, takes the lock on it, and opens the journal
    /// again. Nothing is done yet.
    ///
    /// # Errors
    /// A refusal, or a problem with the journal.
    pub fn resume(&self, run_id: i64, consented: ConsentedPlan, live: Live, secrets: Secrets) -> Result<BegunRun> {
        compare_resumed(consented.plan(), &live.identity, None)?;
        let journal = self
            .store
            .reopen_run(run_id, consented.plan(), consented.consent(), &operator())?;
        let progress = RunProgress {
            resumed: true,
            ..RunProgress::default()
        };
        Ok(BegunRun {
            consented,
            live,
            secrets,
            journal,
            progress,
        })
    }

    /// Takes up what the server was left with when the run ended early: steps that still run, and the records of those
    /// that have ended unseen. `Some`: the run has ended with it.
    ///
    /// # Errors
    /// As [`Runtime::execute`].
    fn catch_up(
        &self,
        begun: &mut BegunRun,
        stop: &dyn Stop,
        report: &mut dyn FnMut(&RunEvent),
    ) -> Result<Option<Ended>> {
        let caught_up = self.catch_up_journalled(begun, stop, report);
        note_error(begun, report, caught_up)
    }

    fn catch_up_journalled(
        &self,
        begun: &mut BegunRun,
        stop: &dyn Stop,
        report: &mut dyn FnMut(&RunEvent),
    ) -> Result<Option<Ended>> {
        let run_id = begun.run_id();
        if let Some(position) = self.store.last_position_of(run_id)? {
            begun.progress.stretches = position.stretch;
            begun.progress.from = position.first_step;
            if !position.ended {
                begun.progress.settled = self.settled(run_id)?;
                let age = Timestamp::now().duration_since(self.store.run(run_id)?.started_at);
                let kept = SignedDuration::from_hours(24 * i64::from(crate::executor::script::KEPT_DAYS));
                let left = LeftBehind {
                    position,
                    // If the start is in the future, the clock was set back since, and the elapsed time is unknown.
                    recent: age >= SignedDuration::ZERO && age < kept,
                };
                match self.with_execution(begun, stop, report, |execution| execution.catch_up(left))? {
                    CaughtUp::Ended(ended) => return Ok(Some(ended)),
                    CaughtUp::Over => {}
                    CaughtUp::NeverSent => begun.progress.stretches -= 1,
                }
            }
        }
        begun.progress.settled = self.settled(run_id)?;
        begun.progress.from = first_open(begun.plan(), &begun.progress.settled);
        Ok(None)
    }

    /// The next step with an unknown outcome that can't simply be run again: a person has to check.
    ///
    /// # Errors
    /// If the journal can't be read.
    fn next_unknown(&self, begun: &BegunRun) -> Result<Option<usize>> {
        let steps = self.store.steps_of(begun.run_id())?;
        let unknown = steps
            .iter()
            .filter(|record| record.outcome == Some(Outcome::Unknown))
            .map(|record| record.step);
        let plan = begun.plan();
        let mut to_ask = unknown.filter(|index| plan.steps.get(*index).is_some_and(|step| !may_repeat(step)));
        Ok(to_ask.next())
    }

    /// Notes what a person has found out: that the step did run, and so did the ones before it.
    ///
    /// # Errors
    /// If the journal can't be written.
    fn settle_as_done(&self, begun: &mut BegunRun, step: usize) -> Result<()> {
        let reason = format!("infrakt did not see it end; marked as done by {}", operator());
        let events: Vec<RunEvent> = (begun.progress.from..=step)
            .filter(|index| !begun.progress.settled.contains(index))
            .map(|step| RunEvent::StepEnded {
                step,
                outcome: Outcome::Changed,
                exit_status: None,
                duration_ms: 0,
                reason: Some(reason.clone()),
            })
            .collect();
        begun.journal.append(&events, None)?;
        begun.progress.settled.extend(begun.progress.from..=step);
        begun.progress.from = first_open(begun.plan(), &begun.progress.settled);
        Ok(())
    }

    /// Leaves a reopened run as it is: the outcome of a step could not be determined.
    ///
    /// # Errors
    /// If the journal can't be written.
    pub(super) fn leave(&self, begun: &mut BegunRun, reason: String) -> Result<()> {
        let end = RunEvent::RunEnded {
            state: RunState::Interrupted,
            reason: Some(reason),
        };
        begun.journal.append(&[end], None)
    }

    /// Continues a run that was opened again, to its end: catches up with the steps that were left to the server, asks
    /// `companion` about steps that may or may not have run, and executes the rest.
    ///
    /// # Errors
    /// As [`Runtime::execute`], or what `companion` returns instead of a decision. The run then stays as it is.
    pub fn continue_run(&self, begun: &mut BegunRun, stop: &dyn Stop, companion: &mut dyn Companion) -> Result<Ended> {
        if let Some(ended) = self.catch_up(begun, stop, &mut |event| companion.event(event))? {
            return Ok(ended);
        }
        while let Some(step) = self.next_unknown(begun)? {
            match companion.decide(begun, step) {
                Ok(Unknown::Again) => break,
                Ok(Unknown::Done) => self.settle_as_done(begun, step)?,
                Err(error) => {
                    self.leave(begun, error.to_string())?;
                    return Err(error);
                }
            }
        }
        companion.settled();
        self.execute(begun, stop, &mut |event| companion.event(event))
    }

    /// Opens a run again for a caller that can't be asked anything. It uses the consent that began the run. If that no
    /// longer holds, it uses the server's name, as a person typed it now. Nothing is executed yet.
    ///
    /// # Errors
    /// If it can't be resumed or its server not be reached; the refusal that fits; or a secret without a value.
    pub fn resume_unattended(
        &self,
        run_id: i64,
        typed: Option<&str>,
        given: &Secrets,
        answers: &Unattended,
    ) -> Result<BegunRun> {
        let resumable = self.resumable(run_id)?;
        let live = self.reach(&resumable.server, answers)?;
        compare_resumed(&resumable.plan, &live.identity, None)?;
        self.store.check_not_at_work(&resumable.server)?;
        let consented = match resumable.consent {
            None => {
                let digest = resumable.plan.digest.clone();
                let proof = Proof {
                    name: typed,
                    // The run holds the plan as it was shown, and no other can come from it.
                    digest: Some(&digest),
                };
                ConsentedPlan::admit_shown(resumable.plan, &proof, &operator())?
            }
            given => ConsentedPlan::readmit(resumable.plan, given)?,
        };
        let secrets = secrets::gather_given(&[consented.plan()], given, answers)?;
        self.resume(run_id, consented, live, secrets)
    }

    fn settled(&self, run_id: i64) -> Result<BTreeSet<usize>> {
        let done = |outcome| matches!(outcome, Some(Outcome::Changed | Outcome::NoChange));
        let steps = self.store.steps_of(run_id)?;
        Ok(steps
            .into_iter()
            .filter(|record| done(record.outcome))
            .map(|record| record.step)
            .collect())
    }
}

/// The first step to execute. The checks just before it are made again: what they found may no longer hold.
fn first_open(plan: &Plan, settled: &BTreeSet<usize>) -> usize {
    let open = (0..plan.steps.len())
        .find(|index| !settled.contains(index))
        .unwrap_or(plan.steps.len());
    let checks = plan
        .steps
        .iter()
        .take(open)
        .rev()
        .take_while(|step| step.effect == Effect::Check)
        .count();
    open - checks
}

/// Whether a step whose end was not seen may be executed again without asking.
fn may_repeat(step: &Step) -> bool {
    step.effect == Effect::Check
        || step.idempotent
        // A resumed run executes it again in any case.
        || step.always
        || step.is_guarded()
        || matches!(step.action, Action::State { .. } | Action::Reconnect { reboot: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Keeper, Origin};

    fn step(effect: Effect) -> Step {
        let command = "true".to_owned();
        let origin = Origin {
            file: "one.rhai".to_owned(),
            kept_by: Keeper::Path,
            line: 1,
            altered_by: None,
        };
        Step::new(None, "One", effect, Action::Run { command }, origin)
    }

    #[test]
    fn only_what_does_no_harm_twice_is_repeated_without_asking() {
        assert!(!may_repeat(&step(Effect::Change)));
        assert!(!may_repeat(&step(Effect::Destroy)));
        assert!(may_repeat(&step(Effect::Check)));
        let said_so = Step {
            idempotent: true,
            ..step(Effect::Change)
        };
        assert!(may_repeat(&said_so));
        let guarded = Step {
            unless: vec!["test -e /done".to_owned()],
            ..step(Effect::Change)
        };
        assert!(may_repeat(&guarded));
        let restart = Step {
            action: Action::Reconnect { reboot: true },
            ..step(Effect::Change)
        };
        assert!(!may_repeat(&restart), "it would restart the server a second time");
    }
}
