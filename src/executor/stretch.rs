//! One stretch of a run: consecutive steps that the server executes by itself, followed from here over as many
//! connections as it takes.

use super::connection::Incoming;
use super::frames::{Frame, FrameReader};
use super::question::is_lost;
use super::script::{self, Stretch};
use super::transcript::{Ending, Transcript};
use super::{Execution, change, is_own, nonce, note};
use crate::error::{Error, Refusal, Result, SshError};
use crate::event::{Ended, Outcome, Position, RunEvent};
use crate::plan::{Action, Plan};
use std::ops::Range;
use std::time::{Duration, Instant};

/// How long nothing may come from a follower, which answers whenever it is asked for more, before it counts as lost.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a follower is asked for more: it is woken when a step begins or ends, but not by what a step prints. The
/// longer nothing happens, the less often.
const SHORTEST_ASK: Duration = Duration::from_millis(200);
const LONGEST_ASK: Duration = Duration::from_secs(1);
/// How long a lost server is called again before the run is given up for now.
const PATIENCE: Duration = Duration::from_secs(180);
/// What undoing a step takes, before a login is tried again.
const TIME_TO_UNDO: Duration = Duration::from_secs(2);
/// How long a server that lets infrakt in and then closes the door is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// How often, meanwhile, it is seen whether the user wants to stop.
const PIECE_OF_PATIENCE: Duration = Duration::from_secs(2);

/// A stretch that an earlier process, or a connection that stayed away, has left to the server.
#[derive(Debug, Clone, Copy)]
pub struct LeftBehind {
    /// How far it was followed.
    pub position: Position,
    /// It began within the days for which a server keeps its records: where there are none, it has never begun.
    pub recent: bool,
}

/// How a stretch ended.
pub(super) enum Stretched {
    /// The run is over.
    Ended(Ended),
    /// All steps before this index are done.
    Reached(usize),
    /// Nothing more can come from it. What was noted tells how far it has got.
    Over,
    /// It was left behind before it reached the server.
    NeverSent,
}

/// Why a channel is no longer followed.
enum Followed {
    Ended(Ending),
    /// A step of the client's own went wrong; the runner has been told to stop.
    Failed(Ended),
    /// The connection is gone; the steps go on without us.
    Lost,
    /// The script had arrived already, over a connection that was lost since.
    Launched,
    /// There are no records of it on the server.
    Absent,
    /// It has not begun before the connection was lost, and never will.
    Void,
    /// It is this step's turn, which is a new connection.
    Reconnect(usize),
    /// This step was executed, and is undone unless a new connection proves that it has locked nobody out.
    Prove(usize),
    /// It is this step's turn, which is a restart; the runner has ended.
    Reboot(usize),
}

/// What the runner waits to be told. A word may be lost with the connection that carried it, so it is said again over
/// each new one; to be told twice does it no harm.
struct Owed {
    /// The step that was carried out in the runner's stead: it may go on.
    go: Option<usize>,
    /// It shall stop, and this is what the stretch ends with in place of the runner's own ending.
    instead: Option<Followed>,
    /// When it was last heard of the runner.
    heard: Instant,
}

impl Owed {
    fn nothing() -> Self {
        Self {
            go: None,
            instead: None,
            heard: Instant::now(),
        }
    }

    /// A server that lets infrakt in and never says a word of the run is called again for as long as one that is away.
    fn is_worth_another_try(&self, plan: &Plan) -> Result<()> {
        if self.heard.elapsed() < PATIENCE {
            return Ok(());
        }
        Err(SshError::Lost {
            server: plan.server.name.clone(),
            reason: format!(
                "it lets infrakt in, but nothing was heard of the run for {} s",
                PATIENCE.as_secs()
            ),
        }
        .into())
    }

    fn word(&self) -> Option<String> {
        match (&self.instead, self.go) {
            (Some(_), _) => Some("stop\n".to_owned()),
            (None, Some(step)) => Some(format!("go.{step}\n")),
            (None, None) => None,
        }
    }
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
            .rposition(|step| !is_own(step))
            .map_or(next, |last| last + 1);
        let mut nonce = nonce()?;
        let mut transcript = match left {
            Some(left) => Transcript::new(self.secrets, left.position),
            None => self.begin(next)?,
        };
        let mut script = match left {
            Some(_) => self.again(&nonce, &transcript),
            None => self.launch(plan, next..to, &nonce, &transcript),
        };
        let mut owed = Owed::nothing();
        // Whether the script that begins the stretch is known to have reached the server.
        let mut arrived = left.is_some();
        loop {
            let heard = owed.heard;
            let followed = match self.follow(plan, &nonce, &script, &mut owed, &mut transcript) {
                Err(error) if is_lost(&error) => Followed::Lost,
                Err(Error::Ssh(SshError::NoCommand { .. })) if !transcript.is_untouched() => Followed::Lost,
                other => other?,
            };
            *reached = transcript.reached().unwrap_or(next).max(*reached);
            nonce = super::nonce()?;
            script = match followed {
                Followed::Ended(ending) => return Ok(self.conclude(plan, &ending, to, left.is_some())),
                Followed::Failed(ended) => return Ok(Stretched::Ended(ended)),
                Followed::Reboot(step) => {
                    let failed = self.own_step(plan, step)?;
                    return Ok(failed.map_or(Stretched::Reached(step + 1), Stretched::Ended));
                }
                Followed::Reconnect(step) => {
                    if let Some(ended) = self.own_step(plan, step)? {
                        return Ok(Stretched::Ended(ended));
                    }
                    owed.go = Some(step);
                    owed.heard = Instant::now();
                    self.again(&nonce, &transcript)
                }
                Followed::Prove(step) => {
                    if self.prove(plan, step)? {
                        owed.go = Some(step);
                    }
                    self.again(&nonce, &transcript)
                }
                Followed::Launched => {
                    arrived = true;
                    self.again(&nonce, &transcript)
                }
                Followed::Void if left.is_some() => return Ok(Stretched::Over),
                Followed::Void => {
                    transcript = self.begin(next)?;
                    arrived = false;
                    self.launch(plan, next..to, &nonce, &transcript)
                }
                Followed::Absent if transcript.is_untouched() => match left {
                    None => self.launch(plan, next..to, &nonce, &transcript),
                    Some(left) if left.recent => return Ok(Stretched::NeverSent),
                    Some(_) => return self.records_gone(plan, &mut transcript, reached, to),
                },
                Followed::Absent => return self.records_gone(plan, &mut transcript, reached, to),
                Followed::Lost => {
                    self.notice("connection lost; trying again")?;
                    if owed.heard == heard {
                        // It is there and does not speak: to hammer on its door would not help it.
                        std::thread::sleep(PAUSE);
                    }
                    if let Err(error) = self.call_again().and_then(|()| owed.is_worth_another_try(plan)) {
                        if let Some(Followed::Failed(ended)) = owed.instead {
                            return Ok(Stretched::Ended(ended));
                        }
                        let reason = "the connection was lost before it; the server may have run it since";
                        self.lose(plan, &mut transcript, reached, to, reason, false)?;
                        return match error {
                            // Whoever answers there now is not to be called again before a person has looked.
                            Error::Ssh(
                                SshError::HostKeyChanged { .. }
                                | SshError::HostKeyRevoked { .. }
                                | SshError::HostKeyUnknown { .. },
                            ) => Err(error),
                            error => Ok(Stretched::Ended(Ended::interrupted(error.to_string()))),
                        };
                    }
                    self.notice("connected again")?;
                    match transcript.offsets() {
                        // Nothing came, so the script may not even have arrived. Its folder lets it begin only once.
                        (0, 0, 0) if !arrived => self.launch(plan, next..to, &nonce, &transcript),
                        _ => self.again(&nonce, &transcript),
                    }
                }
            };
        }
    }

    /// A new stretch. It is noted before anything of it is sent, so that whoever resumes the run looks for it.
    fn begin(&mut self, first_step: usize) -> Result<Transcript> {
        self.stretches += 1;
        let position = Position::start(self.stretches, first_step);
        self.world.note(&[], Some(&position))?;
        Ok(Transcript::new(self.secrets, position))
    }

    fn folder(&self, transcript: &Transcript) -> String {
        format!("{}-{}", self.run, transcript.position().stretch)
    }

    /// The script that brings the steps and starts them.
    fn launch(&self, plan: &Plan, steps: Range<usize>, nonce: &str, transcript: &Transcript) -> Vec<u8> {
        Stretch {
            plan,
            from: steps.start,
            to: steps.end,
            secrets: self.secrets,
            nonce,
            run: &self.folder(transcript),
            holder: self.holder,
            thread_name: self.thread_name,
        }
        .script()
    }

    /// The script that goes on following a stretch.
    fn again(&self, nonce: &str, transcript: &Transcript) -> Vec<u8> {
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
        let reason = "the server's records of it are gone; it may have run";
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
        events.extend(out_of_sight(plan, *reached, to, reason));
        let last = events.iter().filter_map(ended_step).max();
        *reached = last.map_or(*reached, |last| last + 1);
        let position = Position {
            ended,
            ..transcript.position()
        };
        note(self.world, plan, events, Some(&position))
    }

    /// What the ending of a runner means for the run. `taken_up`: it was left behind by somebody, who may have stopped it.
    fn conclude(&self, plan: &Plan, ending: &Ending, to: usize, taken_up: bool) -> Stretched {
        let ended = match ending {
            Ending::Done => return Stretched::Reached(to),
            Ending::Failed { step } => {
                let title = plan.steps.get(*step).map_or("", |step| step.title.as_str());
                Ended::failed(format!("step {} failed: {title}", step + 1))
            }
            Ending::Stopped if taken_up && self.world.interrupts() == 0 => return Stretched::Over,
            Ending::Stopped => Ended::interrupted(self.world.why_interrupted()),
            Ending::Unseen => return Stretched::Over,
        };
        Stretched::Ended(ended)
    }

    /// Logs in anew, to prove that a step has locked nobody out. `false`: it can't be proven. The server has undone the
    /// step then, and is waited for.
    fn prove(&mut self, plan: &Plan, step: usize) -> Result<bool> {
        let undo = plan.steps.get(step).and_then(|step| step.undo.as_ref());
        let patience = Duration::from_secs(undo.map_or(0, |undo| undo.after_seconds));
        let began = Instant::now();
        let Err(error) = self.connection.reconnect(patience) else {
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
        // A login that is refused over and over would be taken for an attack.
        std::thread::sleep((patience + TIME_TO_UNDO).saturating_sub(began.elapsed()));
        // Whoever is still not let in is told so by the next attempt to follow.
        let _ = self.call_again();
        Ok(false)
    }

    /// Calls a lost server again, until it answers, for a while, or until the user has had enough.
    fn call_again(&mut self) -> Result<()> {
        let began = Instant::now();
        loop {
            match self.connection.reconnect(PIECE_OF_PATIENCE) {
                Err(Error::Ssh(SshError::Unreachable { .. } | SshError::Handshake { .. } | SshError::Lost { .. }))
                    if began.elapsed() < PATIENCE && self.world.interrupts() == 0 => {}
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

    /// Follows a runner over one channel.
    fn follow(
        &mut self,
        plan: &Plan,
        nonce: &str,
        script: &[u8],
        owed: &mut Owed,
        transcript: &mut Transcript,
    ) -> Result<Followed> {
        let mut channel = self.connection.start(script)?;
        let mut reader = FrameReader::new(nonce);
        let mut begun = false;
        let mut said = Vec::new();
        let mut told = 0;
        let mut last = Instant::now();
        let mut ask = SHORTEST_ASK;
        let mut asked = false;
        loop {
            let interrupts = self.world.interrupts();
            if begun && interrupts > told {
                channel.send(if interrupts > 1 { b"kill\n" } else { b"stop\n" })?;
                told = interrupts;
            }
            match channel.receive(SHORTEST_ASK)? {
                Incoming::Stdout(bytes) => {
                    last = Instant::now();
                    reader.push(&bytes);
                }
                // Only what the follower itself says is a sign of life.
                Incoming::Stderr(_) | Incoming::Quiet if last.elapsed() > SILENCE => return Ok(Followed::Lost),
                Incoming::Stderr(bytes) => {
                    said.extend_from_slice(&bytes);
                    said.drain(..said.len().saturating_sub(4096));
                    continue;
                }
                Incoming::Quiet => {
                    if begun && !asked && last.elapsed() >= ask {
                        channel.send(b"more\n")?;
                        asked = true;
                        ask = (ask * 2).min(LONGEST_ASK);
                    }
                    continue;
                }
                // The steps go on, even if the server is too short of something to say so now.
                Incoming::Closed if begun || !transcript.is_untouched() => return Ok(Followed::Lost),
                Incoming::Closed => {
                    let said = String::from_utf8_lossy(&said).trim().to_owned();
                    return Err(broken(
                        plan,
                        if said.is_empty() {
                            "the script did not start"
                        } else {
                            &said
                        },
                    ));
                }
            }
            let mut events = Vec::new();
            let mut ended = None;
            while let Some(frame) = reader.next().map_err(|error| broken(plan, &error.0))? {
                owed.heard = Instant::now();
                match frame {
                    Frame::Begun => {
                        begun = true;
                        if let Some(word) = owed.word() {
                            channel.send(word.as_bytes())?;
                        }
                    }
                    Frame::Heartbeat => asked = false,
                    Frame::Refused { code, reason } => {
                        let instead = match code.as_str() {
                            "folder" => Followed::Launched,
                            "absent" => Followed::Absent,
                            "void" => Followed::Void,
                            code => {
                                // Only a follower that has begun waits for a last word.
                                if code != "gone" {
                                    channel.release();
                                }
                                events.extend(transcript.lose());
                                ended = Some(refused(plan, code, &reason));
                                break;
                            }
                        };
                        channel.release();
                        return Ok(instead);
                    }
                    Frame::End => ended = Some(Ok(transcript.ending())),
                    frame => events.extend(transcript.take(frame).map_err(|error| broken(plan, &error.0))?),
                }
                if ended.is_some() {
                    break;
                }
            }
            let position = Position {
                ended: matches!(ended, Some(Ok(_))),
                ..transcript.position()
            };
            if !events.is_empty() {
                ask = SHORTEST_ASK;
            }
            if (!events.is_empty() || position.ended)
                && let Err(error) = note(self.world, plan, events, Some(&position))
            {
                // Nothing more can be noted down, so nothing more may happen.
                channel.send(b"stop\n")?;
                return Err(error);
            }
            if let Some(ending) = ended {
                let ending = ending?;
                // The last word to the follower, which then removes the records: they are all here now.
                let thanked = channel.send(b"done\n");
                channel.release();
                if let Err(error) = thanked
                    && !is_lost(&error)
                {
                    return Err(error);
                }
                // A step that was ended by the second Ctrl-C has failed, but the run was interrupted.
                let ending = if told > 1 { Ending::Stopped } else { ending };
                return Ok(owed.instead.take().unwrap_or(Followed::Ended(ending)));
            }
            if let Some(step) = transcript.take_paused() {
                match plan.steps.get(step).map(|step| &step.action) {
                    // Whoever left the stretch behind has carried it out, and not come to say so.
                    _ if self.settled.contains(&step) => owed.go = Some(step),
                    Some(Action::Run { .. }) => return Ok(Followed::Prove(step)),
                    Some(Action::Reconnect { reboot: false }) => return Ok(Followed::Reconnect(step)),
                    Some(Action::Reconnect { reboot: true }) => owed.instead = Some(Followed::Reboot(step)),
                    _ => match change(self.world, plan, step)? {
                        None => owed.go = Some(step),
                        Some(failed) => owed.instead = Some(Followed::Failed(failed)),
                    },
                }
                if let Some(word) = owed.word() {
                    channel.send(word.as_bytes())?;
                }
            }
        }
    }
}

/// The steps that the server may execute while nobody sees it: up to the first one that would wait for the client.
fn out_of_sight(plan: &Plan, reached: usize, to: usize, reason: &str) -> Vec<RunEvent> {
    let on_its_own = |index: &usize| {
        plan.steps
            .get(*index)
            .is_some_and(|step| matches!(step.action, Action::Run { .. } | Action::Upload { .. }))
    };
    (reached..to)
        .take_while(on_its_own)
        .map(|step| RunEvent::StepEnded {
            step,
            outcome: Outcome::Unknown,
            exit_status: None,
            duration_ms: 0,
            reason: Some(reason.to_owned()),
        })
        .collect()
}

fn ended_step(event: &RunEvent) -> Option<usize> {
    match event {
        RunEvent::StepEnded { step, .. } => Some(*step),
        _ => None,
    }
}

fn refused(plan: &Plan, code: &str, reason: &str) -> Result<Ending> {
    let server = plan.server.name.clone();
    Err(match code {
        "protected" => Refusal::Protected {
            server,
            reasons: vec![reason.to_owned()],
        }
        .into(),
        "identity" => Refusal::StalePlan {
            server,
            reason: format!(
                "another machine answers: {reason}; take note of it: infrakt server status {}",
                plan.server.name
            ),
        }
        .into(),
        "locked" => Refusal::Locked {
            server,
            holder: reason.to_owned(),
        }
        .into(),
        "gone" => return Ok(Ending::Unseen),
        _ => broken(plan, reason),
    })
}

fn broken(plan: &Plan, reason: &str) -> Error {
    Error::Facts {
        server: plan.server.name.clone(),
        reason: format!("the steps could not be followed: {reason}"),
        hint: Some("infrakt runs list".to_owned()),
    }
}
