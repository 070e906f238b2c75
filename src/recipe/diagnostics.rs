//! Turns Rhai's errors into what an author needs: the position, what is wrong there, and what to write instead.
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "each place was found in the same text before"
)]

pub use super::source_excerpt::render;

use super::api;
use super::draft::Problem;
use super::functions::{Defined, defined_in, is_built_in};
use super::limits::MAX_TIME;
use super::used::Used;
use super::{habits, names, reference, scan};
use crate::error::{Position, RecipeError, nearest};
use crate::facts::Facts;
use crate::plan::Keeper;
use rhai::{Engine, EvalAltResult, LexError, ParseErrorType};
use std::collections::{BTreeMap, BTreeSet};

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
    let at = At {
        text: sources.get(&file).map_or("", |used| used.text.as_str()),
        place: position_in(&file, place, sources),
    };
    let mut explained = match error {
        EvalAltResult::ErrorRuntime(value, _) => match value.clone().try_cast::<Problem>() {
            Some(problem) => {
                let position = position.map(|position| at_line_of(position, problem.line_of.as_deref()));
                problem.into_error(position)
            }
            None => script(format!("the recipe stopped: {value}"), "thrown here", position, None),
        },
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let used = sources.get(&file);
            unknown_function(engine, &signature, position, &|alias| {
                let used = used?;
                let path = imported_as(&used.text, alias)?;
                names::text_of(&path, &file, used, sources).map(defined_in)
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

/// A place in a text, for hints about what is written there.
struct At<'a> {
    text: &'a str,
    place: Option<Position>,
}

impl At<'_> {
    /// The characters of the text, and the place among them.
    fn split(&self) -> (Vec<char>, usize) {
        let text: Vec<char> = self.text.chars().collect();
        let at = self
            .place
            .as_ref()
            .map_or(text.len(), |at| scan::index_of(&text, at.line, at.column));
        (text, at)
    }

    /// Whether these characters stand right before the place.
    fn follows(&self, before: &str) -> bool {
        let (text, at) = self.split();
        let before: Vec<char> = before.chars().collect();
        text[..at].ends_with(&before)
    }

    /// The first character from the end of the word here on that is not a blank.
    fn after_word(&self) -> Option<char> {
        let (text, at) = self.split();
        let rest = text[at..].iter().skip_while(|c| c.is_alphanumeric() || **c == '_');
        rest.copied().find(|c| !c.is_whitespace())
    }

    fn is_in_function(&self) -> bool {
        let (text, at) = self.split();
        let code: String = scan::code_of(self.text).into_iter().take(at.min(text.len())).collect();
        let Some(function) = code.rfind("fn ") else {
            return false;
        };
        let (open, close) = (
            code[function..].matches('{').count(),
            code[function..].matches('}').count(),
        );
        open > close
    }
}

/// Names of types in Rust, as authors know them.
fn words_of_types(message: &str) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("infrakt::recipe::api::step::StepHandle", "step"),
        ("infrakt::recipe::api::parameters::SecretRef", "secret"),
        ("infrakt::recipe::api::parameters::Params", "record of parameters"),
        ("infrakt::recipe::api::given::ServerHandle", "server"),
        ("infrakt::recipe::api::given::FactsHandle", "record of facts"),
        ("infrakt::recipe::draft::Problem", "problem"),
        ("&str | ImmutableString | String", "string"),
        ("ImmutableString", "string"),
        ("alloc::string::String", "string"),
        ("i64", "int"),
        ("f64", "float"),
        ("&str", "string"),
    ];
    let mut message = message.to_owned();
    for (rust, word) in WORDS {
        if message.contains(rust) {
            message = message.replace(rust, word);
        }
    }
    match message.as_str() {
        "Step" => "step".to_owned(),
        "Secret" => "secret".to_owned(),
        _ => message,
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

fn unknown_property(name: &str, position: Option<Position>, at: &At<'_>) -> RecipeError {
    let (text, from) = at.split();
    let before: String = text[..from]
        .iter()
        .rev()
        .take_while(|c| c.is_alphanumeric() || "._?".contains(**c))
        .collect();
    let of_facts = before.chars().rev().collect::<String>().starts_with("facts.");
    let near = of_facts
        .then(names_of_facts)
        .and_then(|names| nearest(name, names.iter().map(String::as_str)).map(str::to_owned));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("if the key may be missing, write x?.{name} ?? \"default\", or x[\"{name}\"], which is () then")
        }
    };
    script(
        format!("'{name}' does not exist here"),
        "unknown property",
        position,
        Some(help),
    )
}

/// The names of all facts, at any depth.
fn names_of_facts() -> BTreeSet<String> {
    fn collect(value: &serde_json::Value, names: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(entries) => entries.iter().for_each(|(name, value)| {
                names.insert(name.clone());
                collect(value, names);
            }),
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::from(["major".to_owned()]);
    let facts = Facts::by_name_or_path("debian-13").ok();
    let value = facts.and_then(|facts| serde_json::to_value(facts).ok());
    collect(&value.unwrap_or_default(), &mut names);
    names
}

/// A property of something that has none of that name.
fn getter(what: &str, position: Option<Position>, at: &At<'_>) -> RecipeError {
    let (text, from) = at.split();
    let name: String = text[from.min(text.len())..]
        .iter()
        .take_while(|c| c.is_alphanumeric() || **c == '_')
        .collect();
    let on_step = what.contains("'Step'");
    let help = match name.as_str() {
        _ if on_step
            && ["stdout", "stderr", "output", "rc", "changed", "failed", "status"].contains(&name.as_str()) =>
        {
            Some(
                "a step runs later, so it has no result yet; ask the server while planning: ssh::query(\"…\")"
                    .to_owned(),
            )
        }
        _ if on_step && !name.is_empty() => Some(format!("what a step can do is called with brackets: .{name}(…)")),
        _ => None,
    };
    let message = match on_step {
        true => format!("a step has no property '{name}'"),
        false => what.to_owned(),
    };
    script(message, "here", position, help)
}

fn parsing(kind: &ParseErrorType, position: Option<Position>, at: &At<'_>) -> RecipeError {
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
            let (text, from) = at.split();
            let word: String = text[from.min(text.len())..]
                .iter()
                .take_while(|c| c.is_alphanumeric())
                .collect();
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
fn never_closed(position: Option<&Position>, at: &At<'_>) -> Option<RecipeError> {
    let code = scan::code_of(at.text);
    let (_, from) = at.split();
    if !code[from.min(code.len())..].iter().all(|c| c.is_whitespace()) {
        return None;
    }
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
fn foreign_word_before(at: &At<'_>) -> Option<String> {
    let (text, from) = at.split();
    let line_start = text[..from].iter().rposition(|c| *c == '\n').map_or(0, |end| end + 1);
    let line: String = scan::code_of(at.text)[line_start..from].iter().collect();
    let here: String = text[from..].iter().take_while(|c| c.is_alphanumeric()).collect();
    if let Some(hint) = habits::of_word(&here) {
        return Some(hint.to_owned());
    }
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let last = words.rfind(|word| !word.is_empty())?;
    if last == "f" && text.get(from) == Some(&'"') {
        return Some(F_STRING.to_owned());
    }
    habits::of_word(last).map(str::to_owned)
}

const F_STRING: &str = "a text with values stands in backticks: `port ${port}`";

fn unknown_variable(name: &str, position: Option<Position>, at: &At<'_>) -> RecipeError {
    let code: String = scan::code_of(at.text).into_iter().collect();
    let declared = |word: &str| {
        let declared = format!("{word} {name}");
        code.match_indices(&declared)
            .any(|(at, _)| code[at + declared.len()..].starts_with(|c: char| !(c.is_alphanumeric() || c == '_')))
    };
    let next_is_quote = {
        let (text, from) = at.split();
        matches!(text.get(from + name.chars().count()), Some('"' | '\''))
    };
    let help = match nearest(name, ["server", "facts", "params"]) {
        _ if ["f", "r", "b"].contains(&name) && next_is_quote => F_STRING.to_owned(),
        _ if at.follows("${") => format!(
            "in backticks, ${{…}} is a value of the recipe; for the shell's variable write \\${{{name}}} there, or put the text in double quotes"
        ),
        _ if habits::of_word(name).is_some() => habits::of_word(name).unwrap_or_default().to_owned(),
        _ if at.is_in_function() && declared("const") => {
            format!("a function does not see it by this name: write global::{name}")
        }
        _ if at.is_in_function() && declared("let") => {
            format!(
                "a function does not see variables from outside: pass it as an argument, or declare `const {name}` and write global::{name}"
            )
        }
        _ if at.after_word() == Some(':') && at.follows("{ ") => format!("a map is written as: #{{ {name}: … }}"),
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

/// The path that a file imports by a name.
fn imported_as(text: &str, alias: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line
            .trim_start()
            .strip_prefix("import")?
            .trim_start()
            .strip_prefix('"')?;
        let (path, rest) = rest.split_once('"')?;
        let name = rest.trim_start().strip_prefix("as ")?.trim();
        (name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next() == Some(alias)).then(|| path.to_owned())
    })
}

/// `ssh::rnu (&str, i64)` is what Rhai says of a call that fits nothing.
fn unknown_function(
    engine: &Engine,
    signature: &str,
    position: Option<Position>,
    module: &dyn Fn(&str) -> Option<Vec<Defined>>,
) -> RecipeError {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let name = name.trim();
    let mut functions: Vec<(String, String)> = reference::functions(engine)
        .into_iter()
        .map(|function| (function.name, function.signature))
        .collect();
    if let Some((alias, _)) = name.split_once("::")
        && let Some(defined) = module(alias)
    {
        functions.retain(|(name, _)| !name.starts_with(&format!("{alias}::")));
        let public = defined.iter().filter(|function| !function.private);
        functions.extend(public.map(|function| {
            (
                format!("{alias}::{}", function.name),
                format!("{alias}::{}", function.signature()),
            )
        }));
    }
    let forms: Vec<&str> = functions
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, signature)| signature.as_str())
        .collect();
    if !forms.is_empty() {
        let given = words_of_types(arguments.trim_end_matches(')'));
        let given = if given.is_empty() { "nothing".to_owned() } else { given };
        return script(
            format!("`{name}` does not take ({given})"),
            "with these arguments",
            position,
            Some(format!("use: {}", forms.join("  or  "))),
        );
    }
    let given = words_of_types(arguments.trim_end_matches(')'));
    if is_built_in(engine, name) {
        return match position.as_ref().is_some_and(|position| position.inside.is_some()) {
            true => script(
                format!("a value in this call is of the wrong type: `{name}` does not take ({given})"),
                "with these values",
                position,
                Some("the function's comment says what it takes, with an example".to_owned()),
            ),
            false => script(
                format!("`{name}` does not take ({given})"),
                "with these arguments",
                position,
                None,
            ),
        };
    }
    let bare = name.rsplit("::").next().unwrap_or(name);
    let own_names = name.split_once("::").map(|(alias, _)| format!("{alias}::"));
    let candidates = functions.iter().map(|(name, _)| name.as_str());
    let near = match &own_names {
        Some(prefix) => nearest(
            name,
            candidates.filter(|candidate| candidate.starts_with(prefix.as_str())),
        ),
        None => nearest(name, candidates),
    };
    let help = match (near, habits::of_function(bare)) {
        (_, Some(habit)) if own_names.is_none() => habit.to_owned(),
        (Some(near), _) => format!("did you mean `{near}`?"),
        _ => match &own_names {
            Some(prefix) if functions.iter().any(|(name, _)| name.starts_with(prefix.as_str())) => {
                let names: Vec<&str> = functions
                    .iter()
                    .filter_map(|(name, _)| name.strip_prefix(prefix.as_str()))
                    .collect();
                format!("it has {}", names.join(", "))
            }
            _ => "list the functions: infrakt recipe docs".to_owned(),
        },
    };
    script(
        format!("unknown function `{name}`"),
        "unknown function",
        position,
        Some(help),
    )
}
