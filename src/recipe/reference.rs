//! The reference of the primitives, made from their doc comments, so that it always matches the code.

use rhai::Engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A function that recipes can call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Function {
    /// With its module: `ssh::run`.
    pub name: String,
    pub signature: String,
    /// What it does, in Markdown.
    pub description: String,
    /// Rhai code that shows it, from the section `# Example`.
    pub example: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    functions: Vec<ReferenceEntry>,
    #[serde(default)]
    modules: std::collections::BTreeMap<String, Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceEntry {
    name: String,
    #[serde(default)]
    params: Vec<FunctionParameter>,
    #[serde(default)]
    return_type: Option<String>,
    #[serde(default)]
    doc_comments: Vec<String>,
}

#[derive(Deserialize)]
struct FunctionParameter {
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

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
    let metadata = engine
        .gen_fn_metadata_to_json(false)
        .ok()
        .and_then(|json| serde_json::from_str::<Metadata>(&json).ok())
        .unwrap_or(Metadata {
            functions: Vec::new(),
            modules: Default::default(),
        });
    let mut functions = Vec::new();
    collect("", &metadata, &mut functions);
    functions.sort();
    functions.dedup();
    functions
}

fn collect(prefix: &str, metadata: &Metadata, functions: &mut Vec<Function>) {
    for entry in metadata.functions.iter().filter(|entry| !is_internal(entry)) {
        let parameters: Vec<String> = entry
            .params
            .iter()
            .map(|parameter| {
                let name = parameter.name.as_deref().unwrap_or("_").trim_start_matches('_');
                format!("{name}: {}", type_name(parameter.kind.as_deref().unwrap_or("?")))
            })
            .collect();
        let name = format!("{prefix}{}", entry.name);
        let result = match entry.return_type.as_deref().map(type_name) {
            None | Some("()") => String::new(),
            Some(kind) => format!(" -> {kind}"),
        };
        let (description, example) = split(&entry.doc_comments);
        functions.push(Function {
            signature: format!("{name}({}){result}", parameters.join(", ")),
            name,
            description,
            example,
        });
    }
    for (name, module) in &metadata.modules {
        collect(&format!("{prefix}{name}::"), module, functions);
    }
}

/// Rust's name of a type as an author of recipes knows it.
fn type_name(rust: &str) -> &str {
    let inner = rust
        .trim_start_matches("RhaiResult<")
        .trim_start_matches("&mut ")
        .trim_start_matches('&')
        .trim_end_matches('>')
        .trim();
    match inner.rsplit("::").next().unwrap_or(inner) {
        "str" | "String" | "ImmutableString" => "string",
        "i64" | "INT" => "int",
        "StepHandle" => "Step",
        "ServerHandle" => "Server",
        "SecretRef" => "Secret",
        "Dynamic" => "value",
        "Array" => "list",
        "Map" => "map",
        other => other,
    }
}

/// Takes the comment marks off, and the example out.
fn split(comments: &[String]) -> (String, String) {
    let lines: Vec<&str> = comments
        .iter()
        .flat_map(|comment| comment.lines())
        .map(|line| line.trim_start().trim_start_matches("///"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let is_heading = |line: &&str| *line == "# Example";
    let description: Vec<&str> = lines.iter().copied().take_while(|line| !is_heading(line)).collect();
    let example: Vec<&str> = lines
        .iter()
        .copied()
        .skip(description.len())
        .filter(|line| !line.starts_with("```") && !is_heading(line))
        .collect();
    (
        description.join("\n").trim().to_owned(),
        example.join("\n").trim().to_owned(),
    )
}

/// The whole reference in Markdown.
pub fn markdown(engine: &Engine) -> String {
    let mut text = String::from("# Recipe reference\n");
    for function in functions(engine) {
        text.push_str(&format!(
            "\n## `{}`\n\n{}\n\n```rhai\n{}\n```\n",
            function.signature, function.description, function.example
        ));
    }
    text
}

/// The definitions that editors with Rhai support read (`.d.rhai`): of the primitives only, not of what stands behind
/// them.
pub fn definitions(engine: &Engine) -> String {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    for function in functions(engine) {
        let (module, name) = function.name.rsplit_once("::").unwrap_or(("", &function.name));
        let indent = if module.is_empty() { "" } else { "    " };
        let text = modules.entry(module.to_owned()).or_default();
        for line in format!(
            "{}\n\n# Example\n```rhai\n{}\n```",
            function.description, function.example
        )
        .lines()
        {
            text.push_str(&format!(
                "{indent}///{}{line}\n",
                if line.is_empty() { "" } else { " " }
            ));
        }
        #[expect(clippy::string_slice, reason = "a signature begins with the name")]
        let arguments = function.signature[function.name.len()..]
            .replace(": value", ": ?")
            .replace("-> value", "-> ?");
        text.push_str(&format!(
            "{indent}fn {name}{};\n\n",
            arguments.replace(": list", ": array").replace("-> list", "-> array")
        ));
    }
    let global = modules.remove("").unwrap_or_default();
    modules
        .iter()
        .fold(format!("module static;\n\n{global}"), |text, (name, functions)| {
            format!(
                "{text}module {name} {{\n{}}}\n\n",
                functions.trim_end_matches('\n').to_owned() + "\n"
            )
        })
}
