//! Turns Rhai's errors into what an author needs: the position, what is wrong there, and what to write instead.

mod calls;
mod message;
mod names;
mod parsing;
mod written;

pub use super::source_excerpt::render;

use super::draft::Problem;
use super::functions::defined_in;
use super::limits::MAX_TIME;
use super::names::text_of;
use super::used::Used;
use crate::error::{Position, RecipeError};
use crate::plan::Keeper;
use calls::{imported_as, unknown_function};
use message::{script, words_of_types};
use names::{getter, unknown_property, unknown_variable};
use parsing::parsing;
use rhai::{Engine, EvalAltResult};
use std::collections::BTreeMap;
use written::Written;

/// Turns an error of Rhai into one with its file, line and help.
pub fn explain(engine: &Engine, error: EvalAltResult, main: &str, sources: &BTreeMap<String, Used>) -> RecipeError {
    let known = |name: String| sources.contains_key(&name).then_some(name);
    let mut file = main.to_owned();
    let mut error = error;
    // Where each call was made that led to the error, from the recipe inwards.
    let mut calls: Vec<(String, rhai::Position)> = Vec::new();
    loop {
        error = match error {
            EvalAltResult::ErrorInFunctionCall(_, source, inner, place) => {
                calls.push((file.clone(), place));
                file = known(source).unwrap_or(file);
                *inner
            }
            EvalAltResult::ErrorInModule(name, inner, place) => {
                calls.push((file.clone(), place));
                file = known(name).unwrap_or(file);
                *inner
            }
            innermost => {
                error = innermost;
                break;
            }
        };
    }
    let place = error.take_position();
    let position = own_call(&file, place, &calls, sources);
    let at = Written {
        text: sources.get(&file).map_or("", |used| used.text.as_str()),
        place: position_in(&file, place, sources),
    };
    let mut explained = match error {
        EvalAltResult::ErrorRuntime(value, _) => match value.clone().try_cast::<Problem>() {
            Some(problem) => {
                let position = position.map(|position| at_line_of(position, problem.line_of.as_deref()));
                problem.into_error(position)
            }
            None => Problem::new(format!("the recipe stopped: {value}"))
                .label("thrown here")
                .into_error(position),
        },
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let used = sources.get(&file);
            unknown_function(engine, &signature, position, &|alias| {
                let used = used?;
                let path = imported_as(&used.text, alias)?;
                text_of(&path, &file, used, sources).map(defined_in)
            })
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => unknown_variable(&name, position, &at),
        EvalAltResult::ErrorPropertyNotFound(name, _) => unknown_property(&name, position, &at),
        EvalAltResult::ErrorDotExpr(what, _) => getter(&what, position, &at),
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
        EvalAltResult::ErrorMismatchDataType(wanted, given, _) => {
            let help = (words_of_types(&given) == "step").then(|| {
                "a step runs later, so its result is not known here; ask the server with ssh::query(\"…\")".to_owned()
            });
            let message = format!(
                "a {} is needed here, and this is a {}",
                words_of_types(&wanted),
                words_of_types(&given)
            );
            script(message, "here", position, help)
        }
        EvalAltResult::ErrorParsing(kind, _) => parsing(&kind, position, &at),
        other => script(other.to_string(), "", position, None),
    };
    if let RecipeError::Script { message, .. } = &mut explained {
        *message = words_of_types(message);
    }
    explained
}

/// The innermost place in a file of the author's own; with it, the line of a shipped module if the error arose there.
fn own_call(
    file: &str,
    place: rhai::Position,
    calls: &[(String, rhai::Position)],
    sources: &BTreeMap<String, Used>,
) -> Option<Position> {
    let position = position_in(file, place, sources);
    let is_shipped = |file: &str| {
        sources
            .get(file)
            .is_some_and(|used| used.module.kept_by == Keeper::Shipped)
    };
    if !is_shipped(file) {
        return position;
    }
    let own = calls
        .iter()
        .rev()
        .find(|(file, place)| !is_shipped(file) && !place.is_none());
    match own.and_then(|(file, place)| position_in(file, *place, sources)) {
        Some(own) => Some(Position {
            inside: position.map(Box::new),
            ..own
        }),
        None => position,
    }
}

/// The place of a line that the author's file has once; otherwise the place as it is.
fn at_line_of(position: Position, line: Option<&str>) -> Position {
    let lines = position.source.lines().enumerate();
    let mut found = lines.filter(|(_, text)| line.is_some_and(|line| !line.is_empty() && text.contains(line)));
    match (found.next(), found.next()) {
        (Some((at, text)), None) => {
            let column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
            Position {
                line: at + 1,
                column,
                ..position
            }
        }
        _ => position,
    }
}

fn position_in(file: &str, place: rhai::Position, sources: &BTreeMap<String, Used>) -> Option<Position> {
    let used = sources.get(file).filter(|_| !place.is_none())?;
    let line = place.line().unwrap_or(1);
    Some(Position {
        line,
        column: place.position().map_or(0, |column| used.shifts.back(line, column)),
        file: file.to_owned(),
        source: used.text.clone(),
        inside: None,
    })
}
