//! Definitions for editors with a language server for Rhai (`.d.rhai`): signatures and comments, without bodies.

use super::function::Function;
use super::groups::all;
use rhai::Engine;
use std::collections::BTreeMap;

/// The primitives, the library under the names by which its modules are usually imported, and what a recipe is given; not
/// what Rhai brings, which a language server knows itself.
pub fn definitions(engine: &Engine) -> String {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    let given = ["facts", "server", "params"];
    for function in all(engine) {
        if given.contains(&function.group.as_str()) || RHAI.contains(&function.group.as_str()) {
            continue;
        }
        let (module, name) = function.name.rsplit_once("::").unwrap_or(("", &function.name));
        let indent = if module.is_empty() { "" } else { "    " };
        let text = modules.entry(module.to_owned()).or_default();
        text.push_str(&comment(&function, indent));
        let arguments = function.signature.strip_prefix(&function.name).unwrap_or_default();
        text.push_str(&format!("{indent}fn {name}{};\n\n", typed(arguments)));
    }
    let global = modules.remove("").unwrap_or_default();
    let given = "let server: Server;\n\nlet facts: Facts;\n\nlet params: Parameters;\n\n";
    modules.iter().fold(
        format!("module static;\n\n{given}{global}"),
        |text, (name, functions)| format!("{text}module {name} {{\n{}\n}}\n\n", functions.trim_end_matches('\n')),
    )
}

const RHAI: [&str; 5] = ["text", "list", "map", "number", "value"];

fn comment(function: &Function, indent: &str) -> String {
    let text = format!(
        "{}\n\n# Example\n```rhai\n{}\n```",
        function.description, function.example
    );
    text.lines()
        .map(|line| format!("{indent}///{}{line}\n", if line.is_empty() { "" } else { " " }))
        .collect()
}

/// Arguments and result with the types that such files have. A function of the library declares none: it takes any.
fn typed(arguments: &str) -> String {
    let any = arguments.replace(": value", ": ?").replace("-> value", "-> ?");
    let typed = any.replace(": list", ": array").replace("-> list", "-> array");
    match typed.split_once(')') {
        Some((names, rest)) if !names.contains(':') && names != "(" => {
            let names: Vec<String> = names
                .trim_start_matches('(')
                .split(',')
                .map(|name| format!("{}: ?", name.trim()))
                .collect();
            format!("({}){rest}", names.join(", "))
        }
        _ => typed,
    }
}
