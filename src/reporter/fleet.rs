//! Shows several runs at once: on a terminal one line for each active run; elsewhere one line when a run starts and one
//! when it ends. Or as JSON: the events of all runs, each with its run and its server. Errors are shown when they
//! happen, with the server's name on every line. Progress goes to stderr.

use super::json::Json;
use super::screen::Screen;
use super::tail::Tail;
use super::words::{BOLD, DIM, account_of_failure, interrupt_note, outcome_word, state_word};
use crate::document::tally::Tally;
use crate::event::{Ended, Outcome, RunEvent, RunState, why};
use crate::plan::Plan;
use crate::plan::printable::one_line;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What can be said of a run when it is over.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub tally: Tally,
    pub took: Duration,
}

/// Several runs. The caller numbers them; it may call from several threads.
pub struct Fleet {
    json: bool,
    verbose: bool,
    runs: usize,
    /// Servers that have no run.
    left_out: usize,
    state: Mutex<State>,
}

struct State {
    screen: Option<Screen>,
    running: BTreeMap<usize, Running>,
    accounts: BTreeMap<usize, Account>,
    done: usize,
    failed: usize,
    interrupted: usize,
}

struct Running {
    plan: Plan,
    json: Option<Json>,
    run: i64,
    since: Instant,
    tail: Tail,
    tally: Tally,
    /// Its line on the screen.
    line: Option<usize>,
}

impl Fleet {
    /// For the runs on the servers of these names; `left_out` further ones have none. `verbose` shows every step and what
    /// it prints.
    pub fn new(servers: &[&str], left_out: usize, json: bool, verbose: bool) -> Self {
        let on_terminal = !json && std::io::stderr().is_terminal();
        Self {
            json,
            verbose,
            runs: servers.len(),
            left_out,
            state: Mutex::new(State {
                screen: on_terminal.then(|| Screen::new(servers.iter().copied())),
                running: BTreeMap::new(),
                accounts: BTreeMap::new(),
                done: 0,
                failed: 0,
                interrupted: 0,
            }),
        }
    }

    pub fn begin(&self, number: usize, run: i64, plan: &Plan) {
        let mut state = self.state();
        let json = self.json.then(|| Json::begin(plan, run));
        let server = one_line(&plan.server.name);
        let line = state.screen.as_mut().map(|screen| screen.begin(&server));
        if line.is_none() {
            let recipe = one_line(&plan.recipe.name);
            self.print(
                &state,
                &format!("{BOLD}{server}{BOLD:#}: {recipe} begins  {DIM}run {run}{DIM:#}"),
            );
        }
        let running = Running {
            plan: plan.clone(),
            json,
            run,
            since: Instant::now(),
            tail: Tail::default(),
            tally: Tally::default(),
            line,
        };
        state.running.insert(number, running);
        self.total(&state);
    }

    pub fn event(&self, number: usize, event: &RunEvent) {
        let mut state = self.state();
        // Taken out and put back, so that printing can borrow the rest of the state.
        let Some(mut running) = state.running.remove(&number) else {
            return;
        };
        if let Some(json) = &running.json {
            json.event(event);
        }
        let server = one_line(&running.plan.server.name);
        match event {
            RunEvent::StepStarted { step } => {
                running.tail.clear();
                if let (Some(line), Some(screen), Some(begun)) =
                    (running.line, &mut state.screen, running.plan.steps.get(*step))
                {
                    let all = running.plan.steps.len();
                    screen.show(line, format!("{}/{all} {}", step + 1, one_line(&begun.title)));
                }
            }
            RunEvent::Output { bytes, .. } => {
                for line in running.tail.push(bytes) {
                    self.output(&state, &server, &line);
                }
            }
            RunEvent::StepEnded {
                step,
                outcome,
                exit_status,
                reason,
                ..
            } => {
                if let Some(line) = running.tail.finish() {
                    self.output(&state, &server, &line);
                }
                let reason = why(reason.as_deref(), *exit_status);
                self.step_ended(&state, &mut running, *step, *outcome, &reason);
            }
            RunEvent::Notice { message } => {
                self.print(&state, &format!("{server}: {DIM}{}{DIM:#}", one_line(message)));
            }
            RunEvent::RunEnded { .. } => {}
        }
        state.running.insert(number, running);
    }

    /// The run is over, or broke for a reason that is no event.
    pub fn end(&self, number: usize, ended: Result<&Ended, &str>) {
        let mut state = self.state();
        let Some(running) = state.running.remove(&number) else {
            return;
        };
        if let (Some(line), Some(screen)) = (running.line, &mut state.screen) {
            screen.end(line);
        }
        let took = running.since.elapsed();
        let (run_state, reason) = match ended {
            Ok(ended) => (ended.state, ended.reason.as_deref()),
            Err(reason) => (RunState::Failed, Some(reason)),
        };
        match run_state {
            RunState::Done => state.done += 1,
            RunState::Failed => state.failed += 1,
            RunState::Interrupted | RunState::Running => state.interrupted += 1,
        }
        let tally = running.tally;
        state.accounts.insert(number, Account { tally, took });
        self.total(&state);
        if run_state == RunState::Done && state.screen.is_some() && !self.verbose {
            // On a terminal the last line counts it, and the table at the end has it.
            return;
        }
        let (style, word) = state_word(run_state);
        let reason = reason.map_or(String::new(), |reason| format!(": {}", one_line(reason)));
        self.print(
            &state,
            &format!(
                "{BOLD}{}{BOLD:#}: {style}{word}{style:#}{reason}  {DIM}{} in {:.1} s, run {}{DIM:#}",
                one_line(&running.plan.server.name),
                running.tally.words(),
                took.as_secs_f64(),
                running.run
            ),
        );
    }

    /// Says what the number of Ctrl-C so far means.
    pub fn interrupted(&self, interrupts: usize) {
        self.print(
            &self.state(),
            &format!("{DIM}{}{DIM:#}", interrupt_note(interrupts, true)),
        );
    }

    /// Moves the clocks on; to be called about ten times a second.
    pub fn tick(&self) {
        if let Some(screen) = &mut self.state().screen {
            screen.tick();
        }
    }

    /// Leaves the terminal to the next writer. Returns what is known about each run that was started.
    pub fn close(self) -> BTreeMap<usize, Account> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(screen) = &mut state.screen {
            screen.close();
        }
        state.accounts
    }

    fn step_ended(&self, state: &State, running: &mut Running, index: usize, outcome: Outcome, reason: &str) {
        let Some(step) = running.plan.steps.get(index) else {
            return;
        };
        running.tally.count(step.effect, outcome);
        let bad = matches!(outcome, Outcome::Failed | Outcome::Unknown);
        let server = one_line(&running.plan.server.name);
        if bad || (self.verbose && outcome != Outcome::Skipped) {
            let (style, word) = outcome_word(outcome, step.effect);
            let title = one_line(&step.title);
            self.print(
                state,
                &format!(
                    "{server}: {style}{:<9}{style:#}  {} {title}",
                    word.trim_start(),
                    index + 1
                ),
            );
        }
        if bad {
            // With --verbose it stands above already.
            let printed = if self.verbose {
                Default::default()
            } else {
                running.tail.take()
            };
            let whole = format!("infrakt runs show {} --step {}", running.run, index + 1);
            let lines = account_of_failure(step, printed, reason, &whole);
            let lines: Vec<String> = lines.iter().map(|line| format!("{server}:   {line}")).collect();
            self.print(state, &lines.join("\n"));
        }
    }

    fn output(&self, state: &State, server: &str, line: &str) {
        if self.verbose {
            self.print(state, &format!("{server}:   {DIM}|{DIM:#} {line}"));
        }
    }

    fn total(&self, state: &State) {
        let Some(screen) = &state.screen else { return };
        let over = state.done + state.failed + state.interrupted;
        let mut words = vec![format!("{}/{} done", state.done, self.runs + self.left_out)];
        for (count, word) in [
            (state.failed, "failed"),
            (state.interrupted, "interrupted"),
            (self.left_out, "left out"),
            (self.runs.saturating_sub(over + state.running.len()), "waiting"),
            (state.running.len(), "running"),
        ] {
            if count > 0 {
                words.push(format!("{count} {word}"));
            }
        }
        screen.total(words.join(", "));
    }

    /// Writes whole lines, for people.
    fn print(&self, state: &State, text: &str) {
        if self.json {
            return;
        }
        let write = || {
            // A run continues even if its progress can no longer be printed.
            let _ = writeln!(anstream::stderr(), "{text}");
        };
        match &state.screen {
            Some(screen) => screen.above(write),
            None => write(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
