//! Shows a run to people: on a terminal with the current step and its latest output; elsewhere one plain line for each
//! step that has ended. Progress goes to stderr, the summary to stdout.

use super::tail::Tail;
use super::tally::Tally;
use super::words::{BOLD, DIM, outcome_word, state_word, why};
use crate::error::{Error, Result};
use crate::event::{Ended, Outcome, RunEvent, RunState};
use crate::plan::Plan;
use crate::plan::printable::{one_line, printable};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

pub struct Terminal<'a> {
    plan: &'a Plan,
    verbose: bool,
    bar: Option<ProgressBar>,
    id: i64,
    section: Option<String>,
    started: Instant,
    /// What the current step printed last.
    tail: Tail,
    tally: Tally,
}

impl<'a> Terminal<'a> {
    pub fn new(plan: &'a Plan, verbose: bool) -> Self {
        Self {
            plan,
            verbose,
            bar: None,
            id: 0,
            section: None,
            started: Instant::now(),
            tail: Tail::default(),
            tally: Tally::default(),
        }
    }

    pub fn begin(&mut self, id: i64) {
        self.id = id;
        self.started = Instant::now();
        let plan = self.plan;
        self.print(&format!(
            "{BOLD}{} on {}{BOLD:#}  {DIM}run {id}{DIM:#}",
            one_line(&plan.recipe.name),
            one_line(&plan.server.name)
        ));
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(plan.steps.len() as u64);
            // The template is a constant of ours; were it wrong, a bar without one still shows.
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {pos}/{len}  {elapsed}  {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            self.bar = Some(bar);
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

    pub fn end(self, ended: &Ended) -> Result<()> {
        self.abandon_bar();
        let server = one_line(&self.plan.server.name);
        let seconds = self.started.elapsed().as_secs_f64();
        let (style, word) = state_word(ended.state);
        let counts = self.tally.words();
        let mut text = format!("{style}{server}: {word}{style:#}  {counts} in {seconds:.1} s\n");
        if ended.state == RunState::Done && self.tally.changed == 0 {
            text.push_str("Nothing had to be changed.\n");
        }
        if let Some(reason) = &ended.reason {
            text.push_str(&format!("{}\n", printable(reason)));
        }
        text.push_str(&match ended.state {
            RunState::Done => format!("Step by step: infrakt runs show {}\n", self.id),
            _ => format!(
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
            self.print(&format!("            {DIM}|{DIM:#} {line}"));
        }
        if !line.is_empty() {
            self.show_current(step, line);
        }
    }

    fn show_current(&self, step: usize, line: &str) {
        if let (Some(bar), Some(step)) = (&self.bar, self.plan.steps.get(step)) {
            let said = if line.is_empty() {
                String::new()
            } else {
                format!("  {line}")
            };
            bar.set_message(format!("{}{said}", one_line(&step.title)));
        }
    }

    fn ended(&mut self, index: usize, outcome: Outcome, status: Option<i32>, duration_ms: u64, reason: Option<&str>) {
        if let Some(line) = self.tail.finish() {
            self.line(index, &line);
        }
        let Some(step) = self.plan.steps.get(index) else { return };
        self.tally.count(step.effect, outcome);
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
            self.print(&format!("  {style}{word:<9}{style:#}  {}{time}", one_line(&step.title)));
        }
        if matches!(outcome, Outcome::Failed | Outcome::Unknown) {
            let why = why(reason, status);
            self.print(&format!(
                "            {}, at {}:{}",
                printable(&why),
                one_line(&step.origin.file),
                step.origin.line
            ));
            if !self.verbose {
                for line in self.tail.take() {
                    self.print(&format!("            {DIM}|{DIM:#} {line}"));
                }
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_position(index as u64 + 1);
        }
    }

    fn print(&self, line: &str) {
        let write = || {
            // A run continues even if its progress can no longer be printed.
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}
