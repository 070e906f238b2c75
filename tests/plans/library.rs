//! The library tells how it is used: every function is documented, and every example works.

use crate::support::{evaluate_text, shown};
use infrakt::recipe::{Library, shipped_library};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of each function that recipes can call, with the comment above it.
fn functions(source: &str) -> Vec<(String, String)> {
    let mut comment = String::new();
    let mut functions = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment.push_str(text.strip_prefix(' ').unwrap_or(text));
            comment.push('\n');
        } else {
            if let Some((name, _)) = line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
                functions.push((name.to_owned(), comment.clone()));
            }
            comment.clear();
        }
    }
    functions
}

#[test]
fn every_module_and_function_is_documented_and_every_example_works() {
    let mut seen = 0;
    for module in shipped_library() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("recipes")
            .join(format!("{module}.rhai"));
        let source = std::fs::read_to_string(path).expect("the module is read");
        assert!(source.starts_with("//! "), "{module} does not say what it is for");
        for (name, comment) in functions(&source) {
            let (description, example) = comment.split_once("# Example\n").unwrap_or((&comment, ""));
            assert!(description.trim().len() > 20, "{module}::{name} has no description");
            let example: String = example
                .lines()
                .filter(|line| !line.starts_with("```"))
                .map(|line| format!("{line}\n"))
                .collect();
            assert!(
                example.contains(&name),
                "the example of {module}::{name} does not show it"
            );
            evaluate_text(&example)
                .unwrap_or_else(|error| panic!("the example of {module}::{name}:\n{}", shown(&error)));
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} functions were seen");
}

/// Rhai remembers which function an unqualified name meant, and forgets it at no border of a module: after one module has
/// called its `check` twice, another one's `check` with as many arguments would be the first one's.
#[test]
fn no_two_modules_call_functions_of_their_own_by_the_same_name() {
    let mut callers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in shipped_library() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("recipes")
            .join(format!("{module}.rhai"));
        let source = std::fs::read_to_string(path).expect("the module is read");
        let code: Vec<&str> = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let defined = |line: &&str| {
            let rest = line.strip_prefix("private ").unwrap_or(line).strip_prefix("fn ")?;
            rest.split_once('(').map(|(name, _)| name.to_owned())
        };
        for name in code.iter().filter_map(defined) {
            let called = code.iter().any(|line| {
                line.match_indices(&format!("{name}(")).any(|(at, _)| {
                    let before = line.get(..at).unwrap_or_default();
                    !before.ends_with("fn ") && !before.ends_with(|c: char| c.is_alphanumeric() || "_.:".contains(c))
                })
            });
            if called {
                callers.entry(name).or_default().insert(module.clone());
            }
        }
    }
    callers.retain(|_, modules| modules.len() > 1);
    assert!(callers.is_empty(), "{callers:?}");
}

#[test]
fn a_recipe_says_in_its_first_line_what_it_does() {
    for name in ["wipe", "provision"] {
        let recipe = Library::new("/nonexistent").find_named(name).expect("a shipped recipe");
        assert!(recipe.text.starts_with("//! "), "{name}");
    }
}
