//! Shows an error of a recipe with its source line and a caret. It does not know what is wrong.

use crate::error::{Error, Position};
use crate::plan::printable::{one_line, printable};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The error as people read it, with the source line and a caret; in colours where `styled`.
pub fn render(error: &Error, styled: bool) -> Option<String> {
    let (position, label) = error.place()?;
    let title = Level::ERROR.primary_title(printable(&error.to_string()).into_owned());
    let (label, file) = (printable(label), one_line(&position.file));
    let shown = ShownLine::at(position);
    let mut report: Vec<Group<'_>> = vec![title.element(shown.snippet(position, &file, &label))];
    let inner = position
        .inside
        .as_ref()
        .map(|inside| (ShownLine::at(inside), one_line(&inside.file), inside));
    if let Some((shown, file, inside)) = &inner {
        let title = Level::NOTE.secondary_title("the call led to this line of infrakt's library");
        report.push(title.element(shown.snippet(inside, file, "")));
    }
    let hint = error.hint().map(|help| printable(&help).into_owned());
    if let Some(help) = &hint {
        report.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    Some(renderer.render(&report).to_string())
}

/// A source line as it is shown, and the word in it that an error points at.
struct ShownLine {
    text: String,
    from: usize,
    to: usize,
}

impl ShownLine {
    fn at(position: &Position) -> Self {
        let line = position
            .source
            .lines()
            .nth(position.line.saturating_sub(1))
            .unwrap_or_default();
        let offset = line
            .char_indices()
            .nth(position.column.saturating_sub(1))
            .map_or(line.len(), |(at, _)| at);
        let (before, rest) = line.split_at(offset);
        // At least one whole character, however many bytes it takes.
        let word = rest
            .find(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
            .unwrap_or(rest.len())
            .max(rest.chars().next().map_or(0, char::len_utf8));
        let (word, after) = rest.split_at(word);
        // An escaped character is longer than itself, so the place of the caret is counted in what is shown.
        let (before, word) = (one_line(before), one_line(word));
        let shown = format!("{before}{word}{}", one_line(after));
        let (from, to) = (before.len(), before.len() + word.len());
        Self { text: shown, from, to }
    }

    fn snippet<'a>(
        &'a self,
        position: &Position,
        file: &'a str,
        label: &'a str,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let annotation = AnnotationKind::Primary.span(self.from..self.to);
        let annotation = match label.is_empty() {
            true => annotation,
            false => annotation.label(label),
        };
        Snippet::source(self.text.as_str())
            .line_start(position.line.max(1))
            .path(file)
            .annotation(annotation)
    }
}
