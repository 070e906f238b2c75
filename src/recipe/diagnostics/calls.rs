//! Explains calls of functions that do not exist, or do not take what they are given.

use super::message::{script, words_of_types};
use crate::error::{Position, RecipeError, nearest};
use crate::recipe::functions::{Defined, is_built_in};
use crate::recipe::{habits, reference};
use rhai::Engine;

/// `ssh::rnu (&str, i64)` is what Rhai says of a call that fits nothing.
pub(super) fn unknown_function(
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
    let given = words_of_types(arguments.trim_end_matches(')'));
    let given = if given.is_empty() { "nothing".to_owned() } else { given };
    if !forms.is_empty() || is_built_in(engine, name) {
        // What the library calls with it is of no use to the author.
        if position.as_ref().is_some_and(|position| position.inside.is_some()) {
            return script(
                format!("a value in this call is of the wrong type: `{name}` does not take ({given})"),
                "with these values",
                position,
                Some("the function's comment says what it takes, with an example".to_owned()),
            );
        }
        let forms = (!forms.is_empty()).then(|| format!("use: {}", forms.join("  or  ")));
        return script(
            format!("`{name}` does not take ({given})"),
            "with these arguments",
            position,
            forms,
        );
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

/// The path that a file imports by a name.
pub(super) fn imported_as(text: &str, alias: &str) -> Option<String> {
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
