//! Compares the content of an upload with the file that is there. What must not be shown is left out here.

use super::change::{
    ContentSize, DesiredFile, DiffLine, FileChange, FromTo, Hunk, Limit, LineCounts, LineKind, MOST_COMPARED, Present,
    PresentFile,
};
use super::lines::{NewLine, as_planned, lines_of};
use crate::plan::digest::sha256;
use crate::plan::{Content, LocalFile};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, group_diff_ops};
use std::time::{Duration, Instant};

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// After this time a diff may be longer than it need be.
const PATIENCE: Duration = Duration::from_millis(200);

/// Whether what the server has now is of any use for a diff: not where the whole content is a secret.
pub fn can_be_compared(content: &Content) -> bool {
    !is_only_secret(&lines_of(content))
}

fn is_only_secret(lines: &[NewLine]) -> bool {
    lines.iter().any(NewLine::has_secret) && !lines.iter().any(NewLine::has_text)
}

impl FileChange {
    /// How a step would change a file, counted from 1. `room` is what diffs may still show, in bytes.
    pub fn of(step: usize, wanted: DesiredFile<'_>, present: Present, room: &mut usize) -> Self {
        let mut change = Self {
            step,
            path: wanted.path.to_owned(),
            new: false,
            mode: None,
            owner: None,
            lines: None,
            hunks: Vec::new(),
            left_out: 0,
            limit: None,
            before: None,
            after: None,
        };
        if let Some(file) = wanted.content.file() {
            change.copies(&wanted, file, present);
            return change;
        }
        let new = lines_of(wanted.content);
        match present {
            Present::NoFile => change.limit = Some(Limit::NoFile),
            Present::Nothing => {
                change.new = true;
                change.compare(&[], &new, false, room);
            }
            Present::File(file) => change.replaces(wanted, &new, file, room),
        }
        change
    }

    /// The content of a copied file is not in the plan, so it is compared by its hash.
    fn copies(&mut self, wanted: &DesiredFile<'_>, file: &LocalFile, present: Present) {
        let after = ContentSize {
            bytes: file.bytes,
            sha256: Some(file.sha256.clone()),
        };
        match present {
            Present::NoFile => self.limit = Some(Limit::NoFile),
            Present::Nothing => {
                (self.new, self.limit, self.after) = (true, Some(Limit::Binary), Some(after));
            }
            Present::File(old) => {
                self.takes_over(wanted, &old);
                if old.sha256.as_ref() == Some(&file.sha256) {
                    self.lines = Some(LineCounts::default());
                } else if !old.public || !readable_by_others(wanted.mode) {
                    self.limit = Some(Limit::Private);
                } else {
                    let before = ContentSize {
                        bytes: old.bytes,
                        sha256: old.sha256,
                    };
                    (self.limit, self.before, self.after) = (Some(Limit::Binary), Some(before), Some(after));
                }
            }
        }
    }

    /// Mode and owner, before and after.
    fn takes_over(&mut self, wanted: &DesiredFile<'_>, file: &PresentFile) {
        self.mode = FromTo::of(four_digits(&file.mode), four_digits(wanted.mode));
        let from = match wanted.owner.contains(':') {
            true => file.owner.as_str(),
            // The group is left to chown(1) then.
            false => file.owner.split(':').next().unwrap_or_default(),
        };
        self.owner = FromTo::of(from.to_owned(), wanted.owner.to_owned());
    }

    fn replaces(&mut self, wanted: DesiredFile<'_>, new: &[NewLine], file: PresentFile, room: &mut usize) {
        self.takes_over(&wanted, &file);
        let secret = new.iter().any(NewLine::has_secret);
        let private = !file.public || !readable_by_others(wanted.mode);
        let hidden = match (secret, private) {
            (true, _) => Some(Limit::Secret),
            (false, true) => Some(Limit::Private),
            (false, false) => None,
        };
        if is_only_secret(new) {
            self.limit = hidden;
            return;
        }
        let bytes: usize = new.iter().map(|line| line.shown.len()).sum();
        let old = file.content.as_deref().map(str::from_utf8);
        match old {
            _ if bytes > MOST_COMPARED => self.limit = Some(Limit::Long),
            None if file.bytes > MOST_COMPARED as u64 => self.limit = Some(Limit::Long),
            None => self.limit = Some(Limit::Room),
            Some(Ok(old)) if !old.contains('\0') => {
                self.limit = hidden;
                let old: Vec<&str> = old.split_inclusive('\n').collect();
                self.compare(&old, new, hidden.is_some(), room);
                return;
            }
            Some(_) => self.limit = Some(Limit::Binary),
        }
        if hidden.is_none() {
            let text: String = new.iter().map(|line| line.shown.as_str()).collect();
            self.before = Some(ContentSize {
                bytes: file.bytes,
                sha256: file.sha256,
            });
            self.after = Some(ContentSize {
                bytes: bytes as u64,
                sha256: Some(sha256(text.as_bytes())),
            });
        }
    }

    /// Compares by lines. Where `hidden`, no line is shown that only the server has.
    fn compare(&mut self, old: &[&str], new: &[NewLine], hidden: bool, room: &mut usize) {
        let before = as_planned(old, new);
        let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
        let after: Vec<&str> = new.iter().map(|line| line.shown.as_str()).collect();
        let deadline = Some(Instant::now() + PATIENCE);
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &before, &after, deadline);
        let mut counts = LineCounts::default();
        for op in ops.iter().filter(|op| op.tag() != DiffTag::Equal) {
            counts.added += op.new_range().len();
            counts.removed += op.old_range().len();
        }
        self.lines = Some(counts);
        let mut left = MOST_COMPARED.min(*room);
        let all = left;
        for group in group_diff_ops(ops, CONTEXT) {
            let mut lines = Vec::new();
            for op in &group {
                for (kind, line) in lines_of_op(op, &before, &after) {
                    let shown = !(hidden && kind == LineKind::Removed);
                    let cost = if shown { line.len() } else { 1 };
                    match left.checked_sub(cost) {
                        Some(rest) if self.left_out == 0 => left = rest,
                        _ => {
                            self.left_out += 1;
                            continue;
                        }
                    }
                    lines.push(DiffLine {
                        kind,
                        text: shown.then(|| line.strip_suffix('\n').unwrap_or(line).to_owned()),
                        unfinished: shown && !line.ends_with('\n'),
                    });
                }
            }
            let Some(first) = group.first().filter(|_| !lines.is_empty()) else {
                continue;
            };
            self.hunks.push(Hunk {
                from_line: first.old_range().start + 1,
                to_line: first.new_range().start + 1,
                lines,
            });
        }
        *room -= all - left;
    }
}

fn lines_of_op<'a>(
    op: &DiffOp,
    before: &'a [&'a str],
    after: &'a [&'a str],
) -> impl Iterator<Item = (LineKind, &'a str)> {
    let (old, new) = (before.get(op.old_range()), after.get(op.new_range()));
    let kind = match op.tag() {
        DiffTag::Equal => LineKind::Same,
        DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => LineKind::Added,
    };
    let removed = old.filter(|_| kind != LineKind::Same).into_iter().flatten();
    let removed = removed.map(|line| (LineKind::Removed, *line));
    removed.chain(new.into_iter().flatten().map(move |line| (kind, *line)))
}

fn four_digits(mode: &str) -> String {
    format!("{:0>4}", mode.trim_start_matches('0'))
}

fn readable_by_others(mode: &str) -> bool {
    mode.ends_with(['4', '5', '6', '7'])
}
