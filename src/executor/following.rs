//! Follows a runner over one channel, and tells it what it waits for. A connection may end at any moment; what is owed to
//! the runner by then is said again over the next one.

use super::connection::Incoming;
use super::frames::{Frame, FrameReader};
use super::question::is_lost;
use super::transcript::{Ending, Transcript};
use super::{Execution, change, note};
use crate::error::{Error, Refusal, Result, ServerError, SshError};
use crate::event::{Ended, Position};
use crate::plan::{Action, Plan};
use std::time::{Duration, Instant};

/// How long nothing may come from a follower, which answers whenever it is asked for more, before it counts as lost.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a follower is asked for more: it is woken when a step begins or ends, but not by what a step prints. The
/// longer nothing happens, the less often.
const SHORTEST_ASK: Duration = Duration::from_millis(200);
const LONGEST_ASK: Duration = Duration::from_secs(1);
/// How long a lost server is called again before the run is given up for now.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Why a channel is no longer followed.
pub(super) enum Followed {
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
pub(super) struct Owed {
    /// The step that was carried out in the runner's stead: it may go on.
    pub go: Option<usize>,
    /// It shall stop, and this is what the stretch ends with in place of the runner's own ending.
    pub instead: Option<Followed>,
    /// When it was last heard of the runner.
    pub heard: Instant,
    /// A follower has spoken: the launch has reached the server, even if nothing of what it began was seen yet.
    pub begun: bool,
    /// Besides the launch that has begun the stretch there may be others of it, in connections that were lost: on a server
    /// they may arrive at any time, also after all is done.
    pub launched_again: bool,
}

impl Owed {
    pub fn nothing() -> Self {
        Self {
            go: None,
            instead: None,
            heard: Instant::now(),
            begun: false,
            launched_again: false,
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
    /// Follows a runner over one channel.
    pub(super) fn follow(
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
    ServerError::NotFollowed {
        server: plan.server.name.clone(),
        reason: reason.to_owned(),
    }
    .into()
}
