//! What the engine says about the functions that are registered with it, in the words of authors.

use super::function::Function;
use rhai::Engine;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(default)]
    pub functions: Vec<ReferenceEntry>,
    #[serde(default)]
    pub modules: BTreeMap<String, Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceEntry {
    pub name: String,
    #[serde(default)]
    params: Vec<FunctionParameter>,
    #[serde(default)]
    return_type: Option<String>,
    #[serde(default)]
    pub doc_comments: Vec<String>,
}

#[derive(Deserialize)]
struct FunctionParameter {
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

impl Metadata {
    /// With `standard`, also what Rhai brings itself.
    pub fn of(engine: &Engine, standard: bool) -> Self {
        engine
            .gen_fn_metadata_to_json(standard)
            .ok()
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default()
    }
}

impl ReferenceEntry {
    /// The types of its parameters, as authors know them.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.params
            .iter()
            .map(|parameter| type_name(parameter.kind.as_deref().unwrap_or("?")))
    }

    /// Its entry of the reference, with what stands before its name.
    pub fn function(&self, prefix: &str, group: &str) -> Function {
        let parameters: Vec<String> = self
            .params
            .iter()
            .zip(self.kinds())
            .map(|(parameter, kind)| {
                let name = parameter.name.as_deref().unwrap_or("_").trim_start_matches('_');
                format!("{name}: {kind}")
            })
            .collect();
        let name = format!("{prefix}{}", self.name);
        let result = match self.return_type.as_deref().map(type_name) {
            None | Some("()") => String::new(),
            Some(kind) => format!(" -> {kind}"),
        };
        let comment: String = self.doc_comments.join("\n");
        let (description, example) = split(&comment);
        Function {
            signature: format!("{name}({}){result}", parameters.join(", ")),
            name,
            group: group.to_owned(),
            description,
            example,
        }
    }
}

/// Rust's name of a type as an author of recipes knows it.
fn type_name(rust: &str) -> &str {
    let ok = rust.strip_prefix("Result<").and_then(|rest| rest.split_once(", Box<"));
    let inner = ok
        .map_or(rust, |(ok, _)| ok)
        .trim_start_matches("RhaiResult<")
        .trim_start_matches("&mut ")
        .trim_start_matches('&')
        .trim_end_matches('>')
        .trim();
    match inner.rsplit("::").next().unwrap_or(inner) {
        "str" | "String" | "ImmutableString" => "string",
        "i64" | "INT" => "int",
        "f64" | "FLOAT" => "float",
        "StepHandle" => "Step",
        "StepOutput" => "Output",
        "ServerHandle" => "Server",
        "VarsHandle" => "Variables",
        "SecretRef" => "Secret",
        "FnPtr" => "function",
        "Dynamic" => "value",
        "Array" => "list",
        "Map" => "map",
        "CharsStream" | "Range<i64" => "iterator",
        other => other,
    }
}

/// Takes the comment marks off, and the example out.
pub fn split(comment: &str) -> (String, String) {
    let lines: Vec<&str> = comment
        .lines()
        .map(|line| line.trim_start().trim_start_matches("///"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let is_heading = |line: &&str| *line == "# Example";
    let description: Vec<&str> = lines.iter().copied().take_while(|line| !is_heading(line)).collect();
    let text: Vec<String> = description
        .iter()
        .map(|line| {
            line.strip_prefix("# ")
                .map_or((*line).to_owned(), |heading| format!("{heading}:"))
        })
        .collect();
    let example: Vec<&str> = lines
        .iter()
        .copied()
        .skip(description.len())
        .filter(|line| !line.starts_with("```") && !is_heading(line))
        .collect();
    (text.join("\n").trim().to_owned(), example.join("\n").trim().to_owned())
}
