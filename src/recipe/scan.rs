//! Tells the code of a recipe from its texts and comments, without parsing it: for hints about what does not parse. For a
//! text that is broken it guesses as an editor does.
#![expect(clippy::indexing_slicing, reason = "each place was found in the same text before")]

/// The recipe with the same characters at the same places, but blanks in place of comments and of what texts hold. The
/// quotes stay, and so does code within `${…}`.
pub fn code_of(text: &str) -> Vec<char> {
    let text: Vec<char> = text.chars().collect();
    let mut code = text.clone();
    let mut at = 0;
    // For each open text in backticks: how many braces are open within its `${`.
    let mut inserted: Vec<usize> = Vec::new();
    let blank = |code: &mut Vec<char>, at: usize| {
        if let Some(c) = code.get_mut(at).filter(|c| **c != '\n') {
            *c = ' ';
        }
    };
    while let Some(&c) = text.get(at) {
        let next = text.get(at + 1).copied();
        match (c, next) {
            ('/', Some('/')) => {
                while text.get(at).is_some_and(|c| *c != '\n') {
                    blank(&mut code, at);
                    at += 1;
                }
                continue;
            }
            ('/', Some('*')) => {
                let mut depth = 0;
                while let Some(&c) = text.get(at) {
                    let pair = (c, text.get(at + 1).copied());
                    blank(&mut code, at);
                    match pair {
                        ('/', Some('*')) => depth += 1,
                        ('*', Some('/')) => depth -= 1,
                        _ => {
                            at += 1;
                            continue;
                        }
                    }
                    blank(&mut code, at + 1);
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                continue;
            }
            ('"', _) => {
                at += 1;
                while let Some(&c) = text.get(at).filter(|c| **c != '"') {
                    blank(&mut code, at);
                    if c == '\\' {
                        at += 1;
                        blank(&mut code, at);
                    }
                    at += 1;
                }
            }
            ('`', _) => at = in_backticks(&text, at + 1, &mut code, &mut inserted),
            ('{', _) => {
                if let Some(open) = inserted.last_mut() {
                    *open += 1;
                }
            }
            ('}', _) if inserted.last() == Some(&0) => {
                inserted.pop();
                at = in_backticks(&text, at + 1, &mut code, &mut inserted);
            }
            ('}', _) => {
                if let Some(open) = inserted.last_mut() {
                    *open -= 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    code
}

/// Blanks a text in backticks up to its end, or to the `{` of its next `${`; gives the place of either.
fn in_backticks(text: &[char], from: usize, code: &mut [char], inserted: &mut Vec<usize>) -> usize {
    let mut at = from;
    while let Some(&c) = text.get(at) {
        match (c, text.get(at + 1)) {
            ('`', Some('`')) => {
                code[at] = ' ';
                code[at + 1] = ' ';
                at += 2;
                continue;
            }
            ('`', _) => return at,
            ('$', Some('{')) => {
                inserted.push(0);
                return at + 1;
            }
            ('\\', Some(_)) => {
                code[at] = ' ';
                at += 1;
            }
            _ => {}
        }
        if code[at] != '\n' {
            code[at] = ' ';
        }
        at += 1;
    }
    at
}

/// Line and column, from 1, of a character.
pub fn place_of(text: &[char], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    (line, column)
}

/// The index of the character at a line and column, from 1.
pub fn index_of(text: &[char], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].iter().position(|c| *c == '\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
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
    let indent = |at: usize| {
        let (_, column) = place_of(code, at);
        let line = &code[at + 1 - column..];
        line.iter().take_while(|c| **c == ' ' || **c == '\t').count()
    };
    let mut open: Vec<usize> = Vec::new();
    for (at, &c) in code.iter().enumerate() {
        match c {
            '{' => open.push(at),
            '}' => {
                let partner = open.pop()?;
                let (own, (line, column)) = (indent(at), place_of(code, at));
                let first = code[at + 1 - column..at].iter().all(|c| c.is_whitespace());
                if first && line != place_of(code, partner).0 && own < indent(partner) {
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
        fn no_text_is_too_odd_to_be_scanned(text in "[a-z (){}`\"$\\\\/*\n']{0,60}") {
            let code = code_of(&text);
            proptest::prop_assert_eq!(code.len(), text.chars().count());
            let _ = never_closed(&code, '{');
        }
    }
}
