//! Tells the code of a recipe from its texts and comments, with Rhai's own tokenizer: what is a text for Rhai is one here.

use rhai::{InputStream, Position, Token, TokenizeState, get_next_token};
use std::ops::Range;

/// The recipe with the same characters at the same places, but blanks in place of comments and of what texts hold. The
/// quotes stay, and so does code within `${…}`. For a text that is broken it guesses where the broken part ends.
pub fn code_of(text: &str) -> Vec<char> {
    scanned(text).code
}

/// As [`code_of`], but only if Rhai's tokenizer understands the whole text: nothing is guessed.
pub fn sound_code_of(text: &str) -> Option<Vec<char>> {
    let scanned = scanned(text);
    scanned.sound.then_some(scanned.code)
}

struct Scanned {
    code: Vec<char>,
    sound: bool,
}

/// The characters of a text as Rhai's tokenizer takes them. It knows how many were taken, which Rhai's own positions do
/// not tell: they miss characters behind a `\${`.
struct Characters {
    text: Vec<char>,
    taken: usize,
}

impl InputStream for Characters {
    fn unget(&mut self, _: char) {
        self.taken = self.taken.saturating_sub(1);
    }

    fn get_next(&mut self) -> Option<char> {
        let next = self.peek_next()?;
        self.taken += 1;
        Some(next)
    }

    fn peek_next(&mut self) -> Option<char> {
        self.text.get(self.taken).copied()
    }
}

fn scanned(text: &str) -> Scanned {
    let mut characters = Characters {
        text: text.chars().collect(),
        taken: 0,
    };
    let mut code: Vec<char> = characters.text.iter().copied().map(blank).collect();
    let mut sound = true;
    let mut state = TokenizeState::default();
    let mut position = Position::new(1, 0);
    // For each open text in backticks: how many braces are open within its `${`.
    let mut inserted: Vec<usize> = Vec::new();
    while characters.taken < characters.text.len() {
        let before = characters.taken;
        let continued = state.is_within_text_terminated_by.is_some();
        let (token, _) = get_next_token(&mut characters, &mut state, &mut position);
        let from = match continued {
            true => before,
            false => past_blanks(&characters.text, before),
        };
        let never_ends = state.is_within_text_terminated_by.take().is_some();
        sound &= !never_ends;
        match token {
            Token::EOF | Token::Comment(_) => continue,
            Token::StringConstant(_) | Token::CharConstant(_) | Token::InterpolatedString(_) => {
                let opening = if continued { 0 } else { quote(&characters.text, from) };
                // `"#` for a text that begins with `#"`; the `$` of `${` too.
                let closing = if never_ends { 0 } else { opening.max(1) };
                let (begin, end) = (from + opening, characters.taken.saturating_sub(closing));
                show(&mut code, &characters.text, from..begin);
                if begin <= end {
                    show(&mut code, &characters.text, end..characters.taken);
                }
                if matches!(token, Token::InterpolatedString(_)) {
                    inserted.push(0);
                }
                continue;
            }
            Token::LexError(_) => {
                sound = false;
                if let Some(end) = broken_text(&characters.text, from) {
                    characters.taken = end.max(before + 1);
                    show(&mut code, &characters.text, from..from + 1);
                    let last = characters.taken - 1;
                    if last > from && characters.text.get(last) == characters.text.get(from) {
                        show(&mut code, &characters.text, last..characters.taken);
                    }
                    continue;
                }
            }
            Token::LeftBrace | Token::MapStart => {
                if let Some(open) = inserted.last_mut() {
                    *open += 1;
                }
            }
            Token::RightBrace => {
                if let Some(open) = inserted.last_mut() {
                    *open = open.saturating_sub(1);
                    if *open == 0 {
                        inserted.pop();
                        state.is_within_text_terminated_by = Some("`".into());
                    }
                }
            }
            _ => {}
        }
        show(&mut code, &characters.text, from..characters.taken);
    }
    let sound = sound && inserted.is_empty() && state.is_within_text_terminated_by.is_none();
    Scanned { code, sound }
}

/// Puts the characters of a range in place of the blanks. `code` is as long as `text`.
fn show(code: &mut [char], text: &[char], range: Range<usize>) {
    if let (Some(code), Some(text)) = (code.get_mut(range.clone()), text.get(range)) {
        code.copy_from_slice(text);
    }
}

fn blank(c: char) -> char {
    match c {
        '\n' => '\n',
        _ => ' ',
    }
}

/// How many characters begin the text here: `"`, or `##"`.
fn quote(text: &[char], from: usize) -> usize {
    let hashes = text.iter().skip(from).take_while(|c| **c == '#').count();
    (hashes + 1).min(text.len().saturating_sub(from))
}

/// Where the next token begins: behind blanks and comments.
fn past_blanks(text: &[char], mut at: usize) -> usize {
    loop {
        match (text.get(at), text.get(at + 1)) {
            (Some('/'), Some('/')) => {
                while text.get(at).is_some_and(|c| *c != '\n' && *c != '\r') {
                    at += 1;
                }
            }
            (Some('/'), Some('*')) => {
                let mut depth = 0;
                while let Some(c) = text.get(at) {
                    match (c, text.get(at + 1)) {
                        ('/', Some('*')) => {
                            depth += 1;
                            at += 1;
                        }
                        ('*', Some('/')) => {
                            depth -= 1;
                            at += 1;
                        }
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            (Some(c), _) if c.is_ascii_whitespace() => at += 1,
            _ => return at,
        }
    }
}

/// Where a text in quotes ends that Rhai does not understand: behind its other quote, or with its line.
fn broken_text(text: &[char], from: usize) -> Option<usize> {
    let quote = *text.get(from).filter(|c| matches!(c, '"' | '\''))?;
    let mut at = from + 1;
    while let Some(&c) = text.get(at).filter(|c| **c != '\n') {
        at += 1;
        match c {
            c if c == quote => break,
            '\\' if text.get(at).is_some_and(|c| *c != '\n') => at += 1,
            _ => {}
        }
    }
    Some(at)
}

/// Line and column, from 1, of a character.
pub fn place_of(text: &[char], at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    (line, column)
}

/// The index of the character at a line and column, from 1.
pub fn index_of(text: &[char], line: usize, column: usize) -> usize {
    let before = text.split(|c| *c == '\n').take(line.saturating_sub(1));
    let start: usize = before.map(|line| line.len() + 1).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

/// The place of the bracket that has no partner, where brackets are closed too seldom: the last one that is still open.
pub fn never_closed(code: &[char], bracket: char) -> Option<usize> {
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, &c) in code.iter().enumerate() {
        match c {
            '(' | '[' | '{' => open.push((c, at)),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    // Where a block is not closed, what follows it is usually less indented than what is in it.
    let braces: Vec<usize> = open.iter().filter(|(c, _)| *c == bracket).map(|(_, at)| *at).collect();
    let misplaced = misindented(code, bracket);
    misplaced.or_else(|| braces.last().copied())
}

/// The `{` at the end of a line whose `}` is indented as that of another line is.
fn misindented(code: &[char], bracket: char) -> Option<usize> {
    if bracket != '{' {
        return None;
    }
    let before_on_line = |at: usize| {
        let before = code.get(..at).unwrap_or(code);
        before.rsplit(|c| *c == '\n').next().unwrap_or_default()
    };
    let indent = |at: usize| {
        let line = before_on_line(at);
        line.iter().take_while(|c| **c == ' ' || **c == '\t').count()
    };
    let mut open: Vec<usize> = Vec::new();
    for (at, &c) in code.iter().enumerate() {
        match c {
            '{' => open.push(at),
            '}' => {
                let partner = open.pop()?;
                let first = before_on_line(at).iter().all(|c| c.is_whitespace());
                let same_line = place_of(code, at).0 == place_of(code, partner).0;
                if first && !same_line && indent(at) < indent(partner) {
                    return Some(partner);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{code_of, never_closed, place_of};

    #[test]
    fn texts_and_comments_are_no_code_and_inserted_values_are() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"{", y)"#, r#"f("    ", y)"#),
            ("`a ${b + `c ${d} e`} f` {", "`  ${b + `  ${d}  `}  ` {"),
            ("`a``b` c", "`    ` c"),
            ("`${#{ a: 1 }.a} x`", "`${#{ a: 1 }.a}  `"),
            // Nothing ends a text that begins with `#"` but the same number of `#`.
            (r###"a(#"b "c" \"#, d)"###, r###"a(#"       "#, d)"###),
            (r###"##"b"#c"## d"###, r###"##"    "## d"###),
            (r###"#""# a #"b"#"###, r###"#""# a #" "#"###),
            (r#"a == '"' + "b""#, r#"a == ' ' + " ""#),
            (r"a == '\'' + b", r"a == '  ' + b"),
            // A backslash means nothing in backticks, but before `${`.
            (r"`a\` + b", r"`  ` + b"),
            (r"`a\${b}` + c", r"`      ` + c"),
            (r"`a\\${b}` + c", r"`       ` + c"),
            (r"`a\$b` + c", r"`    ` + c"),
            ("`\na${b}\n` c", "`\n ${b}\n` c"),
            ("a /// b\n/** c */ d", "a      \n         d"),
            // What is broken ends with its quote or its line.
            (r#"a("\d") + c"#, r#"a("  ") + c"#),
            ("a(\"b\nc", "a(\" \nc"),
            ("a('bc') + d", "a('  ') + d"),
        ] {
            assert_eq!(code_of(text).iter().collect::<String>(), code, "{text}");
        }
    }

    #[test]
    fn the_brace_that_is_never_closed_is_found() {
        for (text, place) in [
            ("if a {\n    b();\n", (1, 6)),
            ("fn f() {\n    if a {\n        b();\n}\nc();\n", (2, 10)),
            ("if a {\n    b();\n}\nfor x in y {\n    c(\"}\");\n", (4, 12)),
        ] {
            let code = code_of(text);
            assert_eq!(
                never_closed(&code, '{').map(|at| place_of(&code, at)),
                Some(place),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_scanned(text in "[a-z (){}`\"$#\\\\/*\n\r']{0,60}") {
            let code = code_of(&text);
            proptest::prop_assert_eq!(code.len(), text.chars().count());
            let _ = never_closed(&code, '{');
        }
    }
}
