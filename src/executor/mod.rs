//! Runs a consented plan over a connection and reports events. It knows no recipe, no SSH, no database and
//! no terminal: only the plan, the trait [`connection::Connection`], and the [`World`] that it reports to.

pub mod connection;
mod environment;
mod execution;
mod following;
pub mod frames;
pub mod handlers;
mod nonce;
pub mod output;
mod own_action;
mod port_check;
pub mod question;
pub mod read_only;
mod redaction;
mod runner;
pub mod script;
mod staging;
pub mod step_files;
mod step_outputs;
mod stretch;
pub mod transcript;
pub mod uploads;

pub use crate::event::Ended;
pub use execution::{Execution, World};
use execution::{change, close, note, skipped};
pub use nonce::nonce;

use crate::error::{Error, Result, ServerError};
use crate::event::{Outcome, RunEvent, RunState};
use crate::plan::{Endpoint, Plan};
use connection::{Connection, Interruptible};
use own_action::OwnAction;
use port_check::{Reached, Verdict};
use std::time::{Duration, Instant};
pub use stretch::LeftBehind;
use stretch::Stretched;

/// How a stretch ended that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaughtUp {
    /// The run has ended with it.
    Ended(Ended),
    /// Nothing more can come from it. The events noted tell which steps are done.
    Over,
    /// It has not reached the server. The process that resumes the run must use its number again: if it still arrives,
    /// only one of the two can begin.
    NeverSent,
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
            if let Some(action) = OwnAction::unguarded(step) {
                self.world.note(&[RunEvent::StepStarted { step: next }], None)?;
                next += 1;
                reached = next;
                if let Some(ended) = self.own_step(plan, next - 1, action)? {
                    break ended;
                }
                continue;
            }
            match self.stretch(plan, next, None, &mut reached)? {
                // The runner has seen to the steps that always run.
                Stretched::Ended(ended) => return self.finish(plan, ended, reached),
                Stretched::Broke(step, ended) => {
                    next = step + 1;
                    break ended;
                }
                Stretched::Reached(index) => next = index,
                Stretched::Over | Stretched::NeverSent => {
                    let reason = "the server restarted, or its records of the run were deleted";
                    return self.finish(plan, Ended::interrupted(reason), reached);
                }
            }
        };
        if ended.state != RunState::Done && reached > self.from {
            self.wind_up(plan, next, &mut reached)?;
        }
        self.finish(plan, ended, reached)
    }

    /// Runs the steps from `next` on that always run. How the run has ended is known already.
    fn wind_up(&mut self, plan: &Plan, next: usize, reached: &mut usize) -> Result<()> {
        self.winding_up = true;
        if self.world.interrupts() > self.interrupts_tolerated() || !plan.always_runs_from(next) {
            return Ok(());
        }
        match self.stretch(plan, next, None, reached) {
            Ok(_) => Ok(()),
            Err(error) => self.world.note(
                &[RunEvent::Notice {
                    message: format!("the steps that always run could not be executed: {error}"),
                }],
                None,
            ),
        }
    }

    /// Takes up the stretch that the server was left with, to its end: follows steps that still run, or reads what it
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
            Stretched::Broke(step, ended) => {
                self.wind_up(plan, step + 1, &mut reached)?;
                self.finish(plan, ended, reached).map(CaughtUp::Ended)
            }
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

    /// Carries out a step of infrakt's own. `Some`: it went wrong, and the run is over.
    fn own_step(&mut self, plan: &Plan, index: usize, action: OwnAction<'_>) -> Result<Option<Ended>> {
        let started = Instant::now();
        let timeout = plan.steps.get(index).map_or(0, |step| step.timeout_seconds);
        let patience = Duration::from_secs(timeout);
        let done = match action {
            OwnAction::Reach { endpoints, otherwise } => return self.reach(plan, index, endpoints, otherwise),
            OwnAction::Change(asked) => return change(self.world, plan, index, asked),
            OwnAction::Reboot => self.reboot(plan, patience),
            OwnAction::Reconnect => {
                let world = &*self.world;
                let stopped = || world.interrupts() > 0;
                self.connection.reconnect_unless(&stopped, patience).map(|()| true)
            }
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
            Verdict::Open => (Outcome::NoChange, None, None, None),
            Verdict::NotFromHere(why) => {
                events.push(RunEvent::Notice {
                    message: format!("checked only on the server: {why}"),
                });
                (Outcome::NoChange, None, None, None)
            }
            Verdict::Blocked { reason, exit_status } => {
                let ended = execution::failed(plan, step, Some(&reason), exit_status);
                (Outcome::Failed, exit_status, Some(reason), Some(ended))
            }
            Verdict::Interrupted => {
                let why = self.world.why_interrupted();
                (Outcome::Stopped, None, Some(why.clone()), Some(Ended::interrupted(why)))
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

    /// Restarts the server and waits until another boot of it answers. infrakt recognises a boot by the start of its
    /// first process too, since a container has the boot id of its host.
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
