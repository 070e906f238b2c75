//! Makes text from elsewhere safe for a terminal: names that a server reports, titles and commands of recipes and plan files,
//! output of programs. A terminal obeys control characters, and a reader can't see invisible ones, so both are escaped. All
//! output of infrakt goes through the functions of this file.
//!
//! It must not know what the text means.

use anstream::adapter::StripBytes;
use regex_syntax::hir::{Class, ClassUnicode, HirKind};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Escapes everything that a terminal would obey or a reader could not see (see `deceives`). Tabs and line breaks stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\t' || c == '\n')
}

/// Like [`printable`], for text that must stay on one line.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\t')
}

/// Like [`printable`], for a JSON document. There these characters occur only in strings, and every JSON parser turns their
/// escape back into the same text.
pub fn json(document: &str) -> String {
    let mut shown = String::with_capacity(document.len());
    for c in document.chars() {
        if deceives(c) && c != '\n' {
            // JSON escapes a character beyond U+FFFF as two UTF-16 units (RFC 8259, section 7).
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String can't fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Makes a program's output [`printable`] piece by piece. It removes escape sequences, also those split across two pieces. A
/// carriage return ends a line, so no line can overwrite another one.
#[derive(Default)]
pub struct Pieces {
    strip: StripBytes,
    /// An incomplete character; its end is in the next piece.
    partial: Vec<u8>,
    /// The last character was a carriage return.
    returned: bool,
}

impl Pieces {
    pub fn push(&mut self, bytes: &[u8]) -> String {
        for part in self.strip.strip_next(bytes) {
            self.partial.extend_from_slice(part);
        }
        let whole = self.partial.len() - unfinished(&self.partial);
        let rest = self.partial.split_off(whole);
        let bytes = std::mem::replace(&mut self.partial, rest);
        self.shown(&String::from_utf8_lossy(&bytes))
    }

    /// The rest, after the last piece.
    pub fn finish(&mut self) -> String {
        let bytes = std::mem::take(&mut self.partial);
        let mut shown = self.shown(&String::from_utf8_lossy(&bytes));
        if std::mem::take(&mut self.returned) {
            shown.push('\n');
        }
        shown
    }

    fn shown(&mut self, text: &str) -> String {
        let mut lines = String::with_capacity(text.len());
        for c in text.chars() {
            if std::mem::replace(&mut self.returned, c == '\r') && c != '\n' {
                lines.push('\n');
            }
            if c != '\r' {
                lines.push(c);
            }
        }
        printable(&lines).into_owned()
    }
}

/// The number of bytes of an incomplete UTF-8 character at the end.
pub fn unfinished(bytes: &[u8]) -> usize {
    let end = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(end) {
        // An error without a length: the bytes only end too early.
        Err(error) if error.error_len().is_none() => end.len(),
        _ => 0,
    }
}

fn escape(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmful = |c: char| deceives(c) && !stays(c);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The characters that [`deceives`] finds, by their Unicode properties:
///
/// - control characters (C0 and C1, ECMA-48), format characters, and what Unicode calls bidi controls;
/// - what Unicode calls Default_Ignorable (UAX #44): joiners, fillers, variation selectors, tags;
/// - blanks other than the plain space, line and paragraph separators, and the empty Braille pattern;
/// - code points without an agreed appearance: private use and unassigned.
///
/// `frontend/src/text/printable.ts` has the same class.
const DECEIVING: &str =
    r"[\p{Cc}\p{Cf}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zs}\p{Zl}\p{Zp}\x{2800}\p{Co}\p{Cn}]";

/// The class; empty if it can't be parsed, which a test rules out.
static CLASS: LazyLock<ClassUnicode> =
    LazyLock::new(|| match regex_syntax::parse(DECEIVING).map(|class| class.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    });

/// Whether a terminal would obey the character, or a reader could not see it or tell it from a plain space.
fn deceives(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let ranges = CLASS.ranges();
    let after = ranges.partition_point(|range| range.start() <= c);
    after
        .checked_sub(1)
        .and_then(|at| ranges.get(at))
        .is_some_and(|range| c <= range.end())
}

#[cfg(test)]
mod tests {
    use super::{Pieces, one_line, printable, unfinished};
    use proptest::prelude::*;

    /// Of each kind some that a font draws as nothing, as a blank, or over something else.
    const INVISIBLE: [char; 34] = [
        '\u{0}',
        '\u{1b}',
        '\u{7f}',
        '\u{9b}',
        '\u{a0}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1680}',
        '\u{17b4}',
        '\u{180e}',
        '\u{2003}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200f}',
        '\u{2028}',
        '\u{202e}',
        '\u{2061}',
        '\u{2066}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{e000}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{10fffd}',
    ];

    #[test]
    fn only_the_beginning_of_a_character_is_unfinished() {
        let euro = "€".as_bytes();
        for (bytes, count) in [
            (&b""[..], 0),
            (b"abc", 0),
            (&euro[..1], 1),
            (&euro[..2], 2),
            (euro, 0),
            (&"🦀".as_bytes()[..3], 3),
            (b"\xff", 0),
            (b"\x80\x80", 0),
            (b"\xff\xe2\x82", 2),
            // No room for a call per byte on the stack of a thread.
            (&[0xff; 1 << 20], 0),
        ] {
            assert_eq!(unfinished(bytes), count);
        }
    }

    #[test]
    fn controls_of_a_terminal_are_escaped_and_letters_stay() {
        assert_eq!(printable("docker ps\r\u{1b}[2Kls"), "docker ps\\r\\u{1b}[2Kls");
        assert_eq!(printable("\u{9b}31m\u{7f}\u{202e}fr"), "\\u{9b}31m\\u{7f}\\u{202e}fr");
        for text in [
            "two\n\tlines: größer, 漢字",
            "naïve — “quotes” … → ✓ 🚀",
            "עברית العربية ไทย 한국어",
        ] {
            assert_eq!(printable(text), text);
        }
        assert_eq!(one_line("one\nline"), "one\\nline");
    }

    #[test]
    fn invisible_characters_are_escaped() {
        for c in INVISIBLE {
            let text = format!("/srv/{c}data");
            assert_eq!(printable(&text), format!("/srv/{}data", c.escape_default()));
        }
    }

    #[test]
    fn escaped_json_is_the_same_document() {
        for c in INVISIBLE {
            let value = serde_json::json!({ format!("a{c}"): format!("{c}\nü") });
            let shown = super::json(&format!("{value:#}"));
            assert!(!shown.contains(c), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn pieces_of_output_are_shown_wherever_they_are_cut() {
        let text = "one\r\ntwo 10 %\rtwo 20 %\n\u{1b}[31mred\u{1b}[0m \u{9b}2J\u{202e}größer\u{e0041}\n";
        let bytes = text.as_bytes();
        let expected = "one\ntwo 10 %\ntwo 20 %\nred \\u{9b}2J\\u{202e}größer\\u{e0041}\n";
        for cut in 0..=bytes.len() {
            let mut pieces = Pieces::default();
            let shown = [pieces.push(&bytes[..cut]), pieces.push(&bytes[cut..]), pieces.finish()].concat();
            assert_eq!(shown, expected, "cut at {cut}");
        }
        // Bytes that are not UTF-8 are removed or replaced.
        let mut pieces = Pieces::default();
        let shown = [pieces.push(b"a\xff\x9b2Jb"), pieces.finish()].concat();
        assert!(shown.starts_with('a') && shown.ends_with("2Jb"), "{shown}");
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_a_terminal_obeys(text in any::<String>()) {
            let shown = printable(&text).into_owned();
            prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            prop_assert_eq!(printable(&shown), shown.as_str());
        }
    }
}
