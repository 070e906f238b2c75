//! A run as people follow it: on a terminal with the step at work and what it says last; elsewhere plain lines, one for
//! each step that has ended. Progress goes to stderr, the summary to stdout.

use crate::error::{Error, Result};
use crate::event::{Ended, Outcome, RunEvent, RunState};
use crate::plan::printable::{one_line, printable};
use crate::plan::render::effect_style;
use crate::plan::{Effect, Plan};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The last lines of a failed step's output that are shown; all of it is in the journal.
const LAST_LINES: usize = 30;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

pub struct Terminal<'a> {
    plan: &'a Plan,
    verbose: bool,
    bar: Option<ProgressBar>,
    id: i64,
    section: Option<String>,
    started: Instant,
    /// The last lines of the current step, and the one that has not ended yet.
    lines: VecDeque<String>,
    partial: Vec<u8>,
    counts: [usize; 6],
}

fn style_of(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Changed => AnsiColor::Green.on_default(),
        Outcome::Unchanged => DIM,
        Outcome::Failed | Outcome::Unknown => AnsiColor::Red.on_default().bold(),
        Outcome::Skipped => AnsiColor::Yellow.on_default(),
    }
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
            lines: VecDeque::new(),
            partial: Vec::new(),
            counts: [0; 6],
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
                self.lines.clear();
                self.partial.clear();
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
        let words = ["changed", "unchanged", "failed", "skipped", "unknown", "checked"];
        let counts: Vec<String> = words
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let (style, word) = match ended.state {
            RunState::Done => (AnsiColor::Green.on_default().bold(), "done"),
            RunState::Failed => (AnsiColor::Red.on_default().bold(), "failed"),
            RunState::Interrupted | RunState::Running => (AnsiColor::Yellow.on_default().bold(), "interrupted"),
        };
        let counts = if counts.is_empty() {
            "no steps".to_owned()
        } else {
            counts.join(", ")
        };
        let mut text = format!("{style}{server}: {word}{style:#}  {counts} in {seconds:.1} s\n");
        if ended.state == RunState::Done && self.counts[0] == 0 {
            text.push_str("Nothing had to be changed.\n");
        }
        if let Some(reason) = &ended.reason {
            text.push_str(&format!("{}\n", printable(reason)));
        }
        text.push_str(&match ended.state {
            RunState::Done => format!("Step by step: infrakt runs show {}\n", self.id),
            _ => format!(
                "All it printed: infrakt runs logs {0}\nGo on from there: infrakt runs resume {0}\n",
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
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.line(step, &line[..end]);
        }
        // A line without an end must not grow without one.
        if self.partial.len() > 4096 {
            let line = std::mem::take(&mut self.partial);
            self.line(step, &line);
        }
    }

    fn line(&mut self, step: usize, bytes: &[u8]) {
        let line = harmless(bytes);
        if self.verbose {
            self.print(&format!("            {DIM}|{DIM:#} {line}"));
        }
        if !line.is_empty() {
            self.show_current(step, &line);
        }
        self.lines.push_back(line);
        if self.lines.len() > LAST_LINES {
            self.lines.pop_front();
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
        if !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.line(index, &line);
        }
        let looks = self
            .plan
            .steps
            .get(index)
            .is_some_and(|step| step.effect == Effect::Read);
        let at = match outcome {
            Outcome::Unchanged if looks => 5,
            Outcome::Changed => 0,
            Outcome::Unchanged => 1,
            Outcome::Failed => 2,
            Outcome::Skipped => 3,
            Outcome::Unknown => 4,
        };
        self.counts[at] += 1;
        let Some(step) = self.plan.steps.get(index) else { return };
        if outcome != Outcome::Skipped {
            if step.section != self.section {
                self.section = step.section.clone();
                if let Some(section) = &self.section {
                    self.print(&format!("{BOLD}{}{BOLD:#}", one_line(section)));
                }
            }
            let word = match (outcome, step.effect) {
                (Outcome::Unchanged, Effect::Read) => "ok",
                (outcome, _) => outcome.as_str(),
            };
            let style = match (outcome, step.effect) {
                (Outcome::Changed, Effect::Destroy) => effect_style(Effect::Destroy),
                (outcome, _) => style_of(outcome),
            };
            let time = if duration_ms >= 1000 {
                format!("  {DIM}{:.1} s{DIM:#}", duration_ms as f64 / 1000.0)
            } else {
                String::new()
            };
            self.print(&format!("  {style}{word:<9}{style:#}  {}{time}", one_line(&step.title)));
        }
        if matches!(outcome, Outcome::Failed | Outcome::Unknown) {
            let why = match (reason, status) {
                (Some(reason), _) => reason.to_owned(),
                (None, Some(status)) => format!("exit status {status}"),
                (None, None) => "no exit status".to_owned(),
            };
            self.print(&format!(
                "            {}, at {}:{}",
                printable(&why),
                one_line(&step.origin.file),
                step.origin.line
            ));
            if !self.verbose {
                for line in std::mem::take(&mut self.lines) {
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
            // Progress that nobody can read any more is no reason to end a run.
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// A line of a program's output as it can be shown inside of ours: no cursor movements, no colours, no broken UTF-8. Of
/// a line that overwrites itself (progress bars), the last state.
fn harmless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = anstream::adapter::strip_str(text.trim_end_matches('\r')).to_string();
    let last = text.rsplit('\r').next().unwrap_or("");
    one_line(&last.replace(['\t', '\u{7}', '\u{8}'], " "))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_line_of_a_program_is_shown_without_what_a_terminal_would_obey() {
        for (bytes, shown) in [
            (&b"\x1b[31mred\x1b[0m"[..], "red"),
            (b"10 %\r50 %\r100 %\r", "100 %"),
            (b"\x1b]0;title\x07text\x1b[2J", "text"),
            (b"col\tumn\x08", "col umn"),
            (b"\xff bytes", "\u{fffd} bytes"),
            ("\u{202e}txt".as_bytes(), "\\u{202e}txt"),
        ] {
            assert_eq!(harmless(bytes), shown, "{bytes:?}");
        }
    }
}
