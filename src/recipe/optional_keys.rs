//! Lets recipes ask for a key of a map that may be missing: `m?.key`, `m["key"]`, `m.key ?? "default"` and
//! `m.key == ()` give `()` then. `m.key` alone stays an error, since it is usually a typo.
//!
//! Rhai has one switch for all of them. So before a recipe is compiled, the forms that ask are written as
//! `m.get("key")`; places in errors are told as the author wrote them.
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "each place was found in the same text before"
)]

use super::scan::code_of;
use crate::plan::Keeper;
use std::borrow::Cow;

/// How the text that is compiled differs from the author's, line by line.
#[derive(Debug, Clone, Default)]
pub struct Shifts(Vec<Shift>);

#[derive(Debug, Clone)]
struct Shift {
    line: usize,
    /// Where the inserted characters begin, in the compiled text, and how many there are.
    column: usize,
    length: usize,
}

impl Shifts {
    /// The column in the author's text of one in the compiled text.
    pub fn back(&self, line: usize, column: usize) -> usize {
        let before = self
            .0
            .iter()
            .filter(|shift| shift.line == line && shift.column < column);
        let shifted: usize = before.map(|shift| shift.length.min(column - shift.column)).sum();
        column.saturating_sub(shifted)
    }
}

/// Methods that change what they are called on: the key must be there for them.
const CHANGE: &[&str] = &[
    "append",
    "chop",
    "clear",
    "crop",
    "dedup",
    "drain",
    "extend",
    "extract",
    "fill_with",
    "insert",
    "make_lower",
    "make_upper",
    "mixin",
    "pad",
    "pop",
    "push",
    "remove",
    "replace",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "split_off",
    "trim",
    "truncate",
];

/// Words before a `[` that begin a list and are no value.
const BEFORE_LIST: &[&str] = &[
    "return", "in", "if", "while", "until", "switch", "else", "throw", "for", "loop", "do",
];

/// The text to compile. What infrakt ships uses none of these forms, which a test says, so it is not searched for them.
pub fn rewritten(text: &str, kept_by: Keeper) -> (Cow<'_, str>, Shifts) {
    match kept_by {
        Keeper::Shipped => (text.into(), Shifts::default()),
        Keeper::Path | Keeper::User => rewritten_where_asked(text),
    }
}

fn rewritten_where_asked(text: &str) -> (Cow<'_, str>, Shifts) {
    if !mentions(text) {
        return (text.into(), Shifts::default());
    }
    let original: Vec<char> = text.chars().collect();
    let code = code_of(text);
    let mut out = String::with_capacity(text.len() + 64);
    let mut shifts = Vec::new();
    let (mut at, mut line, mut column) = (0, 1, 1);
    while at < original.len() {
        match asked(&original, &code, at) {
            // Written on one line, so that the lines stay.
            Some((written, end)) => {
                let length = written.chars().count();
                let replaced = end - at;
                let insertion = length.saturating_sub(replaced);
                shifts.push(Shift {
                    line,
                    column: column + 1,
                    length: insertion,
                });
                out.push_str(&written);
                column += length;
                at = end;
            }
            None => {
                out.push(original[at]);
                if original[at] == '\n' {
                    line += 1;
                    column = 0;
                }
                column += 1;
                at += 1;
            }
        }
    }
    (out.into(), Shifts(shifts))
}

/// Whether it is worth a closer look: most texts hold none of this.
fn mentions(text: &str) -> bool {
    ["?.", "??", "= ()", "= ( )", "?["]
        .iter()
        .any(|part| text.contains(part))
        || text
            .match_indices("[\"")
            .any(|(at, _)| text[..at].ends_with(|c: char| is_of_name(c) || c == ')' || c == ']'))
}

/// If a key is asked for that may be missing: what to write instead of it, and where it ends.
fn asked(text: &[char], code: &[char], at: usize) -> Option<(String, usize)> {
    let c = *code.get(at)?;
    let before = at.checked_sub(1).and_then(|before| code.get(before)).copied();
    match c {
        '?' if code.get(at + 1) == Some(&'.') && before != Some('?') => {
            let (from, to) = name(code, at + 2)?;
            let key: String = text[from..to].iter().collect();
            (from == at + 2 && reads(code, to)).then(|| (format!("?.get(\"{key}\")"), to))
        }
        '.' if before.is_some_and(|c| c != '.' && c != '?') && code.get(at + 1) != Some(&'.') => {
            let (from, to) = name(code, at + 1)?;
            let key: String = text[from..to].iter().collect();
            (from == at + 1 && asks_for_nothing(code, to)).then(|| (format!(".get(\"{key}\")"), to))
        }
        '[' => {
            let optional = before == Some('?');
            let value = match optional {
                true => at.checked_sub(1)?,
                false => at,
            };
            if !follows_value(code, value) {
                return None;
            }
            let open = skip_blanks(code, at + 1);
            if code.get(open) != Some(&'"') {
                return None;
            }
            let close = open + 1 + code[open + 1..].iter().position(|c| *c == '"')?;
            let end = skip_blanks(code, close + 1);
            let within = &text[open..=close];
            if code.get(end) != Some(&']')
                || within.contains(&'\n')
                || text[at..=end].contains(&'\n')
                || !reads(code, end + 1)
            {
                return None;
            }
            let key: String = within.iter().collect();
            // The `?` before it stays.
            Some((format!(".get({key})"), end + 1))
        }
        _ => None,
    }
}

fn skip_blanks(code: &[char], mut at: usize) -> usize {
    while code.get(at).is_some_and(|c| c.is_whitespace()) {
        at += 1;
    }
    at
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn name(code: &[char], at: usize) -> Option<(usize, usize)> {
    let from = skip_blanks(code, at);
    let first = *code.get(from)?;
    if !(first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    let to = from + code[from..].iter().take_while(|c| is_of_name(**c)).count();
    Some((from, to))
}

/// Whether what ends here is only read: not assigned, not called, and not changed by a method further on.
fn reads(code: &[char], mut at: usize) -> bool {
    loop {
        at = skip_blanks(code, at);
        let rest = &code[at.min(code.len())..];
        match rest {
            ['(', ..] => return false,
            ['?', '.', ..] | ['.', ..] if rest.get(1) != Some(&'.') || rest[0] == '?' => {
                let skip = if rest[0] == '?' { 2 } else { 1 };
                let Some((from, to)) = name(code, at + skip) else {
                    return true;
                };
                let called = code.get(skip_blanks(code, to)) == Some(&'(');
                if called {
                    let method: String = code[from..to].iter().collect();
                    return !CHANGE.contains(&method.as_str());
                }
                at = to;
            }
            ['[', ..] | ['?', '[', ..] => {
                let open = at + usize::from(rest[0] == '?');
                let mut depth = 0;
                let end = code[open..].iter().position(|c| {
                    match c {
                        '[' => depth += 1,
                        ']' => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                });
                let Some(end) = end else { return true };
                at = open + end + 1;
            }
            ['=', next, ..] => return *next == '=' || *next == '>',
            ['+' | '-' | '*' | '/' | '%' | '&' | '|' | '^', '=', ..] => return false,
            ['*', '*', '=', ..] | ['<', '<', '=', ..] | ['>', '>', '=', ..] => return false,
            _ => return true,
        }
    }
}

/// Whether what ends here is asked whether it is there: by `??`, `== ()` or `!= ()`.
fn asks_for_nothing(code: &[char], at: usize) -> bool {
    let at = skip_blanks(code, at);
    match &code[at.min(code.len())..] {
        ['?', '?', ..] => true,
        ['=' | '!', '=', rest @ ..] if rest.first() != Some(&'=') => {
            let dense: String = rest.iter().filter(|c| !c.is_whitespace()).take(2).collect();
            dense == "()"
        }
        _ => false,
    }
}

/// Whether the `[` here is an index: it stands right behind a value.
fn follows_value(code: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| code.get(before)) else {
        return false;
    };
    match before {
        ')' | ']' | '"' | '`' => true,
        c if is_of_name(*c) => {
            let word: String = code[..at].iter().rev().take_while(|c| is_of_name(**c)).collect();
            let word: String = word.chars().rev().collect();
            !BEFORE_LIST.contains(&word.as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::rewritten_where_asked as rewritten;
    use crate::recipe::source::all_shipped;

    #[test]
    fn keys_that_may_be_missing_are_asked_for() {
        for (text, compiled) in [
            ("m?.b ?? \"x\"", "m?.get(\"b\") ?? \"x\""),
            ("m.b ?? 1", "m.get(\"b\") ?? 1"),
            ("if m.b == () { }", "if m.get(\"b\") == () { }"),
            ("m.b != ( )", "m.get(\"b\") != ( )"),
            ("m[\"b\"]", "m.get(\"b\")"),
            ("m?[\"b\"]", "m?.get(\"b\")"),
            ("m.a[\"b\"].c", "m.a.get(\"b\").c"),
            ("`${m[\"b\"]}`", "`${m.get(\"b\")}`"),
            ("m?.a?.b", "m?.get(\"a\")?.get(\"b\")"),
            ("m?.name.to_upper()", "m?.get(\"name\").to_upper()"),
        ] {
            assert_eq!(rewritten(text).0, compiled);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "m.b",
            "m[\"b\"] = 1",
            "m[\"b\"] += 1",
            "m[\"a\"][\"b\"] = 1",
            "m[\"list\"].push(1)",
            "m?.list.push(1)",
            "let l = [\"b\"]",
            "f([\"b\"])",
            "for x in [\"b\"] { }",
            "\"m?.b\"",
            "// m?.b",
            "m.b == 1",
            "x?.call()",
            "0..m.len()",
        ] {
            assert_eq!(rewritten(text).0, text);
        }
    }

    #[test]
    fn nothing_that_is_shipped_needs_to_be_rewritten() {
        for (file, text) in all_shipped() {
            assert_eq!(rewritten(text).0, text, "{file}: write m.get(\"key\")");
        }
    }

    #[test]
    fn columns_are_told_as_they_were_written() {
        let (compiled, shifts) = rewritten("m?.b + x");
        let column = compiled.find('x').expect("x") + 1;
        assert_eq!(shifts.back(1, column), 8);
        assert_eq!(shifts.back(1, 1), 1);
        assert_eq!(shifts.back(2, 9), 9);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_rewritten(text in "[a-c?.=\\[\\]\" (){}`$\n]{0,50}") {
            let (compiled, _) = rewritten(&text);
            proptest::prop_assert_eq!(compiled.lines().count(), text.lines().count());
        }
    }
}
