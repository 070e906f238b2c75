//! How the file of a step would change, as people read it: a unified diff.

use super::style::{ADDED, DIM, REMOVED};
use crate::plan::file_change::{ContentSize, DiffLine, FileChange, FromTo, Hunk, Limit, LineKind};
use crate::plan::printable::{one_line, printable};
use std::fmt::{self, Write as _};

/// The whole change in a few words: `+3 -1`, `new file, +20`, `mode 0600 to 0644`.
pub fn in_short(change: &FileChange) -> String {
    let mut parts = Vec::new();
    if change.new {
        parts.push("new file".to_owned());
    }
    match change.lines {
        Some(lines) if lines.removed == 0 && change.new => parts.push(format!("+{}", lines.added)),
        Some(lines) if lines.added + lines.removed > 0 => parts.push(format!("+{} -{}", lines.added, lines.removed)),
        _ => {}
    }
    if let (Some(before), Some(after)) = (&change.before, &change.after) {
        parts.push(format!("{} to {} bytes", before.bytes, after.bytes));
    }
    let named = [("mode", &change.mode), ("owner", &change.owner)];
    for (what, from_to) in named {
        if let Some(FromTo { from, to }) = from_to {
            parts.push(format!("{what} {from} to {to}"));
        }
    }
    if parts.is_empty() {
        parts.push(
            match change.limit {
                Some(Limit::Secret) => "a secret, not compared",
                Some(Limit::NoFile) => "not a file",
                _ => "not compared",
            }
            .to_owned(),
        );
    }
    one_line(&parts.join(", ")).into_owned()
}

/// The diff, below the step that it is of. At most `most` of its lines are shown, if that is given.
pub fn write_diff(text: &mut String, change: &FileChange, most: Option<usize>) -> fmt::Result {
    let mut left = most.unwrap_or(usize::MAX);
    let mut more = change.left_out;
    for hunk in &change.hunks {
        if left > 0 && !change.new {
            writeln!(text, "      {DIM}{}{DIM:#}", place(hunk))?;
        }
        let mut lines = hunk.lines.as_slice();
        while let Some((first, rest)) = lines.split_first() {
            let hidden = lines.iter().take_while(|line| line.text.is_none()).count();
            lines = lines.get(hidden..).filter(|_| hidden > 0).unwrap_or(rest);
            if left == 0 {
                more += hidden.max(1);
                continue;
            }
            left -= 1;
            write_line(text, first, hidden)?;
        }
    }
    if more > 0 {
        let plural = if more == 1 { "" } else { "s" };
        writeln!(text, "      {DIM}… {more} more line{plural}{DIM:#}")?;
    }
    for ContentSize { bytes, sha256 } in change.before.iter().chain(&change.after) {
        let sum = sha256.as_deref().unwrap_or("not read");
        writeln!(text, "      {DIM}{bytes} bytes, SHA-256 {}{DIM:#}", one_line(sum))?;
    }
    match change.limit {
        Some(limit) => writeln!(text, "      {DIM}{}{DIM:#}", explained(limit)),
        None => Ok(()),
    }
}

/// A line, or the number of lines in a row that must not be shown.
fn write_line(text: &mut String, line: &DiffLine, hidden: usize) -> fmt::Result {
    let shown = match (&line.text, hidden) {
        (Some(text), _) => printable(text).into_owned(),
        (None, 1) => "(1 line that is not shown)".to_owned(),
        (None, count) => format!("({count} lines that are not shown)"),
    };
    match line.kind {
        LineKind::Same => writeln!(text, "      {DIM}  {shown}{DIM:#}")?,
        LineKind::Added => writeln!(text, "      {ADDED}+ {shown}{ADDED:#}")?,
        LineKind::Removed => writeln!(text, "      {REMOVED}- {shown}{REMOVED:#}")?,
    }
    match line.unfinished {
        true => writeln!(text, "      {DIM}\\ no line break at the end{DIM:#}"),
        false => Ok(()),
    }
}

/// The line numbers of a hunk, as diff(1) writes them.
fn place(hunk: &Hunk) -> String {
    let count = |kind| hunk.lines.iter().filter(|line| line.kind != kind).count();
    format!(
        "@@ -{},{} +{},{} @@",
        hunk.from_line,
        count(LineKind::Added),
        hunk.to_line,
        count(LineKind::Removed)
    )
}

fn explained(limit: Limit) -> &'static str {
    match limit {
        Limit::Secret => "The file holds secrets: removed lines are not shown, and secrets are not compared.",
        Limit::Private => "Not every user of the server may read the file: removed lines are not shown.",
        Limit::Long => "Longer than 64 KiB, so the lines are not compared.",
        Limit::Binary => "Not a text, or a copied file: only size and SHA-256 are compared.",
        Limit::Room => "The diffs of the plan exceed 1 MiB, so the lines are not compared.",
        Limit::NoFile => "There is something else than a file at this path, so the upload would fail.",
    }
}
