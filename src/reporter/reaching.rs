//! Progress of reaching servers, shown on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

pub struct Reaching {
    /// Hidden if there is no terminal.
    bar: ProgressBar,
}

impl Reaching {
    /// `doing` says what is done, as `planning`. One server alone is not counted.
    pub fn new(doing: &'static str, servers: usize) -> Self {
        let bar = if servers > 1 && std::io::stderr().is_terminal() {
            ProgressBar::new(servers as u64)
        } else {
            ProgressBar::hidden()
        };
        // The template is a constant of ours; were it wrong, a bar without one still shows.
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {pos}/{len}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(doing);
        Self { bar }
    }

    /// Shows how many are done. The caller repeats this, so that the clock moves.
    pub fn done(&self, servers: usize) {
        self.bar.set_position(servers as u64);
        self.bar.tick();
    }

    /// Keeps the screen free while a question is asked. Other threads wait before they show progress.
    pub fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.bar.suspend(ask)
    }
}

impl Drop for Reaching {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
