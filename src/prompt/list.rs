//! A list in which a person marks entries: what it shows, and what each key does. It must not know the terminal.

use console::Key;

/// Lines beside the entries: the question, the header, and the hint.
const BESIDE: usize = 3;

/// The effect of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum After {
    /// The list is shown again.
    Shown,
    /// The list is shown again, and what was typed with the key is discarded: it was a paste, or meant for something else.
    Discarded,
    Accepted(Vec<usize>),
    Left,
}

pub struct List<'a> {
    question: &'a str,
    header: &'a str,
    entries: &'a [String],
    marked: Vec<bool>,
    at: usize,
    hint: &'static str,
}

const KEYS: &str = "space selects, enter confirms, escape cancels";

impl<'a> List<'a> {
    pub fn new(question: &'a str, header: &'a str, entries: &'a [String]) -> Self {
        Self {
            question,
            header,
            entries,
            marked: vec![false; entries.len()],
            at: 0,
            hint: KEYS,
        }
    }

    /// Does what a key says. No key marks more than one entry.
    pub fn press(&mut self, key: &Key) -> After {
        self.hint = KEYS;
        match key {
            Key::ArrowUp => self.at = self.at.checked_sub(1).unwrap_or(self.entries.len().saturating_sub(1)),
            Key::ArrowDown => self.at = (self.at + 1) % self.entries.len().max(1),
            Key::Home => self.at = 0,
            Key::End => self.at = self.entries.len().saturating_sub(1),
            Key::Char(' ') => {
                if let Some(marked) = self.marked.get_mut(self.at) {
                    *marked = !*marked;
                }
            }
            Key::Enter => {
                let chosen: Vec<usize> = (0..self.entries.len()).filter(|index| self.is_marked(*index)).collect();
                if !chosen.is_empty() {
                    return After::Accepted(chosen);
                }
                self.hint = "nothing is marked: mark a server with the space bar, or leave with escape";
            }
            Key::Escape => return After::Left,
            _ => {
                self.hint = "only the arrows, space, enter and escape do something here";
                return After::Discarded;
            }
        }
        After::Shown
    }

    fn is_marked(&self, index: usize) -> bool {
        self.marked.get(index).copied().unwrap_or(false)
    }

    /// The list for a terminal with these lines and columns.
    pub fn lines(&self, height: usize, width: usize) -> Vec<String> {
        let room = height.saturating_sub(BESIDE + 1).max(1);
        let first = (self.at + 1).saturating_sub(room);
        let more = match self.entries.len() > room {
            true => format!(" ({} of {})", self.at + 1, self.entries.len()),
            false => String::new(),
        };
        let mut lines = vec![format!("{}{more}", self.question), format!("       {}", self.header)];
        for (index, entry) in self.entries.iter().enumerate().skip(first).take(room) {
            let at = if index == self.at { '>' } else { ' ' };
            let mark = if self.is_marked(index) { 'x' } else { ' ' };
            lines.push(format!(" {at} [{mark}] {entry}"));
        }
        lines.push(self.hint.to_owned());
        for line in &mut lines {
            // A line that fills the last column may take another one.
            *line = line.chars().take(width.saturating_sub(1)).collect();
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{After, List};
    use console::Key;

    fn entries() -> Vec<String> {
        (1..=30).map(|number| format!("prod-{number}")).collect()
    }

    #[test]
    fn no_stray_key_marks_all_of_them() {
        let entries = entries();
        let mut list = List::new("Which servers?", "NAME", &entries);
        for key in "abcdefghijklmnopqrstuvwxyzA*+".chars().map(Key::Char) {
            assert_eq!(list.press(&key), After::Discarded, "{key:?}");
        }
        for key in [Key::Tab, Key::BackTab, Key::ArrowLeft, Key::ArrowRight, Key::PageDown] {
            list.press(&key);
        }
        assert_eq!(list.press(&Key::Enter), After::Shown);
        list.press(&Key::Char(' '));
        assert_eq!(list.press(&Key::Enter), After::Accepted(vec![0]));
    }

    #[test]
    fn enter_without_a_mark_says_what_to_do() {
        let entries = entries();
        let mut list = List::new("Which servers?", "NAME", &entries);
        assert_eq!(list.press(&Key::Enter), After::Shown);
        let lines = list.lines(24, 80);
        assert!(
            lines.last().expect("lines").starts_with("nothing is marked"),
            "{lines:?}"
        );
        assert_eq!(list.press(&Key::Escape), After::Left);
    }

    #[test]
    fn a_long_list_fits_the_terminal_and_shows_where_one_is() {
        let entries = entries();
        let mut list = List::new("Which servers?", "NAME", &entries);
        list.press(&Key::ArrowUp);
        let lines = list.lines(24, 12);
        assert!(
            lines.len() < 24 && lines.iter().all(|line| line.chars().count() < 12),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.starts_with(" > [ ] prod")), "{lines:?}");
        assert!(list.lines(24, 80)[0].ends_with("(30 of 30)"));
    }
}
