//! The name of a type means one thing in the crate.

use crate::source::sources;
use std::collections::BTreeMap;

/// Names that stay with two types, each in a room of its own that never meets the other.
const ALLOWED: [(&str, &str); 3] = [
    (
        "Obstacle",
        "in the facts, as recipes see it; and at a login, in an error",
    ),
    (
        "Problem",
        "of a recipe, inside of recipe; and of a request, inside of http",
    ),
    ("Terminal", "that asks, in prompt; and that reports, inside of reporter"),
];

#[test]
fn the_name_of_a_type_means_one_thing() {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for line in source.lines() {
            // What is defined inside of an `impl`, as `type Err`, belongs to its trait.
            if line.code.starts_with(' ') {
                continue;
            }
            let mut words = line.code.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| ["struct", "enum", "trait", "type"].contains(&word))
                && let Some(name) = words.next().filter(|name| name.starts_with(char::is_uppercase))
            {
                let place = format!("src/{}:{}", source.path, line.number);
                defined.entry(name.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(defined.len() > 200, "only {} types were found", defined.len());
    let twice: Vec<String> = defined
        .iter()
        .filter(|(name, places)| places.len() > 1 && !ALLOWED.iter().any(|(allowed, _)| allowed == name))
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert!(
        twice.is_empty(),
        "these names mean several things:\n{}",
        twice.join("\n")
    );
    for (name, _) in ALLOWED {
        assert!(
            defined[name].len() > 1,
            "{name} means one thing now: remove it from the list"
        );
    }
}
