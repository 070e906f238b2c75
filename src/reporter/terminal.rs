//! Shows a run to people: on a terminal with the current step and its latest output; elsewhere one plain line for each
//! step that has ended. Progress goes to stderr, the summary to stdout.

use super::tail::Tail;
use super::words::{BOLD, DIM, account_of_failure, interrupt_note, outcome_word, state_word};
use crate::document::tally::Tally;
use crate::error::{Error, Result};
use crate::event::{Ended, Outcome, RunEvent, RunState, why};
use crate::plan::Plan;
use crate::plan::printable::{one_line, printable};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What is beside the title of a step in its line: the spinner, how many steps there are, and the clock.
const BESIDE_TITLE: usize = 28;
/// The width of a terminal that does not say.
const WIDTH: usize = 80;

pub struct Terminal {
    plan: Plan,
    verbose: bool,
    bar: Option<ProgressBar>,
    id: i64,
    section: Option<String>,
    started: Instant,
    /// The time of all steps whose ends were reported. A resumed run also reports steps that ran before it was resumed.
    worked: Duration,
    /// What the current step printed last.
    tail: Tail,
    tally: Tally,
}

impl Terminal {
    pub fn begin(plan: &Plan, id: i64, verbose: bool) -> Self {
        let head = format!(
            "{BOLD}{} on {}{BOLD:#}  {DIM}run {id}{DIM:#}",
            one_line(&plan.recipe.name),
            one_line(&plan.server.name)
        );
        write_above(None, &head);
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(plan.steps.len() as u64);
            // The template is a constant of ours; were it wrong, a bar without one still shows.
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {pos}/{len}  {elapsed}  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            plan: plan.clone(),
            verbose,
            bar,
            id,
            section: None,
            started: Instant::now(),
            worked: Duration::ZERO,
            tail: Tail::default(),
            tally: Tally::default(),
        }
    }

    pub fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::StepStarted { step } => {
                self.tail.clear();
                self.show_current(*step, "");
            }
            RunEvent::Output { step, bytes, .. } => self.output(*step, bytes),
            RunEvent::StepEnded {
                step,
                outcome,
                exit_status,
                duration_ms,
                reason,
            } => {
                self.ended(*step, *outcome, *exit_status, *duration_ms, reason.as_deref());
            }
            RunEvent::Notice { message } => self.print(&format!("{DIM}{}{DIM:#}", printable(message))),
            RunEvent::RunEnded { .. } => {}
        }
    }

    /// What says to a person that an interrupt was heard; it may be called from any thread, and as often as there are any.
    pub fn tell_of_interrupts(&self) -> Box<dyn Fn(usize) + Send> {
        let bar = self.bar.clone();
        Box::new(move |interrupts| {
            let line = format!("{DIM}{}{DIM:#}", interrupt_note(interrupts, false));
            write_above(bar.as_ref(), &line);
        })
    }

    pub fn end(self, ended: &Ended) -> Result<()> {
        self.abandon_bar();
        let server = one_line(&self.plan.server.name);
        let seconds = self.started.elapsed().max(self.worked).as_secs_f64();
        let (style, word) = state_word(ended.state);
        let counts = self.tally.words();
        let mut text = format!("{style}{server}: {word}{style:#}  {counts} in {seconds:.1} s\n");
        if ended.state == RunState::Done && self.tally.changed == 0 {
            text.push_str("Nothing had to be changed.\n");
        }
        if let Some(reason) = &ended.reason {
            text.push_str(&format!("{}\n", printable(reason).replace('\n', " ")));
        }
        text.push_str(&match ended.state {
            RunState::Done => format!("Step by step: infrakt runs show {}\n", self.id),
            RunState::Running | RunState::Failed | RunState::Interrupted => format!(
                "Its output: infrakt runs logs {0}\nResume from there: infrakt runs resume {0}\n",
                self.id
            ),
        });
        anstream::stdout()
            .write_all(text.as_bytes())
            .map_err(Error::file("write", "/dev/stdout"))
    }

    pub fn abandon(self) {
        self.abandon_bar();
    }

    fn abandon_bar(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn output(&mut self, step: usize, bytes: &[u8]) {
        for line in self.tail.push(bytes) {
            self.line(step, &line);
        }
    }

    fn line(&self, step: usize, line: &str) {
        if self.verbose {
            self.print(&format!("             {DIM}|{DIM:#} {line}"));
        }
        if !line.is_empty() {
            self.show_current(step, line);
        }
    }

    fn show_current(&self, step: usize, line: &str) {
        let (Some(bar), Some(step)) = (&self.bar, self.plan.steps.get(step)) else {
            return;
        };
        // What the terminal echoes of Ctrl-C has to fit beside the last line: in a line of its own it would stay there.
        let room = width().saturating_sub(BESIDE_TITLE).max(8);
        let mut message: String = one_line(&step.title).chars().take(room).collect();
        if !line.is_empty() {
            // A line of its own, which no title can push off the screen.
            let line: String = line.chars().take(room).collect();
            message.push_str(&format!("\n      {DIM}|{DIM:#} {line}"));
        }
        bar.set_message(message);
    }

    fn ended(&mut self, index: usize, outcome: Outcome, status: Option<i32>, duration_ms: u64, reason: Option<&str>) {
        if let Some(line) = self.tail.finish() {
            self.line(index, &line);
        }
        let Some(step) = self.plan.steps.get(index) else { return };
        self.tally.count(step.effect, outcome);
        self.worked = self.worked.saturating_add(Duration::from_millis(duration_ms));
        if outcome != Outcome::Skipped {
            if step.section != self.section {
                self.section = step.section.clone();
                if let Some(section) = &self.section {
                    self.print(&format!("{BOLD}{}{BOLD:#}", one_line(section)));
                }
            }
            let (style, word) = outcome_word(outcome, step.effect);
            let time = if duration_ms >= 1000 {
                format!("  {DIM}{:.1} s{DIM:#}", duration_ms as f64 / 1000.0)
            } else {
                String::new()
            };
            self.print(&format!("{style}{word:<11}{style:#}  {}{time}", one_line(&step.title)));
        }
        if matches!(outcome, Outcome::Failed | Outcome::Unknown) {
            let why = why(reason, status);
            // With --verbose it stands above already.
            let printed = if self.verbose {
                Default::default()
            } else {
                self.tail.take()
            };
            let whole = format!("infrakt runs show {} --step {}", self.id, index + 1);
            for line in account_of_failure(step, printed, &why, &whole) {
                self.print(&format!("             {line}"));
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_position(index as u64 + 1);
        }
    }

    fn print(&self, line: &str) {
        write_above(self.bar.as_ref(), line);
    }
}

fn write_above(bar: Option<&ProgressBar>, line: &str) {
    let write = || {
        // The run continues even if its progress can't be written any more.
        let _ = writeln!(anstream::stderr(), "{line}");
    };
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
        .unwrap_or(WIDTH)
}
