//! Runs a consented plan over a connection and tells what happens as events. It knows no recipe, no SSH, no database and
//! no terminal: only the plan, the trait [`connection::Connection`], and the [`World`] that it reports to.

pub mod connection;
mod frames;
pub mod question;
mod redaction;
pub mod script;
mod transcript;

pub use crate::event::Ended;

use crate::consent::ConsentedPlan;
use crate::error::{Error, Refusal, Result};
use crate::event::{Outcome, RunEvent, RunState};
use crate::plan::{Action, Effect, Plan, StateChange};
use connection::{Channel, Connection, Incoming};
use frames::{Frame, FrameReader};
use question::is_lost;
use script::{Secrets, Stretch};
use std::time::{Duration, Instant};
use transcript::{Ending, Transcript};

/// How long nothing may come from a follower, which sends a heartbeat every few seconds, before it counts as lost.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a lost server is called again before the run is given up for now.
const PATIENCE: Duration = Duration::from_secs(180);

/// Those that an execution reports to, and that do what is not done on the server.
pub trait World {
    /// Takes note of what happened. It is called before anything of it is acted upon, so that a journal is complete.
    ///
    /// # Errors
    /// If it can't be noted down; the run then stops after the current step.
    fn note(&mut self, events: &[RunEvent]) -> Result<()>;

    /// Carries out a change of the local database. Gives whether anything changed.
    ///
    /// # Errors
    /// If it could not be done; the step has then failed.
    fn change(&mut self, change: &StateChange) -> Result<bool>;

    /// How many times the user has asked to stop: once, after the current step; twice, at once.
    fn interrupts(&self) -> usize;
}

/// One execution of one plan.
pub struct Execution<'a> {
    pub consented: &'a ConsentedPlan,
    /// The first step to execute; the ones before it are done.
    pub from: usize,
    /// A value for each of the plan's secrets.
    pub secrets: &'a Secrets,
    /// Names this execution on the server; letters, digits and `-`, never used before.
    pub run: &'a str,
    pub holder: &'a str,
    pub thread_name: &'a str,
    pub connection: &'a mut dyn Connection,
    pub world: &'a mut dyn World,
}

/// How one stretch of steps on the server ended.
enum Stretched {
    Ended(Ended),
    /// The step at this index is the client's to carry out.
    Paused(usize),
}

impl Execution<'_> {
    /// Executes the plan to its end, or to the first failure. The last event noted is the run's end.
    ///
    /// # Errors
    /// A refusal by the server's own checks (protected, locked, another machine), or if the world can't take note. What
    /// a step does wrong is no error here: it is in the events and in [`Ended`].
    pub fn execute(mut self) -> Result<Ended> {
        let plan = self.consented.plan();
        if let Some(missing) = plan.secrets.iter().find(|name| !self.secrets.contains_key(*name)) {
            return Err(Error::usage_with(
                format!("the secret {missing} has no value"),
                format!("export INFRAKT_SECRET_{missing}=…"),
            ));
        }
        let mut next = self.from;
        let mut reached = self.from;
        let mut stretches = 0;
        let ended = loop {
            if next >= plan.steps.len() {
                break Ended::done();
            }
            if self.world.interrupts() > 0 {
                break Ended::interrupted("stopped by Ctrl-C");
            }
            let step = &plan.steps[next];
            let own = matches!(step.action, Action::Reconnect { .. } | Action::State { .. });
            let paused = if own && !step.is_guarded() {
                self.world.note(&[RunEvent::StepStarted { step: next }])?;
                next
            } else {
                stretches += 1;
                let run = format!("{}-{stretches}", self.run);
                match self.stretch(plan, next, &run, &mut reached)? {
                    Stretched::Paused(index) => index,
                    Stretched::Ended(ended) => {
                        break ended;
                    }
                }
            };
            reached = paused + 1;
            if let Some(ended) = self.own_step(plan, paused)? {
                break ended;
            }
            next = paused + 1;
        };
        let mut events: Vec<RunEvent> = Vec::new();
        if ended.state != RunState::Done {
            events.extend((reached..plan.steps.len()).map(skipped));
        }
        events.push(RunEvent::RunEnded {
            state: ended.state,
            reason: ended.reason.clone(),
        });
        self.world.note(&events)?;
        Ok(ended)
    }

    /// Carries out a step that is not a command: a change of the database, or a new login.
    fn own_step(&mut self, plan: &Plan, index: usize) -> Result<Option<Ended>> {
        let step = &plan.steps[index];
        let started = Instant::now();
        let done = match &step.action {
            Action::State { change } => self.world.change(change),
            Action::Reconnect { reboot } => {
                let patience = Duration::from_secs(step.timeout_seconds);
                if *reboot {
                    self.reboot(plan, patience)
                } else {
                    self.connection.reconnect(patience).map(|()| true)
                }
            }
            Action::Run { .. } | Action::Upload { .. } => Ok(true),
        };
        let (outcome, reason) = match &done {
            Ok(true) => (Outcome::Changed, None),
            Ok(false) => (Outcome::Unchanged, None),
            Err(error) => (Outcome::Failed, Some(error.to_string())),
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = RunEvent::StepEnded {
            step: index,
            outcome,
            exit_status: None,
            duration_ms,
            reason: reason.clone(),
        };
        note(self.world, plan, vec![ended])?;
        Ok(reason.map(Ended::failed))
    }

    /// Restarts the server and waits until another boot of it answers. Which boot it is, is told by the start of its
    /// first process, since the boot id is not a container's own.
    fn reboot(&mut self, plan: &Plan, patience: Duration) -> Result<bool> {
        const BOOT: &str = "cat /proc/sys/kernel/random/boot_id; stat -c %Z /proc/1";
        let server = &plan.server.name;
        let short = Duration::from_secs(30);
        let before = question::ask(self.connection, server, BOOT, short)?.stdout;
        let restart = "setsid sh -c 'sleep 1; systemctl reboot' </dev/null >/dev/null 2>&1 &";
        question::ask(self.connection, server, restart, short)?;
        let deadline = Instant::now() + patience;
        loop {
            self.connection
                .reconnect(deadline.saturating_duration_since(Instant::now()))?;
            match question::ask(self.connection, server, BOOT, short) {
                Ok(answer) if answer.status == 0 && answer.stdout != before => return Ok(true),
                Ok(_) | Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_secs(1)),
                Ok(_) => {
                    return Err(Error::Facts {
                        server: server.clone(),
                        reason: format!("it did not restart within {} s", patience.as_secs()),
                        hint: None,
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs steps on the server from `next` on, until one is the client's or the plan ends.
    fn stretch(&mut self, plan: &Plan, next: usize, run: &str, reached: &mut usize) -> Result<Stretched> {
        let mut nonce = nonce()?;
        let mut script = Stretch {
            plan,
            from: next,
            secrets: self.secrets,
            nonce: &nonce,
            run,
            holder: self.holder,
            thread_name: self.thread_name,
        }
        .script();
        let mut transcript = Transcript::new(self.secrets);
        loop {
            let followed = self.follow(plan, &nonce, &script, &mut transcript);
            *reached = transcript.reached().unwrap_or(next).max(*reached);
            match followed {
                Ok(Some(stretched)) => return Ok(stretched),
                Ok(None) => {}
                Err(error) if is_lost(&error) => {}
                Err(error) => return Err(error),
            }
            // Lost: the steps go on without us. Call again and read on from where we are.
            self.world.note(&[RunEvent::Notice {
                message: "connection lost; trying again".to_owned(),
            }])?;
            if let Err(error) = self.connection.reconnect(PATIENCE) {
                self.world.note(&transcript.lose())?;
                return Ok(Stretched::Ended(Ended::interrupted(error.to_string())));
            }
            self.world.note(&[RunEvent::Notice {
                message: "connected again".to_owned(),
            }])?;
            nonce = self::nonce()?;
            let (journal, out, err) = transcript.offsets();
            script = script::follow_again(run, &nonce, journal, out, err);
        }
    }

    /// Follows a runner until its end. `None`: the channel closed before that.
    fn follow(
        &mut self,
        plan: &Plan,
        nonce: &str,
        script: &[u8],
        transcript: &mut Transcript,
    ) -> Result<Option<Stretched>> {
        let mut channel = self.connection.start(script)?;
        let mut reader = FrameReader::new(nonce);
        let mut begun = false;
        let mut said = Vec::new();
        let mut told = 0;
        let mut last = Instant::now();
        loop {
            let interrupts = self.world.interrupts();
            if begun && interrupts > told {
                channel.send(if interrupts > 1 { b"kill\n" } else { b"stop\n" })?;
                told = interrupts;
            }
            match channel.receive(Duration::from_millis(200))? {
                Incoming::Stdout(bytes) => {
                    last = Instant::now();
                    reader.push(&bytes);
                }
                Incoming::Stderr(bytes) => {
                    said.extend_from_slice(&bytes);
                    said.drain(..said.len().saturating_sub(4096));
                    continue;
                }
                Incoming::Quiet if last.elapsed() > SILENCE => return Ok(None),
                Incoming::Quiet => continue,
                Incoming::Closed if begun => return Ok(None),
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
            loop {
                match reader.next().map_err(|error| broken(plan, &error.0))? {
                    None => break,
                    Some(Frame::Begun) => begun = true,
                    Some(Frame::Heartbeat) => {}
                    Some(Frame::Refused { code, reason }) => {
                        events.extend(transcript.lose());
                        ended = Some(refused(plan, &code, &reason));
                        break;
                    }
                    Some(Frame::End) => {
                        ended = Some(Ok(transcript.ending()));
                        break;
                    }
                    Some(frame) => {
                        events.extend(transcript.take(frame).map_err(|error| broken(plan, &error.0))?);
                    }
                }
            }
            if !events.is_empty()
                && let Err(error) = note(self.world, plan, events)
            {
                // Nothing more can be noted down, so nothing more may happen.
                channel.send(b"stop\n")?;
                return Err(error);
            }
            match ended {
                None => {}
                Some(Err(error)) => return Err(error),
                Some(Ok(ending)) => {
                    // The last word to the follower, which then removes the records: they are all here now.
                    let told = channel.send(b"done\n").and_then(|()| drain(&mut *channel));
                    if let Err(error) = told
                        && !is_lost(&error)
                    {
                        return Err(error);
                    }
                    return Ok(Some(conclude(plan, ending)));
                }
            }
        }
    }
}

/// Reports what happened. A step that only looks has changed nothing, however well it ended.
fn note(world: &mut dyn World, plan: &Plan, mut events: Vec<RunEvent>) -> Result<()> {
    for event in &mut events {
        if let RunEvent::StepEnded { step, outcome, .. } = event
            && *outcome == Outcome::Changed
            && plan.steps.get(*step).is_some_and(|step| step.effect == Effect::Read)
        {
            *outcome = Outcome::Unchanged;
        }
    }
    world.note(&events)
}

/// Waits for the follower to go away, shortly: whether it did changes nothing.
fn drain(channel: &mut dyn Channel) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        if channel.receive(Duration::from_millis(100))? == Incoming::Closed {
            break;
        }
    }
    Ok(())
}

fn conclude(plan: &Plan, ending: Ending) -> Stretched {
    match ending {
        Ending::Done => Stretched::Ended(Ended::done()),
        Ending::Failed { step } => {
            let title = plan.steps.get(step).map_or("", |step| step.title.as_str());
            Stretched::Ended(Ended::failed(format!("step {} failed: {title}", step + 1)))
        }
        Ending::Paused { step } => Stretched::Paused(step),
        Ending::Stopped => Stretched::Ended(Ended::interrupted("stopped by Ctrl-C")),
        Ending::Unseen => Stretched::Ended(Ended::interrupted("the end of the run was not seen")),
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
            reason: format!("another machine answers: {reason}"),
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

fn skipped(step: usize) -> RunEvent {
    RunEvent::StepEnded {
        step,
        outcome: Outcome::Skipped,
        exit_status: None,
        duration_ms: 0,
        reason: None,
    }
}

/// 128 random bits as letters and digits.
///
/// # Errors
/// If the system has no randomness to give.
pub fn nonce() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Malformed {
        what: "the system's source of randomness".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    Ok(bytes
        .iter()
        .fold("ik".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}
