//! The colours and signs of plans, the same wherever one is shown.

use crate::plan::Effect;
use anstyle::{AnsiColor, Style};

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
/// Red is for failures. Destructive steps have a colour of their own, and a sign for readers who see no colours.
pub const DESTROY: Style = AnsiColor::Magenta.on_default().bold();
pub const FAILURE: Style = AnsiColor::Red.on_default().bold();
pub const CHANGE: Style = AnsiColor::Yellow.on_default();
/// Lines that a file gains and loses. Red stays for failures.
pub const ADDED: Style = AnsiColor::Green.on_default();
pub const REMOVED: Style = AnsiColor::Yellow.on_default();
pub const CHECK: Style = AnsiColor::Cyan.on_default();

/// The style of an effect, the same wherever one is shown.
pub fn effect_style(effect: Effect) -> Style {
    match effect {
        Effect::Check => CHECK,
        Effect::Change => CHANGE,
        Effect::Destroy => DESTROY,
    }
}

/// The sign of an effect: `-` where something is destroyed.
pub fn effect_sign(effect: Effect) -> char {
    match effect {
        Effect::Destroy => '-',
        Effect::Check | Effect::Change => ' ',
    }
}

/// The same text without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
