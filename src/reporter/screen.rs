//! The lower lines of a terminal during several runs: one line for each, as many as fit, and one for all of them. It
//! must not know events: its callers give it lines.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Instant;

/// Lines that are left to what scrolls above.
const SPARE: usize = 3;
/// The height of a terminal that does not say.
const HEIGHT: usize = 24;
/// Names that are longer are not cut, but push what follows out of line.
const WIDEST: usize = 24;

pub struct Screen {
    multi: MultiProgress,
    total: ProgressBar,
    /// The runs in progress, by their place in the order in which they began.
    lines: BTreeMap<usize, Line>,
    width: usize,
    next: usize,
}

struct Line {
    server: String,
    text: String,
    since: Instant,
    /// `None`: there is no room for it now.
    bar: Option<ProgressBar>,
}

impl Screen {
    /// On standard error. `names` are those of all servers.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let multi = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = multi.add(bar("  {msg}  {elapsed}"));
        Self {
            multi,
            total,
            lines: BTreeMap::new(),
            width: names.map(|name| name.chars().count()).max().unwrap_or(0).min(WIDEST),
            next: 0,
        }
    }

    /// A run begins; gives the number to call its line by.
    pub fn begin(&mut self, server: &str) -> usize {
        let number = self.next;
        self.next += 1;
        let line = Line {
            server: server.to_owned(),
            text: "begins".to_owned(),
            since: Instant::now(),
            bar: None,
        };
        self.lines.insert(number, line);
        self.fill();
        number
    }

    pub fn show(&mut self, number: usize, text: String) {
        if let Some(line) = self.lines.get_mut(&number) {
            if let Some(bar) = &line.bar {
                bar.set_message(text.clone());
            }
            line.text = text;
        }
    }

    pub fn end(&mut self, number: usize) {
        if let Some(Line { bar: Some(bar), .. }) = self.lines.remove(&number) {
            self.multi.remove(&bar);
        }
        self.fill();
    }

    /// What the last line says of all of them.
    pub fn total(&self, text: String) {
        let hidden = self.lines.values().filter(|line| line.bar.is_none()).count();
        let hidden = match hidden {
            0 => String::new(),
            hidden => format!(" ({hidden} of them not shown)"),
        };
        self.total.set_message(format!("{text}{hidden}"));
    }

    /// Moves the clocks on, and makes use of the room that a terminal has gained or lost.
    pub fn tick(&mut self) {
        self.fill();
        for bar in self.lines.values().filter_map(|line| line.bar.as_ref()) {
            bar.tick();
        }
        self.total.tick();
    }

    /// Writes above the lines.
    pub fn above(&self, write: impl FnOnce()) {
        self.multi.suspend(write);
    }

    pub fn close(&mut self) {
        for line in std::mem::take(&mut self.lines).into_values() {
            if let Some(bar) = line.bar {
                self.multi.remove(&bar);
            }
        }
        self.total.finish_and_clear();
    }

    /// Gives the lines that there is room for to the runs that began first.
    fn fill(&mut self) {
        let room = height().saturating_sub(SPARE).max(1);
        for (place, line) in self.lines.values_mut().enumerate() {
            match (&line.bar, place < room) {
                (Some(bar), false) => {
                    self.multi.remove(bar);
                    line.bar = None;
                }
                (None, true) => {
                    let bar = bar("  {spinner} {prefix}  {wide_msg}  {elapsed}").with_elapsed(line.since.elapsed());
                    let bar = self.multi.insert_before(&self.total, bar);
                    bar.set_prefix(format!("{:width$}", line.server, width = self.width));
                    bar.set_message(line.text.clone());
                    line.bar = Some(bar);
                }
                _ => {}
            }
        }
    }
}

fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::new(1);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // The templates are constants of ours; were one wrong, a bar without one still shows.
        Err(_) => bar,
    }
}

fn height() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .ok()
        .map(|size| usize::from(size.ws_row))
        .filter(|rows| *rows > 0)
        .unwrap_or(HEIGHT)
}
