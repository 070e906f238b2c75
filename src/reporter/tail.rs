//! The last lines that a step printed, prepared for display. It must not know where they are shown.

use crate::plan::printable::one_line;
use std::collections::VecDeque;

/// The last lines of a failed step's output that are shown; all of it is in the journal.
const LAST_LINES: usize = 30;

#[derive(Default)]
pub struct Tail {
    lines: VecDeque<String>,
    /// The line that has not ended yet.
    partial: Vec<u8>,
}

impl Tail {
    /// Another step begins.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.partial.clear();
    }

    /// Takes a piece of output, and gives the lines that it ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut ended = Vec::new();
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = self.partial.drain(..=end).collect();
            line.pop();
            ended.push(self.line(&line));
        }
        // A line that never ends must not fill the memory.
        if self.partial.len() > 4096 {
            let line = std::mem::take(&mut self.partial);
            ended.push(self.line(&line));
        }
        ended
    }

    /// The step has ended: what was left of a line is one.
    pub fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.partial);
        (!line.is_empty()).then(|| self.line(&line))
    }

    pub fn take(&mut self) -> VecDeque<String> {
        std::mem::take(&mut self.lines)
    }

    fn line(&mut self, bytes: &[u8]) -> String {
        let line = harmless(bytes);
        self.lines.push_back(line.clone());
        if self.lines.len() > LAST_LINES {
            self.lines.pop_front();
        }
        line
    }
}

/// A line of a program's output as it can be shown inside of ours: no cursor movements, no colours, no broken UTF-8. Of
/// a line that overwrites itself (progress bars), the last state.
fn harmless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = anstream::adapter::strip_str(text.trim_end_matches('\r')).to_string();
    let last = text.rsplit('\r').next().unwrap_or("");
    one_line(&last.replace(['\t', '\u{7}', '\u{8}'], " "))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_line_of_a_program_is_shown_without_what_a_terminal_would_obey() {
        for (bytes, shown) in [
            (&b"\x1b[31mred\x1b[0m"[..], "red"),
            (b"10 %\r50 %\r100 %\r", "100 %"),
            (b"\x1b]0;title\x07text\x1b[2J", "text"),
            (b"col\tumn\x08", "col umn"),
            (b"\xff bytes", "\u{fffd} bytes"),
            ("\u{202e}txt".as_bytes(), "\\u{202e}txt"),
        ] {
            assert_eq!(harmless(bytes), shown, "{bytes:?}");
        }
    }
}
