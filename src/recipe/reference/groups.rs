//! The whole reference, in its order.

use super::builtin::builtin;
use super::function::Function;
use super::given::given;
use super::library::{library, module};
use super::primitives::functions;
use rhai::Engine;

/// The groups of the reference in their order, each with its heading and what it has.
pub fn groups(engine: &Engine) -> Vec<(String, Vec<Function>)> {
    let mut groups: Vec<(String, Vec<Function>)> = Vec::new();
    let mut all = functions(engine);
    all.sort_by_key(|function| {
        let first = PRIMITIVES.iter().position(|group| *group == function.group);
        (first.unwrap_or(PRIMITIVES.len()), function.group.clone())
    });
    all.extend(given());
    all.extend(library().into_iter().flat_map(|module| module.functions));
    all.extend(builtin(engine));
    for function in all {
        match groups.iter_mut().find(|(group, _)| *group == function.group) {
            Some((_, functions)) => functions.push(function),
            None => groups.push((function.group.clone(), vec![function])),
        }
    }
    groups
}

/// The groups of primitives that come first; the others follow by name.
const PRIMITIVES: [&str; 3] = ["ssh", "step", "recipe"];

/// Everything, group by group.
pub fn all(engine: &Engine) -> Vec<Function> {
    groups(engine)
        .into_iter()
        .flat_map(|(_, functions)| functions)
        .collect()
}

/// What a group is, as a heading says it.
pub fn heading(group: &str) -> String {
    match group {
        "ssh" => "Steps: what a plan does".to_owned(),
        "step" => "Steps: how they run (called on a step)".to_owned(),
        "recipe" => "Everywhere in a recipe".to_owned(),
        "facts" => "What is read from the server".to_owned(),
        "server" => "What the inventory has of the server".to_owned(),
        "params" => "What the recipe was given".to_owned(),
        "text" => "Rhai: texts".to_owned(),
        "list" => "Rhai: lists".to_owned(),
        "map" => "Rhai: maps".to_owned(),
        "number" => "Rhai: numbers".to_owned(),
        "value" => "Rhai: values of any type".to_owned(),
        group => match module(group) {
            Some(module) => format!("{group}: {}", module.description),
            None => format!("`{group}`"),
        },
    }
}
