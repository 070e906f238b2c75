//! The words and colours for people, the same for one server and for many.

use crate::event::{Outcome, RunState};
use crate::plan::printable::{one_line, printable};
use crate::plan::render::{action_lines, effect_sign, effect_style};
use crate::plan::{Effect, Step};
use anstyle::{AnsiColor, Style};

pub use crate::plan::render::{BOLD, DIM};

/// The lines of a failed step's command that are shown; all of it is in the journal.
const COMMAND_LINES: usize = 5;

/// How a step's outcome is called and signed, and in which colour. Red is for what failed; what was destroyed has a sign.
pub fn outcome_word(outcome: Outcome, effect: Effect) -> (Style, String) {
    let style = match (outcome, effect) {
        (Outcome::Changed, Effect::Destroy) => effect_style(Effect::Destroy),
        (Outcome::Changed, _) => AnsiColor::Green.on_default(),
        (Outcome::NoChange, _) => DIM,
        (Outcome::Failed | Outcome::Unknown, _) => AnsiColor::Red.on_default().bold(),
        (Outcome::Skipped | Outcome::Stopped, _) => AnsiColor::Yellow.on_default(),
    };
    let sign = match outcome {
        Outcome::Changed => effect_sign(effect),
        Outcome::NoChange | Outcome::Failed | Outcome::Stopped | Outcome::Skipped | Outcome::Unknown => ' ',
    };
    (style, format!("{sign} {}", outcome.word(effect)))
}

/// How the end of a run is called, and in which colour.
pub fn state_word(state: RunState) -> (Style, &'static str) {
    match state {
        RunState::Done => (AnsiColor::Green.on_default().bold(), "done"),
        RunState::Failed => (AnsiColor::Red.on_default().bold(), "failed"),
        RunState::Interrupted | RunState::Running => (AnsiColor::Yellow.on_default().bold(), "interrupted"),
    }
}

/// What is shown of a step that did not end well, line by line: its command, the end of what it printed, and last why and
/// where. `whole` is the command that shows the whole step.
pub fn account_of_failure(
    step: &Step,
    printed: impl IntoIterator<Item = String>,
    why: &str,
    whole: &str,
) -> Vec<String> {
    let command = action_lines(&step.action);
    let left_out = command.len().saturating_sub(COMMAND_LINES);
    let mut lines: Vec<String> = command.into_iter().take(COMMAND_LINES).collect();
    if let Some(first) = lines.first_mut() {
        *first = format!("{DIM}command{DIM:#} {first}");
    }
    for line in lines.iter_mut().skip(1) {
        *line = format!("        {line}");
    }
    if left_out > 0 {
        let plural = if left_out == 1 { "" } else { "s" };
        lines.push(format!("        {DIM}{left_out} more line{plural}: {whole}{DIM:#}"));
    }
    for (number, line) in printed.into_iter().enumerate() {
        let label = if number == 0 { "printed" } else { "       " };
        lines.push(format!("{DIM}{label} |{DIM:#} {line}"));
    }
    let (file, line) = (one_line(&step.origin.file), step.origin.line);
    lines.push(format!("{}, at {file}:{line}", printable(why).replace('\n', " ")));
    lines
}

/// What is said to each Ctrl-C while steps are at work; `many` servers, or one.
pub fn interrupt_note(interrupts: usize, many: bool) -> &'static str {
    match (interrupts, many) {
        (0 | 1, false) => "stopping after this step; Ctrl-C again to end it now",
        (0 | 1, true) => "stopping after the current steps; Ctrl-C again to end them now",
        (_, false) => "ending this step; Ctrl-C again to leave it to the server",
        (_, true) => "ending the current steps; Ctrl-C again to leave them to the servers",
    }
}
