//! The lines of an upload, in which secrets have their names.

use crate::plan::{Content, Piece};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A line of the new content.
pub(super) struct NewLine {
    /// As it is shown, with its line break, if it has one: a secret by its name.
    pub(super) shown: String,
    /// The texts around its secrets, without the line break; one, if it has none.
    texts: Vec<String>,
}

impl NewLine {
    fn empty() -> Self {
        Self {
            shown: String::new(),
            texts: vec![String::new()],
        }
    }

    /// Adds a text that has a line break at its end, if it has one.
    fn add(&mut self, text: &str) {
        self.shown.push_str(text);
        if let Some(last) = self.texts.last_mut() {
            last.push_str(text.trim_end_matches('\n'));
        }
    }

    pub(super) fn has_secret(&self) -> bool {
        self.texts.len() > 1
    }

    pub(super) fn has_text(&self) -> bool {
        !self.has_secret() || self.texts.iter().any(|text| !text.trim().is_empty())
    }

    /// Whether a line is this one, with some values for its secrets.
    fn fits(&self, line: &str) -> bool {
        let [first, middle @ .., last] = self.texts.as_slice() else {
            return false;
        };
        let Some(mut rest) = line.strip_prefix(first.as_str()) else {
            return false;
        };
        for text in middle {
            match rest.split_once(text.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

/// The lines of the server as the plan shows them: one that the plan has with secrets in it, with their names.
pub(super) fn as_planned<'a>(old: &[&'a str], new: &[NewLine]) -> Vec<Cow<'a, str>> {
    let templates: Vec<&NewLine> = new.iter().filter(|new| new.has_secret() && new.has_text()).collect();
    let literal: BTreeSet<&str> = match templates.is_empty() {
        true => BTreeSet::new(),
        false => new
            .iter()
            .filter(|new| !new.has_secret())
            .map(|new| new.shown.as_str())
            .collect(),
    };
    let planned = old.iter().map(|line| {
        let (text, end) = match line.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (*line, ""),
        };
        let mut templates = templates.iter().filter(|_| !literal.contains(line));
        match templates.find(|template| template.fits(text)) {
            Some(template) => Cow::Owned(format!("{}{end}", template.shown.trim_end_matches('\n'))),
            None => Cow::Borrowed(*line),
        }
    });
    planned.collect()
}

/// The lines of a content, with the names of its secrets. A copied file has none here.
pub(super) fn lines_of(content: &Content) -> Vec<NewLine> {
    let mut lines = Vec::new();
    let mut line = NewLine::empty();
    for piece in content.pieces() {
        match piece {
            Piece::Text(text) => {
                for part in text.split_inclusive('\n') {
                    line.add(part);
                    if part.ends_with('\n') {
                        lines.push(std::mem::replace(&mut line, NewLine::empty()));
                    }
                }
            }
            Piece::Secret { secret } => {
                line.shown.push_str(&format!("(the secret {secret})"));
                line.texts.push(String::new());
            }
        }
    }
    if !line.shown.is_empty() {
        lines.push(line);
    }
    lines
}
