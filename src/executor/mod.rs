//! Runs a consented plan over a connection and tells what happens as events. It knows no recipe, no SSH, no database and
//! no terminal: only the plan, the trait [`connection::Connection`], and the [`World`] that it reports to.

pub mod connection;
mod following;
pub mod frames;
pub mod output;
mod port_check;
pub mod question;
pub mod read_only;
mod redaction;
pub mod script;
mod stretch;
pub mod transcript;

pub use crate::event::Ended;

use crate::consent::ConsentedPlan;
use crate::error::{Error, Result, ServerError};
use crate::event::{Outcome, Position, RunEvent, RunState};
use crate::plan::{Action, Effect, Endpoint, Plan, StateChange, Step};
use connection::{Connection, Interruptible};
use port_check::{Reached, Verdict};
use script::Secrets;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
pub use stretch::LeftBehind;
use stretch::Stretched;

/// Those that an execution reports to, and that do what is not done on the server.
pub trait World {
    /// Takes note of what happened, and of how far the server's records have been read with it: both or neither. It is
    /// called before anything of it is acted upon, so that a journal is complete.
    ///
    /// # Errors
    /// If it can't be noted down; the run then stops after the current step.
    fn note(&mut self, events: &[RunEvent], position: Option<&Position>) -> Result<()>;

    /// Carries out a change of the local database. Gives whether anything changed.
    ///
    /// # Errors
    /// If it could not be done; the step has then failed.
    fn change(&mut self, change: &StateChange) -> Result<bool>;

    /// How many times the user has asked to stop: once, after the current step; twice, at once.
    fn interrupts(&self) -> usize;

    /// Why, for the journal and for people.
    fn why_interrupted(&self) -> String {
        "stopped by Ctrl-C".to_owned()
    }
}

/// What became of a stretch that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaughtUp {
    /// The run has ended with it.
    Ended(Ended),
    /// Nothing more can come from it. The events noted tell which steps are done.
    Over,
    /// It has not reached the server. Whoever goes on must use its number again: should it still arrive, only one of the
    /// two can begin.
    NeverSent,
}

/// One execution of one plan.
pub struct Execution<'a> {
    pub consented: &'a ConsentedPlan,
    /// The first step to execute; the ones before it are done.
    pub from: usize,
    /// How many stretches of the run there have been; a resumed run has had some.
    pub stretches: u32,
    /// An earlier process has begun the run.
    pub resumed: bool,
    /// Bytes of output that are kept of the run.
    pub kept: u64,
    /// The steps whose outcome is noted already.
    pub settled: BTreeSet<usize>,
    /// A value for each of the plan's secrets.
    pub secrets: &'a Secrets,
    /// Names the run on the server; letters, digits and `-`.
    pub run: &'a str,
    pub holder: &'a str,
    pub thread_name: &'a str,
    pub connection: &'a mut dyn Connection,
    pub world: &'a mut dyn World,
}

impl Execution<'_> {
    /// Executes the plan to its end, or to the first failure. The last event noted is the run's end.
    ///
    /// # Errors
    /// A refusal by the server's own checks (protected, locked, another machine), or if the world can't take note. What
    /// a step does wrong is no error here: it is in the events and in [`Ended`].
    pub fn execute(mut self) -> Result<Ended> {
        let plan = self.consented.plan();
        self.has_secrets(plan)?;
        let mut next = self.from;
        let mut reached = self.from;
        let ended = loop {
            let Some(step) = plan.steps.get(next) else {
                break Ended::done();
            };
            if self.world.interrupts() > 0 {
                break Ended::interrupted(self.world.why_interrupted());
            }
            if is_own(step) {
                self.world.note(&[RunEvent::StepStarted { step: next }], None)?;
                reached = next + 1;
                if let Some(ended) = self.own_step(plan, next)? {
                    break ended;
                }
                next += 1;
                continue;
            }
            match self.stretch(plan, next, None, &mut reached)? {
                Stretched::Ended(ended) => break ended,
                Stretched::Reached(index) => next = index,
                Stretched::Over | Stretched::NeverSent => {
                    break Ended::interrupted("the server restarted, or its records of the run are gone");
                }
            }
        };
        self.finish(plan, ended, reached)
    }

    /// Takes up the stretch that the server was left with, to its end: with steps that still go on, or with what it
    /// wrote down of them. Launches nothing.
    ///
    /// # Errors
    /// As [`Execution::execute`].
    pub fn catch_up(mut self, left: LeftBehind) -> Result<CaughtUp> {
        let plan = self.consented.plan();
        self.has_secrets(plan)?;
        let mut reached = self.from;
        match self.stretch(plan, left.position.first_step, Some(left), &mut reached)? {
            Stretched::Ended(ended) => self.finish(plan, ended, reached).map(CaughtUp::Ended),
            Stretched::Reached(_) | Stretched::Over => Ok(CaughtUp::Over),
            Stretched::NeverSent => Ok(CaughtUp::NeverSent),
        }
    }

    fn has_secrets(&self, plan: &Plan) -> Result<()> {
        match plan.secrets.iter().find(|name| !self.secrets.contains_key(*name)) {
            None => Ok(()),
            Some(missing) => Err(Error::usage_with(
                format!("the secret {missing} has no value"),
                format!("export INFRAKT_SECRET_{missing}=…"),
            )),
        }
    }

    fn finish(&mut self, plan: &Plan, ended: Ended, reached: usize) -> Result<Ended> {
        let mut events: Vec<RunEvent> = Vec::new();
        if ended.state != RunState::Done {
            let open = (reached..plan.steps.len()).filter(|step| !self.settled.contains(step));
            events.extend(open.map(skipped));
        }
        events.push(RunEvent::RunEnded {
            state: ended.state,
            reason: ended.reason.clone(),
        });
        self.world.note(&events, None)?;
        Ok(ended)
    }

    /// Carries out a step that is not a command: a change of the database, or a new login.
    fn own_step(&mut self, plan: &Plan, index: usize) -> Result<Option<Ended>> {
        let started = Instant::now();
        if let Some(Step {
            action: Action::Reach { endpoints, otherwise },
            ..
        }) = plan.steps.get(index)
        {
            return self.reach(plan, index, endpoints, otherwise);
        }
        let done = match plan.steps.get(index) {
            Some(Step {
                action: Action::Reconnect { reboot },
                timeout_seconds,
                ..
            }) => {
                let patience = Duration::from_secs(*timeout_seconds);
                match reboot {
                    true => self.reboot(plan, patience),
                    false => {
                        let world = &*self.world;
                        let stopped = || world.interrupts() > 0;
                        self.connection.reconnect_unless(&stopped, patience).map(|()| true)
                    }
                }
            }
            _ => return change(self.world, plan, index),
        };
        close(self.world, plan, index, started, &done)
    }

    /// Opens ports of the server from here.
    fn reach(&mut self, plan: &Plan, step: usize, endpoints: &[Endpoint], otherwise: &str) -> Result<Option<Ended>> {
        let started = Instant::now();
        let world = &self.world;
        let interrupted = || world.interrupts() > 0;
        let server = &plan.server.name;
        let reached = port_check::reach(self.connection, server, endpoints, otherwise, &interrupted);
        let (output, verdict) = match reached {
            Ok(Reached { output, verdict }) => (output, verdict),
            Err(error) => (
                Vec::new(),
                Verdict::Blocked {
                    reason: error.to_string(),
                    exit_status: None,
                },
            ),
        };
        let mut events: Vec<RunEvent> = output
            .into_iter()
            .map(|(stream, bytes)| RunEvent::Output { step, stream, bytes })
            .collect();
        let (outcome, exit_status, reason, ended) = match verdict {
            Verdict::Open => (Outcome::Unchanged, None, None, None),
            Verdict::NotFromHere(why) => {
                events.push(RunEvent::Notice {
                    message: format!("checked on the server only: {why}"),
                });
                (Outcome::Unchanged, None, None, None)
            }
            Verdict::Blocked { reason, exit_status } => {
                let ended = Ended::failed(reason.clone());
                (Outcome::Failed, exit_status, Some(reason), Some(ended))
            }
            Verdict::Interrupted => {
                let why = self.world.why_interrupted();
                (Outcome::Failed, None, Some(why.clone()), Some(Ended::interrupted(why)))
            }
        };
        events.push(RunEvent::StepEnded {
            step,
            outcome,
            exit_status,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            reason,
        });
        note(self.world, plan, events, None)?;
        Ok(ended)
    }

    /// Restarts the server and waits until another boot of it answers. Which boot it is, is told by the start of its
    /// first process, since the boot id is not a container's own.
    fn reboot(&mut self, plan: &Plan, patience: Duration) -> Result<bool> {
        const BOOT: &str = "cat /proc/sys/kernel/random/boot_id; cut -d ' ' -f 22 /proc/1/stat";
        // In a unit of its own, so that it does not end with the login.
        const RESTART: &str = "systemd-run --quiet --collect --no-block -- sh -c 'sleep 1; systemctl reboot' ||
            setsid sh -c 'sleep 1; systemctl reboot' </dev/null >/dev/null 2>&1 &";
        let server = &plan.server.name;
        let short = Duration::from_secs(30);
        let world = &*self.world;
        let mut connection = Interruptible {
            connection: &mut *self.connection,
            stop: &|| world.interrupts() > 0,
        };
        let before = question::ask(&mut connection, server, BOOT, short)?.stdout;
        question::ask(&mut connection, server, RESTART, short)?;
        let deadline = Instant::now() + patience;
        loop {
            connection.reconnect(deadline.saturating_duration_since(Instant::now()))?;
            match question::ask(&mut connection, server, BOOT, short) {
                Ok(answer) if answer.status == 0 && answer.stdout != before => return Ok(true),
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Ok(_) | Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_secs(1)),
                Ok(_) => {
                    return Err(ServerError::NotRestarted {
                        server: server.clone(),
                        seconds: patience.as_secs(),
                    }
                    .into());
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reports what happened. A step that only looks has changed nothing, however well it ended.
fn note(world: &mut dyn World, plan: &Plan, mut events: Vec<RunEvent>, position: Option<&Position>) -> Result<()> {
    for event in &mut events {
        if let RunEvent::StepEnded { step, outcome, .. } = event
            && *outcome == Outcome::Changed
            && plan.steps.get(*step).is_some_and(|step| step.effect == Effect::Read)
        {
            *outcome = Outcome::Unchanged;
        }
    }
    world.note(&events, position)
}

/// Carries out a change of the database that a step asks for.
fn change(world: &mut dyn World, plan: &Plan, index: usize) -> Result<Option<Ended>> {
    let started = Instant::now();
    let done = match plan.steps.get(index).map(|step| &step.action) {
        Some(Action::State { change }) => world.change(change),
        _ => Ok(true),
    };
    close(world, plan, index, started, &done)
}

/// Reports how a step of the client's own ended. `Some`: it went wrong, and the run is over.
fn close(
    world: &mut dyn World,
    plan: &Plan,
    step: usize,
    started: Instant,
    done: &Result<bool>,
) -> Result<Option<Ended>> {
    let (outcome, reason) = match done {
        Ok(true) => (Outcome::Changed, None),
        Ok(false) => (Outcome::Unchanged, None),
        Err(Error::Interrupted) => (Outcome::Failed, Some(world.why_interrupted())),
        Err(error) => (Outcome::Failed, Some(error.to_string())),
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ended = RunEvent::StepEnded {
        step,
        outcome,
        exit_status: None,
        duration_ms,
        reason: reason.clone(),
    };
    note(world, plan, vec![ended], None)?;
    Ok(reason.map(match done {
        Err(Error::Interrupted) => Ended::interrupted,
        _ => Ended::failed,
    }))
}

/// Whether a step is the client's own to carry out, and has no guard that the server would have to be asked for.
fn is_own(step: &Step) -> bool {
    matches!(
        step.action,
        Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. }
    ) && !step.is_guarded()
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
