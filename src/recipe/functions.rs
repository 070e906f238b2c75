//! The functions that a recipe can call: infrakt's and Rhai's own, by the engine, and those of scripts, by their text.

use super::scan::code_of;
use rhai::{Engine, FnPtr, FuncInfo, FuncMetadata};
use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

/// A function that a script defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    pub name: String,
    pub parameters: Vec<String>,
    pub private: bool,
}

impl Defined {
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.parameters.join(", "))
    }
}

/// The functions that a script defines, in their order.
pub fn defined_in(text: &str) -> Vec<Defined> {
    let code: String = code_of(text).into_iter().collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let (before, after) = code.split_at_checked(at).unwrap_or_default();
        let begins_word = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let after = after.strip_prefix("fn ").unwrap_or_default();
        let Some((name, parameters)) = after.split_once('(').filter(|_| begins_word) else {
            continue;
        };
        let name = name.trim();
        let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let Some((parameters, _)) = parameters.split_once(')').filter(|_| valid) else {
            continue;
        };
        let parameters = parameters.split(',').map(str::trim).filter(|name| !name.is_empty());
        found.push(Defined {
            name: name.to_owned(),
            parameters: parameters.map(str::to_owned).collect(),
            private: before.trim_end().ends_with("private"),
        });
    }
    found
}

/// infrakt's and Rhai's functions, with the numbers of their parameters: `ssh::run`, `len`.
pub fn built_in(engine: &Engine) -> BTreeMap<String, BTreeSet<usize>> {
    let name_and_count = |function: FuncInfo<'_>| {
        let FuncMetadata { name, num_params, .. } = function.metadata;
        let name = match function.namespace.as_str() {
            _ if !is_word(name) => return None,
            "" => name.to_string(),
            module => format!("{module}::{name}"),
        };
        Some((name, *num_params))
    };
    // Their signatures would say it too, but writing all of them takes longer than evaluating a recipe.
    by_name(engine.collect_fn_metadata(None, name_and_count, true))
}

/// Whether a function or an operator of infrakt's or Rhai's has this name.
pub fn is_built_in(engine: &Engine, name: &str) -> bool {
    let (module, bare) = name.rsplit_once("::").unwrap_or(("", name));
    let has_name = |function: FuncInfo<'_>| {
        let found = function.metadata.name == bare && function.namespace == module;
        found.then_some(())
    };
    !engine.collect_fn_metadata(None, has_name, true).is_empty()
}

/// The functions that can be called without a module's name, with the numbers of their parameters, but for those of
/// function pointers, such as `name`: the library calls none of them, and authors use such names.
pub fn callable_alone(engine: &Engine) -> BTreeMap<String, BTreeSet<usize>> {
    let name_and_count = |function: FuncInfo<'_>| {
        let of_function = function.metadata.param_types.first() == Some(&TypeId::of::<FnPtr>());
        let alone = function.namespace.is_empty() && is_word(&function.metadata.name) && !of_function;
        alone.then(|| (function.metadata.name.to_string(), function.metadata.num_params))
    };
    by_name(engine.collect_fn_metadata(None, name_and_count, true))
}

fn by_name(functions: Vec<(String, usize)>) -> BTreeMap<String, BTreeSet<usize>> {
    let mut known: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (name, count) in functions {
        known.entry(name).or_default().insert(count);
    }
    known
}

/// Whether a function is called by its name: not an operator, and not the reading or setting of a property.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !name.contains('$')
}

#[cfg(test)]
mod tests {
    use super::defined_in;

    #[test]
    fn functions_are_found_in_code_only() {
        let text = "// fn a() {}\n/// Doc\nfn one(a, b) { \"fn c()\" }\nprivate fn two() {}\nlet f = |x| x;\n";
        let found: Vec<(String, bool)> = defined_in(text).iter().map(|f| (f.signature(), f.private)).collect();
        assert_eq!(found, [("one(a, b)".to_owned(), false), ("two()".to_owned(), true)]);
    }
}
