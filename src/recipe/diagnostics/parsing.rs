//! Explains why Rhai can't parse a recipe.

use super::message::script;
use super::names::{F_STRING, unknown_variable};
use super::written::Written;
use crate::error::{Position, RecipeError, nearest};
use crate::recipe::{api, habits, scan};
use rhai::{LexError, ParseErrorType};

pub(super) fn parsing(kind: &ParseErrorType, position: Option<Position>, at: &Written<'_>) -> RecipeError {
    if let Some(problem) = never_closed(position.as_ref(), at) {
        return problem;
    }
    match kind {
        ParseErrorType::VariableUndefined(name) => unknown_variable(name, position, at),
        ParseErrorType::ModuleUndefined(name) => {
            let help = match nearest(name, api::WORDS) {
                Some(near) => format!("did you mean {near}::?"),
                None => format!("import it first: import \"lib/{name}\" as {name};"),
            };
            script(
                format!("unknown module '{name}'"),
                "unknown module",
                position,
                Some(help),
            )
        }
        ParseErrorType::Reserved(word) => {
            let known = habits::of_word(word).map(str::to_owned);
            let symbol = word
                .chars()
                .next()
                .filter(|c| !c.is_alphabetic())
                .and_then(habits::of_character);
            let help = match () {
                () if symbol.is_some() => symbol,
                () if at.follows(".") => Some(format!("for a key of this name write: [\"{word}\"]")),
                () if at.after_word() == Some(':') => Some(format!("as a key it needs quotes: \"{word}\": …")),
                () if known.is_some() => known,
                () if word.starts_with(char::is_alphabetic) => Some(format!("take another name: `my_{word}`")),
                () => None,
            };
            let what = match word.starts_with(char::is_alphabetic) {
                true => format!("'{word}' is a reserved word"),
                false => format!("'{word}' has no meaning here"),
            };
            script(what, "not understood here", position, help)
        }
        ParseErrorType::PropertyExpected => {
            let word = at.word();
            let help = match () {
                () if word.is_empty() => None,
                () if at.follows(".") || at.follows(". ") => Some(format!(
                    "'{word}' is a reserved word; for a key of this name write: [\"{word}\"]"
                )),
                () => Some(format!(
                    "'{word}' is a reserved word; as a key it needs quotes: \"{word}\": …"
                )),
            };
            script(
                "the name of a key is missing".to_owned(),
                "not understood here",
                position,
                help,
            )
        }
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => script(
            "a text in single quotes".to_owned(),
            "here",
            position,
            habits::of_character('\''),
        ),
        ParseErrorType::BadInput(LexError::UnexpectedInput(what)) => {
            let c = what.chars().next().unwrap_or(' ');
            script(
                format!("unexpected '{what}'"),
                "not understood here",
                position,
                habits::of_character(c),
            )
        }
        other => {
            let help = foreign_word_before(at);
            script(other.to_string(), "not understood here", position, help)
        }
    }
}

/// Where the text ends in the middle of something: the bracket that is not closed.
fn never_closed(position: Option<&Position>, at: &Written<'_>) -> Option<RecipeError> {
    if !at.code_after().trim().is_empty() {
        return None;
    }
    let code = scan::code_of(at.text);
    let (open, found) = ['{', '(', '[']
        .iter()
        .find_map(|open| Some((open, scan::never_closed(&code, *open)?)))?;
    let close = match open {
        '{' => '}',
        '(' => ')',
        _ => ']',
    };
    let (line, column) = scan::place_of(&code, found);
    let position = position.cloned().map(|position| Position {
        line,
        column,
        ..position
    });
    let help = format!("add the missing '{close}'");
    Some(script(
        format!("this '{open}' is never closed"),
        "opened here",
        position,
        Some(help),
    ))
}

/// Where Rhai stumbles over what follows a word of another language: the hint for that word.
fn foreign_word_before(at: &Written<'_>) -> Option<String> {
    if let Some(hint) = habits::of_word(&at.word()) {
        return Some(hint.to_owned());
    }
    let code = at.code_before();
    let line = code.rsplit('\n').next().unwrap_or_default();
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let last = words.rfind(|word| !word.is_empty())?;
    if last == "f" && at.after().first() == Some(&'"') {
        return Some(F_STRING.to_owned());
    }
    habits::of_word(last).map(str::to_owned)
}
