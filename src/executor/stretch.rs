//! One stretch of a run: consecutive steps that the server executes by itself. infrakt follows them from here, over as
//! many connections as necessary.

use super::execution::{Execution, failed, note, skipped};
use super::following::{Followed, Owed, PATIENCE};
use super::nonce::nonce;
use super::own_action::OwnAction;
use super::question::is_lost;
use super::script::{self, ShellScript, Stretch};
use super::staging;
use super::transcript::{Ending, Transcript};
use crate::error::{Error, Result, ServerError, SshError};
use crate::event::{Ended, Outcome, RunEvent, StretchPosition};
use crate::plan::Plan;
use std::ops::Range;
use std::time::{Duration, Instant};

/// What undoing a step takes, before a login is tried again.
const TIME_TO_UNDO: Duration = Duration::from_secs(2);
/// How long a server that lets infrakt in and then closes the door is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// How often, meanwhile, it is seen whether the user wants to stop.
const PIECE_OF_PATIENCE: Duration = Duration::from_secs(2);

/// How often a stretch is launched whose records are not there when they are looked for.
const MOST_LAUNCHES: u32 = 5;

/// A stretch that an earlier process, or a connection that stayed away, has left to the server.
#[derive(Debug, Clone, Copy)]
pub struct LeftBehind {
    /// How far it was followed.
    pub position: StretchPosition,
    /// It began within the days for which a server keeps its records: where there are none, it has never begun.
    pub recent: bool,
}

/// How a stretch ended.
pub(super) enum Stretched {
    /// The run is over.
    Ended(Ended),
    /// All steps before this index are done.
    Reached(usize),
    /// This step, which infrakt carries out itself, went wrong after the runner had ended.
    Broke(usize, Ended),
    /// Nothing more can come from it. What was noted tells how far it has got.
    Over,
    /// It was left behind before it reached the server.
    NeverSent,
}

impl Execution<'_> {
    /// Runs steps on the server from `next` on, as far as one script can carry them, or takes up what was left behind
    /// there. The client's own steps among them are carried out in their turn, while the runner waits and keeps the
    /// server's lock.
    pub(super) fn stretch(
        &mut self,
        plan: &Plan,
        next: usize,
        left: Option<LeftBehind>,
        reached: &mut usize,
    ) -> Result<Stretched> {
        // The client's own steps at the end need no server to wait for them.
        let to = plan
            .steps
            .iter()
            .rposition(|step| OwnAction::unguarded(step).is_none())
            .map_or(next, |last| last + 1);
        let mut nonce = nonce()?;
        let mut transcript = match left {
            Some(left) => Transcript::new(self.secrets, left.position, self.kept),
            None => self.begin(next)?,
        };
        let mut script = match left {
            Some(_) => self.again(&nonce, &transcript),
            None => self.launch(plan, next..to, &nonce, &transcript),
        };
        let mut owed = Owed::nothing();
        // The process that began the run may have sent a launch with the same number.
        owed.launched_again = self.resumed;
        // Whether the script that begins the stretch is known to have reached the server.
        let mut arrived = left.is_some();
        let mut launches = 1;
        loop {
            let heard = owed.heard;
            let followed = match self.follow(plan, &nonce, &script, &mut owed, &mut transcript) {
                Err(error) if is_lost(&error) => Followed::Lost,
                Err(Error::Ssh(SshError::NoCommand { .. })) if owed.begun || !transcript.is_untouched() => {
                    Followed::Lost
                }
                other => other?,
            };
            self.kept = transcript.kept();
            *reached = transcript.reached().unwrap_or(next).max(*reached);
            nonce = super::nonce::nonce()?;
            script = match followed {
                Followed::Ended(ending) => return Ok(self.conclude(plan, &ending, to, left.is_some())),
                Followed::Failed(ended) => return Ok(Stretched::Ended(ended)),
                Followed::Own(step, action) => {
                    // The runner waits in the connection that was left; the server is asked over another.
                    if matches!(action, OwnAction::Reach { .. }) {
                        self.call_again()?;
                    }
                    let failed = self.own_step(plan, step, action)?;
                    match (failed, action) {
                        (None, OwnAction::Reboot) => return Ok(Stretched::Reached(step + 1)),
                        (Some(ended), OwnAction::Reboot) => return Ok(Stretched::Broke(step, ended)),
                        (None, _) => owed.go = Some(step),
                        // infrakt tells the runner to stop, so that the steps that always run have their turn.
                        (Some(ended), _) if plan.always_runs_from(step + 1) => {
                            self.winding_up = true;
                            owed.instead = Some(Followed::Failed(ended));
                        }
                        (Some(ended), _) => return Ok(Stretched::Ended(ended)),
                    }
                    owed.heard = Instant::now();
                    self.again(&nonce, &transcript)
                }
                Followed::Prove(step) => match self.prove(plan, step) {
                    Ok(proven) => {
                        if proven {
                            owed.go = Some(step);
                        }
                        self.again(&nonce, &transcript)
                    }
                    // infrakt does not log in again in time, so the server undoes the step.
                    Err(Error::Interrupted) => {
                        let reason = "infrakt could not prove that a new login works; the server undoes the step";
                        self.lose(plan, &mut transcript, reached, to, reason, false)?;
                        return Ok(Stretched::Ended(Ended::interrupted(self.world.why_interrupted())));
                    }
                    Err(error) => return Err(error),
                },
                Followed::Launched => {
                    arrived = true;
                    self.again(&nonce, &transcript)
                }
                // Records that were there and are empty now were lost with the server's power.
                Followed::Void if !transcript.is_untouched() => {
                    return self.records_gone(plan, &mut transcript, reached, to);
                }
                Followed::Void if left.is_some() => return Ok(Stretched::Over),
                Followed::Void => {
                    transcript = self.begin(next)?;
                    arrived = false;
                    owed.begun = false;
                    self.launch(plan, next..to, &nonce, &transcript)
                }
                Followed::Absent if transcript.is_untouched() => match left {
                    // Someone on the server removes the records each time.
                    None if launches == MOST_LAUNCHES => {
                        return Err(ServerError::NotBegun {
                            server: plan.server.name.clone(),
                            reason: "the records of the run are deleted before it has started".to_owned(),
                        }
                        .into());
                    }
                    None => {
                        launches += 1;
                        owed.launched_again = true;
                        self.launch(plan, next..to, &nonce, &transcript)
                    }
                    Some(left) if left.recent => return Ok(Stretched::NeverSent),
                    Some(_) => return self.records_gone(plan, &mut transcript, reached, to),
                },
                Followed::Absent => return self.records_gone(plan, &mut transcript, reached, to),
                Followed::Left => {
                    let reason = "infrakt did not wait for it; the server may have run it since then";
                    self.lose(plan, &mut transcript, reached, to, reason, false)?;
                    return Ok(Stretched::Ended(Ended::interrupted(self.world.why_interrupted())));
                }
                Followed::Lost => {
                    self.notice("connection lost; trying again")?;
                    if owed.heard == heard {
                        // The server accepts connections and does not answer. More attempts would only add to its load.
                        std::thread::sleep(PAUSE);
                    }
                    if let Err(error) = self.call_again().and_then(|()| owed.is_worth_another_try(plan)) {
                        let reason = "the connection was lost before it; the server may have run it since then";
                        self.lose(plan, &mut transcript, reached, to, reason, false)?;
                        if let Some(Followed::Failed(ended)) = owed.instead {
                            return Ok(Stretched::Ended(ended));
                        }
                        return match error {
                            Error::Interrupted => {
                                Ok(Stretched::Ended(Ended::interrupted(self.world.why_interrupted())))
                            }
                            // Another machine may answer there. A person must look before infrakt calls it again.
                            Error::Ssh(
                                SshError::HostKeyChanged { .. }
                                | SshError::HostKeyRevoked { .. }
                                | SshError::HostKeyUnknown { .. }
                                | SshError::HostKeyNotTaken { .. },
                            ) => Err(error),
                            error => Ok(Stretched::Ended(Ended::interrupted(error.to_string()))),
                        };
                    }
                    self.notice("reconnected")?;
                    match transcript.offsets() {
                        // Nothing came, so the script may not even have arrived. Its folder lets it begin only once.
                        (0, 0, 0) if !arrived && !owed.begun => {
                            owed.launched_again = true;
                            self.launch(plan, next..to, &nonce, &transcript)
                        }
                        _ => self.again(&nonce, &transcript),
                    }
                }
            };
        }
    }

    /// A new stretch. It is noted before anything of it is sent, so that a process that resumes the run looks for it.
    fn begin(&mut self, first_step: usize) -> Result<Transcript> {
        self.stretches += 1;
        let position = StretchPosition::start(self.stretches, first_step);
        self.world.note(&[], Some(&position))?;
        Ok(Transcript::new(self.secrets, position, self.kept))
    }

    fn folder(&self, transcript: &Transcript) -> String {
        format!("{}-{}", self.run, transcript.position().stretch)
    }

    /// The script that brings the steps and starts them.
    fn launch(&self, plan: &Plan, steps: Range<usize>, nonce: &str, transcript: &Transcript) -> ShellScript {
        Stretch {
            plan,
            from: steps.start,
            to: steps.end,
            winding_up: self.winding_up,
            secrets: self.secrets,
            nonce,
            run: &self.folder(transcript),
            files: &staging::folder_of(&script::spool_of(self.run)),
            holder: self.holder,
            thread_name: self.thread_name,
        }
        .script()
    }

    /// The script that continues to follow a stretch.
    fn again(&self, nonce: &str, transcript: &Transcript) -> ShellScript {
        let (journal, out, err) = transcript.offsets();
        script::follow_again(&self.folder(transcript), nonce, journal, out, err)
    }

    fn records_gone(
        &mut self,
        plan: &Plan,
        transcript: &mut Transcript,
        reached: &mut usize,
        to: usize,
    ) -> Result<Stretched> {
        let reason = "the server's records of it were deleted; it may have run";
        self.lose(plan, transcript, reached, to, reason, true)?;
        Ok(Stretched::Over)
    }

    /// Notes that the steps from the current one on are out of sight, as far as the server may execute them alone.
    fn lose(
        &mut self,
        plan: &Plan,
        transcript: &mut Transcript,
        reached: &mut usize,
        to: usize,
        reason: &str,
        ended: bool,
    ) -> Result<()> {
        let mut events = transcript.lose();
        events.extend(out_of_sight(plan, *reached, to, reason, self.winding_up));
        // A step whose outcome is known keeps it.
        events.retain(|event| ended_step(event).is_none_or(|step| !self.settled.contains(&step)));
        let last = events.iter().filter_map(ended_step).max();
        *reached = last.map_or(*reached, |last| last + 1);
        let position = StretchPosition {
            ended,
            ..transcript.position()
        };
        note(self.world, plan, events, Some(&position))
    }

    /// What the ending of a runner means for the run. `taken_up`: another process left it behind, and may have stopped
    /// it.
    fn conclude(&self, plan: &Plan, ending: &Ending, to: usize, taken_up: bool) -> Stretched {
        let ended = match ending {
            Ending::Done => return Stretched::Reached(to),
            Ending::Failed { step, status, reason } => failed(plan, *step, reason.as_deref(), Some(*status)),
            Ending::Stopped if taken_up && self.world.interrupts() == 0 => return Stretched::Over,
            Ending::Stopped if self.world.interrupts() == 0 => Ended::interrupted("it was stopped on the server"),
            Ending::Stopped => Ended::interrupted(self.world.why_interrupted()),
            Ending::Unseen => return Stretched::Over,
        };
        Stretched::Ended(ended)
    }

    /// Logs in again, to prove that logins still work after a step. `false`: it can't be proven. infrakt has then waited
    /// until the server has undone the step.
    fn prove(&mut self, plan: &Plan, step: usize) -> Result<bool> {
        let undo = plan.steps.get(step).and_then(|step| step.undo.as_ref());
        let patience = Duration::from_secs(undo.map_or(0, |undo| undo.after_seconds));
        let began = Instant::now();
        // A Ctrl-C doesn't change this: the step is proven or undone before the run stops.
        let world = &*self.world;
        let in_a_hurry = || world.interrupts() > 1;
        let Err(error) = self.connection.reconnect_unless(&in_a_hurry, patience) else {
            return Ok(true);
        };
        match error {
            Error::Ssh(
                SshError::Unreachable { .. }
                | SshError::Handshake { .. }
                | SshError::Lost { .. }
                | SshError::Denied { .. },
            ) => {}
            error => return Err(error),
        }
        self.notice(&format!(
            "a new login does not work ({error}); the server undoes the step"
        ))?;
        // infrakt does not try again: the server could take many refused logins for an attack.
        let until = began + patience + TIME_TO_UNDO;
        while Instant::now() < until {
            if self.world.interrupts() > 1 {
                return Err(Error::Interrupted);
            }
            std::thread::sleep(PIECE_OF_PATIENCE.min(until.saturating_duration_since(Instant::now())));
        }
        // If the server still refuses the login, the next attempt to follow reports it.
        let _ = self.call_again();
        Ok(false)
    }

    /// Calls a lost server again, until it answers, for a while, or until the user has had enough.
    fn call_again(&mut self) -> Result<()> {
        let began = Instant::now();
        loop {
            let world = &*self.world;
            let tolerated = self.interrupts_tolerated();
            let stopped = || world.interrupts() > tolerated;
            match self.connection.reconnect_unless(&stopped, PIECE_OF_PATIENCE) {
                Err(Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }))
                    if stopped() =>
                {
                    return Err(Error::Interrupted);
                }
                Err(Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }))
                    if began.elapsed() < PATIENCE => {}
                done => return done,
            }
        }
    }

    fn notice(&mut self, message: &str) -> Result<()> {
        let notice = RunEvent::Notice {
            message: message.to_owned(),
        };
        self.world.note(&[notice], None)
    }
}

/// The steps that the server may execute without a connection: up to the first one that would wait for infrakt, and then the ones
/// that always run. `winding_up`: only these. The steps in between have no turn.
fn out_of_sight(plan: &Plan, reached: usize, to: usize, reason: &str, winding_up: bool) -> Vec<RunEvent> {
    let mut waits = winding_up;
    let mut events = Vec::new();
    let mut without_turn = Vec::new();
    for (index, step) in plan.steps.iter().enumerate().take(to).skip(reached) {
        waits |= OwnAction::of(step).is_some();
        if waits && !step.always {
            without_turn.push(skipped(index));
            continue;
        }
        events.append(&mut without_turn);
        events.push(RunEvent::StepEnded {
            step: index,
            outcome: Outcome::Unknown,
            exit_status: None,
            duration_ms: 0,
            reason: Some(reason.to_owned()),
        });
    }
    events
}

fn ended_step(event: &RunEvent) -> Option<usize> {
    match event {
        RunEvent::StepEnded { step, .. } => Some(*step),
        _ => None,
    }
}
