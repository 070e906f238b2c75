//! The primitives, with their doc comments.

use super::function::Function;
use super::metadata::{Metadata, ReferenceEntry};
use rhai::Engine;

/// Functions that only refuse, or implement an operator: recipes don't call them by name.
fn is_internal(entry: &ReferenceEntry) -> bool {
    entry.name.contains('$')
        || !entry.name.starts_with(|c: char| c.is_ascii_alphabetic())
        || entry.doc_comments.is_empty()
            && ["sleep", "timestamp", "to_string", "to_debug", "print", "debug"].contains(&entry.name.as_str())
}

/// Every primitive, sorted by name. Rhai gives overloads unordered and hashes that differ from run to run; neither is
/// part of this.
pub fn functions(engine: &Engine) -> Vec<Function> {
    let mut functions = Vec::new();
    collect("", &Metadata::of(engine, false), &mut functions);
    functions.sort();
    functions.dedup();
    functions
}

fn collect(prefix: &str, metadata: &Metadata, functions: &mut Vec<Function>) {
    for entry in metadata.functions.iter().filter(|entry| !is_internal(entry)) {
        let group = match (prefix.strip_suffix("::"), entry.kinds().next()) {
            (Some(module), _) => module,
            (None, Some("Step")) => "step",
            (None, Some("Server")) => "server",
            (None, Some("Facts" | "FactsHandle")) => "facts",
            (None, _) => "recipe",
        };
        functions.push(entry.function(prefix, group));
    }
    for (name, module) in &metadata.modules {
        collect(&format!("{prefix}{name}::"), module, functions);
    }
}
