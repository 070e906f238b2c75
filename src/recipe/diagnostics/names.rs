//! Explains names of variables, keys and properties that do not exist.

use super::message::script;
use super::written::Written;
use crate::error::{Position, RecipeError, nearest};
use crate::facts::Facts;
use crate::recipe::{habits, scan};
use std::collections::BTreeSet;

pub(super) fn unknown_variable(name: &str, position: Option<Position>, at: &Written<'_>) -> RecipeError {
    let code: String = scan::code_of(at.text).into_iter().collect();
    let declared = |word: &str| {
        let declared = format!("{word} {name}");
        code.split(&declared)
            .skip(1)
            .any(|after| after.starts_with(|c: char| !(c.is_alphanumeric() || c == '_')))
    };
    let next_is_quote = matches!(at.after().get(name.chars().count()), Some('"' | '\''));
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

/// For a text as Python writes it: f"…".
pub(super) const F_STRING: &str = "a text with values stands in backticks: `port ${port}`";

pub(super) fn unknown_property(name: &str, position: Option<Position>, at: &Written<'_>) -> RecipeError {
    let before: String = at.before().into_iter().collect();
    let path = before
        .rsplit(|c: char| !(c.is_alphanumeric() || "._?".contains(c)))
        .next();
    let of_facts = path.is_some_and(|path| path.starts_with("facts."));
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
pub(super) fn getter(what: &str, position: Option<Position>, at: &Written<'_>) -> RecipeError {
    let name = at.word();
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
