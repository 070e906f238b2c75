//! Text from elsewhere, as it may be shown on a terminal: names that a server tells, titles and commands of recipes and
//! plan files, what programs say. A terminal obeys control characters, so none may come from there.
//!
//! It must not know what the text means.

use std::borrow::Cow;

/// The text with everything escaped that a terminal would obey, or that would make a reader see another text than
/// there is: control characters (C0 and C1, ECMA-48), marks that turn the direction of writing, and characters of no
/// width (Unicode Technical Report 36, 3.1). Tabs and line breaks stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\t' || c == '\n')
}

/// As [`printable`], for what must stay on its line.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\t')
}

/// As [`printable`], for a JSON document: there these characters can only stand in strings, and have an escape that every
/// reader of JSON turns back into the same text.
pub fn json(document: &str) -> String {
    let mut shown = String::with_capacity(document.len());
    for c in document.chars() {
        if deceives(c) && c != '\n' {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
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

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{one_line, printable};
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(printable("docker ps\r\u{1b}[2Kls"), "docker ps\\r\\u{1b}[2Kls");
        assert_eq!(printable("\u{9b}31m\u{7f}\u{202e}fr"), "\\u{9b}31m\\u{7f}\\u{202e}fr");
        assert_eq!(printable("two\n\tlines: größer, 漢字"), "two\n\tlines: größer, 漢字");
        assert_eq!(one_line("one\nline"), "one\\nline");
    }

    #[test]
    fn json_stays_the_same_document() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}[2J\u{202e}\u{feff}\nü" });
        let shown = super::json(&format!("{value:#}"));
        assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{feff}', '\u{1b}']), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
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
