//! The words and colours for people, the same for one server and for many.

use crate::event::{Outcome, RunState};
use crate::plan::Effect;
use crate::plan::render::effect_style;
use anstyle::{AnsiColor, Style};

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// How a step's outcome is called, and in which colour.
pub fn outcome_word(outcome: Outcome, effect: Effect) -> (Style, &'static str) {
    let style = match (outcome, effect) {
        (Outcome::Changed, Effect::Destroy) => effect_style(Effect::Destroy),
        (Outcome::Changed, _) => AnsiColor::Green.on_default(),
        (Outcome::Unchanged, _) => DIM,
        (Outcome::Failed | Outcome::Unknown, _) => AnsiColor::Red.on_default().bold(),
        (Outcome::Skipped, _) => AnsiColor::Yellow.on_default(),
    };
    let word = match (outcome, effect) {
        (Outcome::Unchanged, Effect::Read) => "ok",
        (outcome, _) => outcome.as_str(),
    };
    (style, word)
}

/// How the end of a run is called, and in which colour.
pub fn state_word(state: RunState) -> (Style, &'static str) {
    match state {
        RunState::Done => (AnsiColor::Green.on_default().bold(), "done"),
        RunState::Failed => (AnsiColor::Red.on_default().bold(), "failed"),
        RunState::Interrupted | RunState::Running => (AnsiColor::Yellow.on_default().bold(), "interrupted"),
    }
}

/// Why a step did not end well.
pub fn why(reason: Option<&str>, status: Option<i32>) -> String {
    match (reason, status) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(status)) => format!("exit status {status}"),
        (None, None) => "no exit status".to_owned(),
    }
}
