//! Lets recipes ask for a key of a map that may be missing: `m?.key`, `m["key"]`, `m.key ?? "default"` and
//! `m.key == ()` give `()` then. `m.key` alone stays an error, since it is usually a typo.
//!
//! Rhai has one switch for all of them. So before a recipe is compiled, the forms that ask are written as
//! `m.get("key")`; places in errors are as the author wrote them.

use super::scan::sound_code_of;
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

/// Methods that leave what they are called on as it is, whatever it is. All others could change it, and a change must
/// not be lost in a copy: for them the key must be there.
const READ: &[&str] = &[
    "abs",
    "bytes",
    "ceiling",
    "chars",
    "concat",
    "contains",
    "ends_with",
    "extract",
    "floor",
    "get",
    "is_empty",
    "join",
    "keys",
    "len",
    "merge",
    "order",
    "order_desc",
    "parse_float",
    "parse_int",
    "round",
    "starts_with",
    "sub_string",
    "to_chars",
    "to_debug",
    "to_float",
    "to_int",
    "to_json",
    "to_lower",
    "to_string",
    "to_upper",
    "type_of",
    "values",
];

/// Methods that do so if they are given nothing, a text, or a closure without `this`: `split(1)` cuts a list in two.
const READ_WITH: &[&str] = &[
    "all",
    "filter",
    "find",
    "find_map",
    "index_of",
    "map",
    "order_by",
    "reduce",
    "reduce_rev",
    "some",
    "split",
];

/// Words before a `[` that begin a list and are no value.
const BEFORE_LIST: &[&str] = &[
    "return", "in", "if", "while", "until", "switch", "else", "throw", "for", "loop", "do",
];

/// The text to compile. What infrakt ships uses none of these forms, which a test says, so it is not searched for them, and
/// is compiled without its comments.
pub fn rewritten(text: &str, kept_by: Keeper) -> (Cow<'_, str>, Shifts) {
    match kept_by {
        Keeper::Shipped => (without_comments(text).into(), Shifts::default()),
        Keeper::Path | Keeper::User => rewritten_where_asked(text),
    }
}

/// A text in which the lines of comments are empty. No text in what infrakt ships has a line that begins like a comment,
/// which a test says.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        kept.push_str(match line.trim_start().starts_with("//") {
            true => "\n",
            false => line,
        });
    }
    kept
}

fn rewritten_where_asked(text: &str) -> (Cow<'_, str>, Shifts) {
    if !mentions(text) {
        return (text.into(), Shifts::default());
    }
    // What Rhai's tokenizer does not understand does not compile either.
    let Some(code) = sound_code_of(text) else {
        return (text.into(), Shifts::default());
    };
    let original: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 64);
    let mut shifts = Vec::new();
    let (mut at, mut line, mut column) = (0, 1, 1);
    while let Some(&c) = original.get(at) {
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
                out.push(c);
                if c == '\n' {
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
    let followed = |at: usize| text.get(at + 1..).unwrap_or_default().trim_start();
    ["?.", "??", "?["].iter().any(|part| text.contains(part))
        || text.match_indices('=').any(|(at, _)| {
            followed(at)
                .strip_prefix('(')
                .is_some_and(|rest| rest.trim_start().starts_with(')'))
        })
        || text.match_indices('[').any(|(at, _)| {
            text.get(..at)
                .is_some_and(|before| before.ends_with(|c: char| is_of_name(c) || c == ')' || c == ']'))
                && followed(at).trim_start_matches('#').starts_with('"')
        })
}

/// If a key is asked for that may be missing: what to write instead of it, and where it ends.
fn asked(text: &[char], code: &[char], at: usize) -> Option<(String, usize)> {
    let c = *code.get(at)?;
    let before = at.checked_sub(1).and_then(|before| code.get(before)).copied();
    match c {
        '?' if code.get(at + 1) == Some(&'.') && before != Some('?') => {
            let (from, to) = name(code, at + 2)?;
            let key: String = text.get(from..to)?.iter().collect();
            (from == at + 2 && reads(code, to)).then(|| (format!("?.get(\"{key}\")"), to))
        }
        '.' if before.is_some_and(|c| c != '.' && c != '?') && code.get(at + 1) != Some(&'.') => {
            let (from, to) = name(code, at + 1)?;
            let key: String = text.get(from..to)?.iter().collect();
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
            let hashes = after(code, open).iter().take_while(|c| **c == '#').count();
            let quote = open + hashes;
            if code.get(quote) != Some(&'"') {
                return None;
            }
            let close = quote + 1 + after(code, quote + 1).iter().position(|c| *c == '"')? + hashes;
            let end = skip_blanks(code, close + 1);
            let within = text.get(open..=close)?;
            if code.get(end) != Some(&']')
                || within.contains(&'\n')
                || text.get(at..=end)?.contains(&'\n')
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

/// The characters from a place on.
fn after(code: &[char], at: usize) -> &[char] {
    code.get(at..).unwrap_or_default()
}

fn before(code: &[char], at: usize) -> &[char] {
    code.get(..at).unwrap_or(code)
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
    let to = from + after(code, from).iter().take_while(|c| is_of_name(**c)).count();
    Some((from, to))
}

/// Whether what ends here is only read: not assigned, not called, and not changed by a method further on.
fn reads(code: &[char], mut at: usize) -> bool {
    loop {
        at = skip_blanks(code, at);
        let rest = after(code, at);
        let optional = rest.first() == Some(&'?');
        match rest {
            ['(', ..] => return false,
            // `(m["a"]).f()` means the same as without the parentheses.
            [')', ..] if !ends_call(code, at) => at += 1,
            ['?', '.', ..] | ['.', ..] if rest.get(1) != Some(&'.') || optional => {
                let skip = if optional { 2 } else { 1 };
                let Some((from, to)) = name(code, at + skip) else {
                    return true;
                };
                let called = code.get(skip_blanks(code, to)) == Some(&'(');
                if called {
                    return only_reads(code, from, to);
                }
                at = to;
            }
            ['[', ..] | ['?', '[', ..] => {
                let open = at + usize::from(optional);
                let mut depth = 0;
                let end = after(code, open).iter().position(|c| {
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

/// Whether the method with this name, called here, leaves what it is called on as it is.
fn only_reads(code: &[char], from: usize, to: usize) -> bool {
    let method: String = code.get(from..to).unwrap_or_default().iter().collect();
    let open = skip_blanks(code, to);
    let first = skip_blanks(code, open + 1);
    let given = code.get(open..partner(code, open).unwrap_or(code.len()));
    let harmless = READ.contains(&method.as_str())
        || READ_WITH.contains(&method.as_str())
            && matches!(code.get(first), Some(')' | '"' | '`' | '\'' | '#' | '|'))
            && given.is_some_and(|given| !mentions_this(given));
    harmless && !is_own(code, &method)
}

fn mentions_this(code: &[char]) -> bool {
    code.split(|c| !is_of_name(*c)).any(|word| word == ['t', 'h', 'i', 's'])
}

/// Whether the recipe defines a function with this name itself.
fn is_own(code: &[char], method: &str) -> bool {
    let mut words = code.split(|c| !is_of_name(*c)).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if *word == ['f', 'n'] && words.next().is_some_and(|name| name.iter().copied().eq(method.chars())) {
            return true;
        }
    }
    false
}

/// Where the bracket that opens here is closed.
fn partner(code: &[char], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the `)` here ends what a function is called with, and not a value in parentheses.
fn ends_call(code: &[char], close: usize) -> bool {
    let mut depth = 0_usize;
    for (at, c) in code.iter().enumerate().take(close + 1).rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let blanks = before(code, at).iter().rev().take_while(|c| c.is_whitespace()).count();
                    return follows_value(code, at - blanks);
                }
            }
            _ => {}
        }
    }
    false
}

/// Whether what ends here is asked whether it is there: by `??`, `== ()` or `!= ()`.
fn asks_for_nothing(code: &[char], at: usize) -> bool {
    let at = skip_blanks(code, at);
    match after(code, at) {
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
    let Some(last) = before(code, at).last() else {
        return false;
    };
    match last {
        ')' | ']' | '"' | '`' => true,
        c if is_of_name(*c) => {
            let word: String = before(code, at).iter().rev().take_while(|c| is_of_name(**c)).collect();
            let word: String = word.chars().rev().collect();
            !BEFORE_LIST.contains(&word.as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{rewritten_where_asked as rewritten, without_comments};
    use crate::recipe::evaluator::engine;
    use crate::recipe::scope::scope_names;
    use crate::recipe::shipped::{shipped, shipped_library};
    use proptest::collection::vec;
    use proptest::prop_oneof;
    use proptest::sample::select;
    use proptest::strategy::Strategy;
    use rhai::Token;
    use std::collections::BTreeSet;

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
            ("m[\"list\"].map(|x| x + 1)", "m.get(\"list\").map(|x| x + 1)"),
            ("m[\"line\"].split(\",\")", "m.get(\"line\").split(\",\")"),
            ("print(m[\"b\"])", "print(m.get(\"b\"))"),
            ("f(m[\"b\"]).push(1)", "f(m.get(\"b\")).push(1)"),
            ("m[ \"b\" ]", "m.get(\"b\")"),
            ("m.b ==()", "m.get(\"b\") ==()"),
            ("m[#\"b\"#]", "m.get(#\"b\"#)"),
            ("`a\\` + m?.b", "`a\\` + m?.get(\"b\")"),
            ("'\"' + m?.b", "'\"' + m?.get(\"b\")"),
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
            "m[\"list\"].sort_by(|a, b| a - b)",
            "m[\"list\"].sort_desc()",
            "m[\"list\"].split(1)",
            "m[\"list\"].own()",
            "m?.list.own()",
            "m?[\"a\"].b[0].own()",
            "(m[\"list\"]).own()",
            "m[\"list\"].map(|| this.x)",
            "m[\"list\"].map(f)",
            "fn len() { this.x } m[\"list\"].len()",
            r##"#"jq -r ".items["a"]" /tmp/f"#"##,
            r###"##"m?.b"# m?.b"##"###,
            r#"let q = '"'; `jq ".m?.b" f`"#,
            r#"let u = `sed 's/a/\`; `psql -c "select 1 where a.b ?? 1"`"#,
            "`a``b m?.b`",
            "`\\${m?.b}`",
        ] {
            assert_eq!(rewritten(text).0, text);
        }
    }

    #[test]
    fn what_is_shipped_means_the_same_without_its_comments() {
        for stem in shipped_library()
            .iter()
            .map(String::as_str)
            .chain(["provision", "wipe"])
        {
            let text = shipped(&format!("{stem}.rhai")).unwrap();
            let meaning = |text: &str| {
                let ast = engine().compile_with_scope(&scope_names(), text).expect("shipped");
                let functions = ast
                    .iter_fn_def()
                    .map(|function| format!("{} {:?}", function.name, function.body));
                (format!("{:?}", ast.statements()), functions.collect::<BTreeSet<_>>())
            };
            assert!(meaning(&without_comments(text)) == meaning(text), "{stem}");
        }
    }

    #[test]
    fn nothing_that_is_shipped_needs_to_be_rewritten() {
        let recipes = ["provision", "wipe"].map(str::to_owned);
        for stem in shipped_library().into_iter().chain(recipes) {
            let file = format!("{stem}.rhai");
            let text = shipped(&file).unwrap();
            assert_eq!(rewritten(text).0, text, "{file}: write m.get(\"key\")");
        }
    }

    #[test]
    fn columns_are_shown_as_they_were_written() {
        let (compiled, shifts) = rewritten("m?.b + x");
        let column = compiled.find('x').expect("x") + 1;
        assert_eq!(shifts.back(1, column), 8);
        assert_eq!(shifts.back(1, 1), 1);
        assert_eq!(shifts.back(2, 9), 9);
    }

    /// All texts and characters of a recipe, as Rhai reads them.
    fn literals(text: &str) -> Vec<String> {
        let engine = rhai::Engine::new_raw();
        let texts = [text];
        let (tokens, control) = engine.lex(&texts);
        let mut open: Vec<usize> = Vec::new();
        let mut found = Vec::new();
        for (token, _) in tokens {
            match token {
                Token::EOF => break,
                Token::LexError(error) => panic!("{text}: {error}"),
                Token::StringConstant(literal) => found.push(literal.to_string()),
                Token::CharConstant(literal) => found.push(literal.to_string()),
                Token::InterpolatedString(literal) => {
                    found.push(literal.to_string());
                    open.push(0);
                }
                Token::LeftBrace | Token::MapStart => {
                    if let Some(depth) = open.last_mut() {
                        *depth += 1;
                    }
                }
                Token::RightBrace => {
                    if let Some(depth) = open.last_mut() {
                        *depth -= 1;
                        if *depth == 0 {
                            open.pop();
                            control.borrow_mut().is_within_text = true;
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    const KEY: &str = "key";

    /// What stands in literals: code that would be rewritten, and all that could end or begin a literal.
    fn inner() -> impl Strategy<Value = String> {
        let part = select(vec![
            "m?.key",
            ".key ?? 1",
            "m[\"key\"]",
            ".key == ()",
            "\"",
            "'",
            "`",
            "\\",
            "#",
            "\"#",
            "#\"",
            "//",
            "/*",
            "*/",
            "${",
            "$",
            "{",
            "}",
            " ",
            "a",
            "é",
            "\n",
        ]);
        vec(part, 0..6).prop_map(|parts| parts.concat())
    }

    fn piece() -> impl Strategy<Value = String> {
        let quoted = inner().prop_map(|inner| format!("{inner:?}"));
        let raw = inner().prop_map(|inner| format!("###\"{}\"###", inner.replace("\"#", "\"-#")));
        let raw_short = inner().prop_map(|inner| format!("#\"{}.\"#", inner.replace("\"#", "\"-#")));
        let verbatim = |inner: String| inner.replace('`', "``").replace("${", "\\${");
        let backticks = inner().prop_map(move |inner| format!("`{}`", verbatim(inner)));
        let nested = (inner(), inner()).prop_map(move |(before, after)| {
            format!(
                "`{}.${{m?.key + `{}` + #{{ a: 1 }}.a}}.{}`",
                verbatim(before),
                verbatim(after.clone()),
                verbatim(after)
            )
        });
        let character = select(vec!["'\"'", "'`'", "'#'", "'\\''", "'\\\\'", "'/'", "'{'"]).prop_map(str::to_owned);
        let comment = inner().prop_map(|inner| format!("1 // {}\n", inner.replace('\n', " ")));
        let code = select(vec![
            "m?.key",
            "m[\"key\"]",
            "m.key ?? 1",
            "m.key == ()",
            "m[\"key\"].len()",
            "m[#\"key\"#]",
            "#{ a: 1 }",
            "[\"key\"]",
        ])
        .prop_map(str::to_owned);
        prop_oneof![quoted, raw, raw_short, backticks, nested, character, comment, code]
    }

    proptest::proptest! {
        #[test]
        fn texts_are_never_rewritten(pieces in vec(piece(), 1..8)) {
            let text = pieces.iter().map(|piece| format!("f({piece});")).collect::<String>();
            let own = |text: &str| -> Vec<String> { literals(text).into_iter().filter(|literal| literal != KEY).collect() };
            let (compiled, _) = rewritten(&text);
            proptest::prop_assert_eq!(own(&compiled), own(&text), "{}", text);
        }

        #[test]
        fn no_text_is_too_odd_to_be_rewritten(text in "[a-c?.=\\[\\]\" (){}`$#\\\\'|\n]{0,50}") {
            let (compiled, _) = rewritten(&text);
            proptest::prop_assert_eq!(compiled.lines().count(), text.lines().count());
        }
    }
}
