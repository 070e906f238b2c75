//! How results look: one JSON document for programs, plain tables for people.

use super::Context;
use crate::document::error::ErrorDocument;
use crate::error::{Error, Exit, Result};
use crate::plan::printable::{self, Pieces, one_line, printable};
use crate::recipe::diagnostics;
use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};
use clap::error::{ContextKind, ContextValue};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const HEADER: Style = Style::new().effects(Effects::DIMMED);

/// Writes a line, or several, to stdout, with nothing in them that a terminal would obey. A reader that has gone away
/// (`| head`) is no error.
pub(super) fn line(text: &str) -> Result<()> {
    styled_line(&printable(text))
}

/// As [`line()`], for text of ours that has colours and in which what came from elsewhere is printable already.
pub(super) fn styled_line(text: &str) -> Result<()> {
    let text = format!("{}\n", text.trim_end());
    // As one piece: anstream's own stream would be written to line by line.
    match AutoStream::choice(&std::io::stdout()) {
        ColorChoice::Never => raw(strip_str(&text).to_string().as_bytes()),
        _ => raw(text.as_bytes()),
    }
}

/// Writes bytes to stdout exactly as they are, colours and all.
pub(super) fn raw(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::file("write to", "/dev/stdout")(error)),
        _ => Ok(()),
    }
}

/// A value exactly as it is, for a pipe or a file; on a terminal without anything that it would obey.
pub(super) fn value(value: &str) -> Result<()> {
    match std::io::stdout().is_terminal() {
        true => line(value),
        false => raw(format!("{value}\n").as_bytes()),
    }
}

/// What a step printed on one of its streams: into a pipe or a file byte by byte, on a terminal without anything that it
/// would obey.
pub(super) struct Log {
    /// Only for a terminal.
    pieces: Option<Pieces>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            pieces: std::io::stdout().is_terminal().then(Pieces::default),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.pieces {
            None => raw(bytes),
            Some(pieces) => raw(pieces.push(bytes).as_bytes()),
        }
    }

    /// Nothing more comes of this step.
    pub(super) fn finish(&mut self) -> Result<()> {
        match &mut self.pieces {
            None => Ok(()),
            Some(pieces) => raw(pieces.finish().as_bytes()),
        }
    }
}

/// One document on one line, for streams.
pub(super) fn json_line(value: &impl Serialize) -> Result<()> {
    // Through a value: its keys are sorted, which a person finds easier in a long line.
    let value = serde_json::to_value(value).map_err(not_writable)?;
    raw(format!("{}\n", printable::json(&value.to_string())).as_bytes())
}

/// A note beside the results, on stderr, escaped for a terminal. It never contains a result.
pub(super) fn note(text: &str) {
    styled_note(&printable(text));
}

/// As [`note`], for text of ours that has colours and in which what came from elsewhere is printable already.
pub(super) fn styled_note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// The heading of a stage of a play, with colours.
pub(super) fn stage_heading(number: usize, of: usize, name: &str, recipe: &str) -> String {
    let recipe = if name == recipe {
        String::new()
    } else {
        format!("  {}", one_line(recipe))
    };
    format!("\n{HEADER}Stage {number} of {of}: {}{HEADER:#}{recipe}", one_line(name))
}

/// A heading above pieces of stdout, and on stdout itself: a file or a pager is to have it too.
pub(super) fn heading(above: &str, text: &str) -> Result<()> {
    styled_line(&format!("{above}{HEADER}── {}{HEADER:#}", one_line(text)))
}

/// An error as people read it, or with `--json` as a document on stdout.
pub fn error(error: &Error, context: &Context) {
    if context.json {
        // An error of stdout itself can't be reported.
        let _ = json_line(&ErrorDocument::of(error));
        return;
    }
    if let Some(shown) = diagnostics::render(error, true) {
        styled_note(&shown);
        return;
    }
    styled_note(&format!("{ERROR}error:{ERROR:#} {}", printable(&error.to_string())));
    if let Some(hint) = error.hint() {
        styled_note(&format!("{HINT}hint:{HINT:#} {}", printable(&hint)));
    }
}

/// What is wrong with the words of the command line, or the help that they ask for; in the same form as all errors.
/// `commands` are all that there are.
pub fn usage(error: &clap::Error, commands: &clap::Command) -> Exit {
    let help = !error.use_stderr() || error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let meant = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => super::meant::hint(word, &words_before(word), commands),
        _ => None,
    };
    if help {
        // An error of the stream itself can't be reported.
        let _ = error.print();
    } else if std::env::args_os().any(|word| word == "--json") {
        let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
        let usage = rest.lines().find_map(|line| line.strip_prefix("Usage: "));
        let usage = usage.map_or("infrakt --help".to_owned(), |usage| format!("usage: {usage}"));
        let wrong = Error::usage_with(message.trim(), meant.unwrap_or(usage));
        let _ = json_line(&ErrorDocument::of(&wrong));
    } else if let Some(hint) = meant {
        let message = text.split("\n\n").next().unwrap_or(text);
        styled_note(&format!("{ERROR}error:{ERROR:#} {}", printable(message.trim())));
        styled_note(&format!("{HINT}hint:{HINT:#} {}", printable(&hint)));
    } else {
        styled_note(&format!("{ERROR}error:{ERROR:#} {}", printable(text.trim_end())));
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// The words of the command line in front of one, without options.
fn words_before(word: &str) -> Vec<String> {
    std::env::args()
        .skip(1)
        .take_while(|other| other != word)
        .filter(|other| !other.starts_with('-'))
        .collect()
}

pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(not_writable)?;
    raw(format!("{}\n", printable::json(&text)).as_bytes())
}

fn not_writable(error: serde_json::Error) -> Error {
    Error::Malformed {
        what: "the result".to_owned(),
        reason: error.to_string(),
        hint: None,
    }
}

/// Rows in columns under a header.
pub(super) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Result<()> {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    header_and_rows(&laid_out(&header, &rows))
}

/// As [`table`], with as many columns as the header has.
pub(super) fn wide_table(header: &[&str], rows: &[Vec<String>]) -> Result<()> {
    header_and_rows(&laid_out(header, rows))
}

/// The lines of a table, the header first.
fn laid_out(header: &[&str], rows: &[impl AsRef<[String]>]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).add_row(header);
    for row in rows {
        table.add_row(row.as_ref().iter().map(|cell| one_line(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt().lines().map(str::to_owned).collect()
}

fn header_and_rows(lines: &[String]) -> Result<()> {
    let (first, rest) = lines
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    styled_line(&format!("{HEADER}{first}{HEADER:#}\n{}", rest.join("\n")))
}

/// As [`table`], for rows whose last cell is a sentence. If a terminal is too narrow for the longest row, it stands below the
/// others of its row instead, so nothing of it is cut.
pub(super) fn table_with_reasons<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<()> {
    let rows: Vec<[String; N]> = rows
        .into_iter()
        .map(|row| row.map(|cell| one_line(&cell).into_owned()))
        .collect();
    let mut whole = laid_out(&header, &rows);
    let widest = whole.iter().map(|line| line.chars().count()).max();
    if columns_of_stdout().is_some_and(|columns| widest > Some(columns)) {
        let short: Vec<[String; N]> = rows
            .iter()
            .map(|row| {
                let mut row = row.clone();
                if let Some(last) = row.last_mut() {
                    last.clear();
                }
                row
            })
            .collect();
        let mut header = header;
        if let Some(last) = header.last_mut() {
            *last = "";
        }
        whole = laid_out(&header, &short);
        for (line, row) in whole.iter_mut().skip(1).zip(&rows) {
            if let Some(reason) = row.last().filter(|reason| !reason.is_empty()) {
                line.push_str(&format!("\n    {reason}"));
            }
        }
    }
    header_and_rows(&whole)
}

/// As [`table`], in as many columns as a terminal has: of the cells under the `flexible` headers, the ones under the first
/// are cut first.
pub(super) fn fitted_table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    flexible: &[&str],
) -> Result<()> {
    let rows: Vec<[String; N]> = rows
        .into_iter()
        .map(|row| row.map(|cell| one_line(&cell).into_owned()))
        .collect();
    let Some(columns) = columns_of_stdout() else {
        return table(header, rows);
    };
    let mut widths = widths(&rows);
    for (width, name) in widths.iter_mut().zip(header) {
        *width = (*width).max(name.len());
    }
    for name in flexible {
        let all = widths.iter().sum::<usize>() + 2 * (N - 1);
        let mut under = header.iter().zip(&mut widths);
        let Some((_, width)) = under.find(|(header, _)| *header == name) else {
            continue;
        };
        let least = NARROWEST.max(name.len());
        *width = (*width).min(width.saturating_sub(all.saturating_sub(columns)).max(least));
    }
    table(
        header,
        rows.into_iter().map(|mut row| {
            for (cell, width) in row.iter_mut().zip(widths) {
                *cell = cut(cell, width);
            }
            row
        }),
    )
}

/// The characters of the longest cell of each column.
pub(super) fn widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// The fewest characters that a cell is cut down to.
const NARROWEST: usize = 8;

pub(super) fn columns_of_stdout() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The text in `width` characters, with an ellipsis where it is longer.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Names and their values, one pair a line; pairs without a value are left out.
pub(super) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Result<()> {
    let present: Vec<(&str, String)> = pairs
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
    let width = present.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = present
        .iter()
        .map(|(name, value)| format!("{HEADER}{name:width$}{HEADER:#}  {}", one_line(value)))
        .collect();
    styled_line(&lines.join("\n"))
}

/// `1 app`, `2 apps`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}
