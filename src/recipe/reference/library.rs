//! The modules of the shipped library, with the comments of their functions.

use super::function::Function;
use super::metadata::split;
use crate::recipe::shipped::{shipped, shipped_library};

/// A module of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// As it is imported: `lib/apt`.
    pub name: String,
    /// What it is for: its first comment.
    pub description: String,
    pub functions: Vec<Function>,
    pub source: &'static str,
}

/// All modules, by name.
pub fn library() -> Vec<Module> {
    shipped_library().iter().filter_map(|name| module(name)).collect()
}

/// The module of this name, with or without `lib/` and `.rhai`.
pub fn module(name: &str) -> Option<Module> {
    let stem = name.strip_suffix(".rhai").unwrap_or(name);
    let bare = stem.strip_prefix("lib/").unwrap_or(stem);
    let name = format!("lib/{bare}");
    let source = shipped(&format!("{name}.rhai"))?;
    let about: Vec<&str> = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .collect();
    let description = about.join("\n");
    Some(Module {
        description: description.split("\n\n").next().unwrap_or_default().replace('\n', " "),
        functions: functions(bare, &name, source),
        name,
        source,
    })
}

/// The functions that recipes can call, in their order. Each stands at the beginning of a line, below its comment.
fn functions(alias: &str, group: &str, source: &str) -> Vec<Function> {
    let mut comment = String::new();
    let mut functions = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment.push_str(text);
            comment.push('\n');
            continue;
        }
        let defined = line.strip_prefix("fn ").and_then(|rest| rest.split_once(')'));
        if let Some((signature, _)) = defined {
            let (description, example) = split(&comment);
            functions.push(Function {
                name: format!("{alias}::{}", signature.split('(').next().unwrap_or(signature)),
                signature: format!("{alias}::{signature})"),
                group: group.to_owned(),
                description,
                example,
            });
        }
        comment.clear();
    }
    functions
}
