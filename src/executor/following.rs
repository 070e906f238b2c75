//! Follows a runner over one channel, and sends it the messages that it waits for. A connection may end at any moment;
//! messages that the runner has not received are sent again over the next one.

use super::connection::{Channel, Incoming};
use super::execution::{Execution, change, note};
use super::frames::{Frame, FrameReader};
use super::own_action::OwnAction;
use super::question::is_lost;
use super::script::ShellScript;
use super::staging;
use super::transcript::{Ending, Transcript};
use crate::error::{Error, Refusal, Result, ServerError, SshError};
use crate::event::{Ended, Outcome, RunEvent, StretchPosition};
use crate::plan::Plan;
use crate::reason::{LockHolder, ProtectionReason, StaleReason};
use std::time::{Duration, Instant};

/// How long nothing may come from a follower, which answers whenever it is asked for more, before it counts as lost.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a follower is asked for more: it is woken when a step begins or ends, but not by what a step prints. The
/// longer nothing happens, the less often.
const SHORTEST_ASK: Duration = Duration::from_millis(200);
const LONGEST_ASK: Duration = Duration::from_secs(1);
/// How long infrakt waits for the first answer of a server after the user asked to stop, so that it can send the order.
const FIRST_WORD: Duration = Duration::from_secs(3);
/// How long a server may not answer an order to end the current step. The server waits ten seconds for a step that
/// does not listen, and answers meanwhile.
const LAST_WORD: Duration = Duration::from_secs(10);
/// How long what a shell has complained about may be on its way after the word that it has died.
const COMPLAINT: Duration = Duration::from_secs(1);
/// How long a lost server is called again before the run is given up for now.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Why a channel is no longer followed.
pub(super) enum Followed<'p> {
    Ended(Ending),
    /// A step of infrakt's own failed; the runner got the order to stop.
    Failed(Ended),
    /// The connection is gone; the steps continue without it.
    Lost,
    /// The script had arrived already, over a connection that was lost since.
    Launched,
    /// There are no records of it on the server.
    Absent,
    /// It has not begun before the connection was lost, and never will.
    Void,
    /// The user does not want to wait any longer; the steps continue.
    Left,
    /// It is this step's turn, which infrakt carries out itself. If it is a restart, the runner has ended.
    Own(usize, OwnAction<'p>),
    /// This step was executed. The server undoes it unless a new connection proves that logins still work.
    Prove(usize),
}

/// The message that the runner waits for. It may be lost with the connection that carried it, so it is sent again over
/// each new one; a second copy does no harm.
pub(super) struct Owed<'p> {
    /// The step that infrakt has carried out: the runner may continue.
    pub go: Option<usize>,
    /// It shall stop, and this is what the stretch ends with in place of the runner's own ending.
    pub instead: Option<Followed<'p>>,
    /// When it was last heard of the runner.
    pub heard: Instant,
    /// A follower has spoken: the launch has reached the server, even if nothing of what it began was seen yet.
    pub begun: bool,
    /// Besides the launch that has begun the stretch there may be others of it, in connections that were lost: on a server
    /// they may arrive at any time, also after all is done.
    pub launched_again: bool,
    /// Whether a step was known to have failed when the order to end the current one was first sent.
    pub failed_before: Option<bool>,
}

impl Owed<'_> {
    pub fn nothing() -> Self {
        Self {
            go: None,
            instead: None,
            heard: Instant::now(),
            begun: false,
            launched_again: false,
            failed_before: None,
        }
    }

    /// A server that lets infrakt in and never says a word of the run is called again for as long as one that is away.
    pub fn is_worth_another_try(&self, plan: &Plan) -> Result<()> {
        if self.heard.elapsed() < PATIENCE {
            return Ok(());
        }
        Err(SshError::Lost {
            server: plan.server.name.clone(),
            reason: format!(
                "infrakt can log in, but has received nothing from the run for {} s",
                PATIENCE.as_secs()
            ),
        }
        .into())
    }

    fn word(&self) -> Option<String> {
        match (&self.instead, self.go) {
            // The steps that always run are executed after the restart.
            (Some(Followed::Own(..)), _) => Some("end\n".to_owned()),
            (Some(_), _) => Some("stop\n".to_owned()),
            (None, Some(step)) => Some(format!("go.{step}\n")),
            (None, None) => None,
        }
    }
}

impl Execution<'_> {
    /// Follows a runner over one channel.
    pub(super) fn follow<'p>(
        &mut self,
        plan: &'p Plan,
        nonce: &str,
        script: &ShellScript,
        owed: &mut Owed<'p>,
        transcript: &mut Transcript,
    ) -> Result<Followed<'p>> {
        let tolerated = self.interrupts_tolerated();
        let mut channel = self.connection.start(&script.text)?;
        let mut reader = FrameReader::new(nonce);
        if script.stages {
            let output = staging::answer(self.world, tolerated, plan, nonce, &mut *channel, &mut owed.heard)?;
            reader.push(&output);
        }
        let mut begun = false;
        let mut said = Vec::new();
        let mut told = 0;
        let mut last = Instant::now();
        let mut ask = SHORTEST_ASK;
        let mut asked = false;
        let mut stopped_since = None;
        loop {
            let interrupts = self.world.interrupts();
            if interrupts > tolerated {
                let since = *stopped_since.get_or_insert_with(Instant::now);
                let left = match begun {
                    // Nothing may be sent earlier: before the follower reads, the shell would take the words for commands.
                    false => interrupts > 1 || since.elapsed() > FIRST_WORD,
                    true => told > 1 && last.elapsed() > LAST_WORD,
                };
                if left {
                    return Ok(Followed::Left);
                }
            }
            if begun && interrupts > told {
                if interrupts > 1 {
                    owed.failed_before.get_or_insert(transcript.has_failed());
                }
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
                // The steps continue, even if the server lacks memory or disk space to report it now.
                Incoming::Closed if owed.begun || !transcript.is_untouched() => return Ok(Followed::Lost),
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
                        owed.begun = true;
                        if let Some(word) = owed.word() {
                            channel.send(word.as_bytes())?;
                        }
                    }
                    Frame::Heartbeat => asked = false,
                    Frame::Refused { code, reason } => {
                        // Only a follower that has begun waits for a last word.
                        if !matches!(code.as_str(), "gone" | "died" | "unreadable") {
                            channel.release();
                        }
                        match code.as_str() {
                            "folder" => return Ok(Followed::Launched),
                            "absent" | "unreadable" => return Ok(Followed::Absent),
                            "void" => return Ok(Followed::Void),
                            "died" if reason.is_empty() => {
                                let complaint = complaint(&mut *channel, std::mem::take(&mut said));
                                ended = Some(refused(plan, "died", &complaint));
                            }
                            code => ended = Some(refused(plan, code, &reason)),
                        }
                        events.extend(transcript.lose());
                        break;
                    }
                    Frame::End => ended = Some(Ok(transcript.ending())),
                    frame => events.extend(transcript.take(frame).map_err(|error| broken(plan, &error.0))?),
                }
                if ended.is_some() {
                    break;
                }
            }
            let position = StretchPosition {
                ended: matches!(ended, Some(Ok(_))),
                ..transcript.position()
            };
            if told > 1 {
                for event in &mut events {
                    stopped(event, &self.world.why_interrupted());
                }
            }
            if !events.is_empty() {
                ask = SHORTEST_ASK;
            }
            if (!events.is_empty() || position.ended)
                && let Err(error) = note(self.world, plan, events, Some(&position))
            {
                // The journal can't be written, so no further step may begin.
                channel.send(b"end\n")?;
                return Err(error);
            }
            if let Some(ending) = ended {
                let ending = ending?;
                // The last word to the follower, which then removes the records: they are all here now. Their folder
                // stays where it has to keep another launch from beginning.
                let thanked = channel.send(if owed.launched_again {
                    b"sealed\n".as_slice()
                } else {
                    b"done\n"
                });
                channel.release();
                if let Err(error) = thanked
                    && !is_lost(&error)
                {
                    return Err(error);
                }
                // A step that the second Ctrl-C has ended interrupts the run; it does not fail it, unless another one had.
                let stopped = told > 1 && owed.failed_before != Some(true);
                let ending = if stopped { Ending::Stopped } else { ending };
                return Ok(owed.instead.take().unwrap_or(Followed::Ended(ending)));
            }
            if let Some(index) = transcript.take_paused() {
                let step = plan.steps.get(index);
                match step.and_then(OwnAction::of) {
                    // The process that left the stretch behind carried out this step, but did not tell the runner.
                    _ if self.settled.contains(&index) => owed.go = Some(index),
                    None if step.is_some_and(|step| step.undo.is_some()) => return Ok(Followed::Prove(index)),
                    None => {
                        return Err(broken(
                            plan,
                            &format!(
                                "the runner waits at step {}, which infrakt does not carry out",
                                index + 1
                            ),
                        ));
                    }
                    Some(action @ (OwnAction::Reconnect | OwnAction::Reach { .. })) => {
                        return Ok(Followed::Own(index, action));
                    }
                    // The runner must end first.
                    Some(action @ OwnAction::Reboot) => owed.instead = Some(Followed::Own(index, action)),
                    Some(OwnAction::Change(asked)) => match change(self.world, plan, index, asked)? {
                        None => owed.go = Some(index),
                        Some(failed) => {
                            self.winding_up = true;
                            owed.instead = Some(Followed::Failed(failed));
                        }
                    },
                }
                if let Some(word) = owed.word() {
                    channel.send(word.as_bytes())?;
                }
            }
        }
    }
}

/// A step that fails after the order to end it was stopped: it has not failed by itself.
fn stopped(event: &mut RunEvent, why: &str) {
    if let RunEvent::StepEnded { outcome, reason, .. } = event
        && *outcome == Outcome::Failed
        && reason.is_none()
    {
        *outcome = Outcome::Stopped;
        *reason = Some(why.to_owned());
    }
}

/// The last line that a shell has complained with before it died.
fn complaint(channel: &mut dyn Channel, mut said: Vec<u8>) -> String {
    let until = Instant::now() + COMPLAINT;
    while said.is_empty() && Instant::now() < until {
        match channel.receive(COMPLAINT) {
            Ok(Incoming::Stderr(bytes)) => said.extend_from_slice(&bytes),
            Ok(Incoming::Stdout(_) | Incoming::Quiet) => {}
            Ok(Incoming::Closed) | Err(_) => break,
        }
    }
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    format!(
        "the shell that should start it has ended: {}",
        last.unwrap_or("it said nothing")
    )
}

fn refused(plan: &Plan, code: &str, reason: &str) -> Result<Ending> {
    let server = plan.server.name.clone();
    let reason = reason.to_owned();
    let protected = |reason| {
        let (server, reasons) = (plan.server.name.clone(), vec![reason]);
        Refusal::Protected { server, reasons }.into()
    };
    Err(match code {
        "marker" => protected(ProtectionReason::Marker),
        "runs_this_infrakt" => protected(ProtectionReason::RunsThisInfrakt),
        "unproven_engine" => protected(ProtectionReason::UnprovenEngine { problem: reason }),
        "identity" => Refusal::StalePlan {
            server,
            reason: StaleReason::OtherMachine {
                machine_id: Some(reason).filter(|id| !id.is_empty()),
            },
        }
        .into(),
        "locked" => Refusal::Locked {
            server,
            holder: Box::new(LockHolder::RunOnServer {
                run: reason,
                seconds: None,
                step: None,
            }),
        }
        .into(),
        "bound" => Refusal::NotDetached { server, said: reason }.into(),
        "gone" => return Ok(Ending::Unseen),
        "spool" => ServerError::NoRecords { server, reason }.into(),
        "lock" => ServerError::LockBroken { server, reason }.into(),
        "died" => ServerError::NotBegun { server, reason }.into(),
        _ => broken(plan, &reason),
    })
}

fn broken(plan: &Plan, reason: &str) -> Error {
    ServerError::NotFollowed {
        server: plan.server.name.clone(),
        reason: reason.to_owned(),
    }
    .into()
}
