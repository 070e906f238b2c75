//! Turns Rhai's errors into what an author needs: the position, what is wrong there, and what to write instead.

use super::api;
use super::draft::Problem;
use super::limits::MAX_TIME;
use super::reference;
use super::used::Used;
use crate::error::{Position, RecipeError, nearest};
use crate::plan::printable::{one_line, printable};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use rhai::{Engine, EvalAltResult, ParseErrorType};
use std::collections::BTreeMap;

/// Turns an error of Rhai into one with its file, line and help.
pub fn explain(engine: &Engine, error: EvalAltResult, main: &str, sources: &BTreeMap<String, Used>) -> RecipeError {
    let mut file = main.to_owned();
    let mut error = error;
    // An error inside of functions and imports is wrapped once for each; the innermost names the place.
    loop {
        error = match error {
            EvalAltResult::ErrorInFunctionCall(_, source, inner, _) => {
                if sources.contains_key(&source) {
                    file = source;
                }
                *inner
            }
            EvalAltResult::ErrorInModule(name, inner, _) => {
                if sources.contains_key(&name) {
                    file = name;
                }
                *inner
            }
            innermost => {
                error = innermost;
                break;
            }
        };
    }
    let place = error.take_position();
    let position = sources.get(&file).filter(|_| !place.is_none()).map(|source| Position {
        line: place.line().unwrap_or(1),
        column: place.position().unwrap_or(0),
        file: file.clone(),
        source: source.text.clone(),
    });
    match error {
        EvalAltResult::ErrorRuntime(value, _) => match value.clone().try_cast::<Problem>() {
            Some(problem) => problem.into_error(position),
            None => script(format!("the recipe stopped: {value}"), "thrown here", position, None),
        },
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(engine, &signature, position),
        EvalAltResult::ErrorVariableNotFound(name, _) => unknown_variable(&name, position),
        EvalAltResult::ErrorPropertyNotFound(name, _) => script(
            format!("'{name}' does not exist here"),
            "unknown property",
            position,
            Some("list what recipes can use: infrakt recipe docs".to_owned()),
        ),
        EvalAltResult::ErrorTooManyOperations(_) => script(
            "the recipe does not end: it was stopped after two million operations".to_owned(),
            "still running here",
            position,
            Some("check the loop around this line".to_owned()),
        ),
        EvalAltResult::ErrorTerminated(..) => script(
            format!(
                "the recipe takes too long: it was stopped after {} s of processor time",
                MAX_TIME.as_secs()
            ),
            "still running here",
            position,
            Some("check the loop around this line, and long texts".to_owned()),
        ),
        EvalAltResult::ErrorDataTooLarge(what, _) => script(
            format!("the recipe exceeds a limit: {}", what.to_lowercase()),
            "grows here",
            position,
            Some("a list or map has at most 10000 entries, a text at most 8 MiB".to_owned()),
        ),
        EvalAltResult::ErrorStackOverflow(_) => script(
            "functions call each other too deeply".to_owned(),
            "too deep here",
            position,
            Some("check for a function that calls itself".to_owned()),
        ),
        EvalAltResult::ErrorParsing(kind, _) => parsing(&kind, position),
        other => script(other.to_string(), "", position, None),
    }
}

fn script(message: String, label: &str, position: Option<Position>, help: Option<String>) -> RecipeError {
    RecipeError::Script {
        message,
        label: label.to_owned(),
        position,
        help,
    }
}

fn parsing(kind: &ParseErrorType, position: Option<Position>) -> RecipeError {
    match kind {
        ParseErrorType::VariableUndefined(name) => unknown_variable(name, position),
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
        other => script(other.to_string(), "not understood here", position, None),
    }
}

fn unknown_variable(name: &str, position: Option<Position>) -> RecipeError {
    let help = match nearest(name, ["server", "facts", "params"]) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("declare it first: let {name} = …; (text is written in quotes: \"{name}\")"),
    };
    script(
        format!("unknown variable '{name}'"),
        "unknown variable",
        position,
        Some(help),
    )
}

/// `ssh::rnu (&str, i64)` is what Rhai says of a call that fits nothing.
fn unknown_function(engine: &Engine, signature: &str, position: Option<Position>) -> RecipeError {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let name = name.trim();
    let functions = reference::functions(engine);
    let forms: Vec<String> = functions
        .iter()
        .filter(|function| function.name == name)
        .map(|function| function.signature.clone())
        .collect();
    if !forms.is_empty() {
        let given = arguments
            .trim_end_matches(')')
            .replace("&str | ImmutableString | String", "string")
            .replace("i64", "int");
        let given = if given.is_empty() { "nothing".to_owned() } else { given };
        return script(
            format!("`{name}` does not take ({given})"),
            "with these arguments",
            position,
            Some(format!("use: {}", forms.join("  or  "))),
        );
    }
    let help = match nearest(name, functions.iter().map(|function| function.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "list the functions: infrakt recipe docs".to_owned(),
    };
    script(
        format!("unknown function `{name}`"),
        "unknown function",
        position,
        Some(help),
    )
}

/// The error as people read it, with the source line and a caret; in colours where `styled`.
pub fn render(error: &RecipeError, styled: bool) -> Option<String> {
    let (position, label) = error.place()?;
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
    let title = Level::ERROR.primary_title(printable(&error.to_string()).into_owned());
    let (label, file) = (printable(label), one_line(&position.file));
    let annotation = AnnotationKind::Primary.span(from..to);
    let annotation = if label.is_empty() {
        annotation
    } else {
        annotation.label(label.as_ref())
    };
    let snippet = Snippet::source(shown.as_str())
        .line_start(position.line.max(1))
        .path(file.as_ref())
        .annotation(annotation);
    let mut report: Vec<Group<'_>> = vec![title.element(snippet)];
    let hint = error.help().map(|help| printable(&help).into_owned());
    if let Some(help) = &hint {
        report.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    Some(renderer.render(&report).to_string())
}
