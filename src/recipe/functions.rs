//! The functions that a recipe can call: infrakt's and Rhai's own, by the engine, and those of scripts, by their text.
#![expect(clippy::string_slice, reason = "each place was found in the same text before")]

use super::scan::code_of;
use rhai::Engine;
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
        let before = code[..at].trim_end();
        let begins_word = code[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
        let rest = code[at + 3..].trim_start();
        let Some((name, parameters)) = rest.split_once('(').filter(|_| begins_word) else {
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
            private: before.ends_with("private"),
        });
    }
    found
}

/// infrakt's and Rhai's functions, with the numbers of their parameters: `ssh::run`, `len`.
pub fn built_in(engine: &Engine) -> BTreeMap<String, BTreeSet<usize>> {
    let mut known: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for signature in engine.gen_fn_signatures(true) {
        if let Some((name, count)) = name_and_count(&signature) {
            known.entry(name.to_owned()).or_default().insert(count);
        }
    }
    known
}

/// `len(list: Array) -> int` is `len` with one parameter.
pub fn name_and_count(signature: &str) -> Option<(&str, usize)> {
    let (name, parameters) = signature.split_once('(')?;
    let parameters = parameters
        .split_once(')')
        .map_or("", |(parameters, _)| parameters)
        .trim();
    let count = match parameters.is_empty() {
        true => 0,
        false => parameters.split(',').count(),
    };
    Some((name.trim(), count))
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
