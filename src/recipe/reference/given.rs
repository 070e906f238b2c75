//! What a recipe is given: `facts`, `server`, `params`, and the statement `print`.

use super::function::Function;
use crate::facts::Facts;
use schemars::schema_for;
use serde_json::Value;

/// The server's row, in the order of its reference.
const SERVER: [(&str, &str, &str); 9] = [
    ("name", "string", "The name in the inventory."),
    ("host", "string", "The address that infrakt logs in to."),
    ("port", "int", "The port of SSH that infrakt logs in to."),
    ("user", "string", "The user that infrakt logs in as."),
    (
        "provider",
        "string",
        "The provider, as the inventory has it; often empty.",
    ),
    ("tags", "list", "The tags in the inventory."),
    (
        "vars",
        "Variables",
        "Its variables, and those of its tags: `server.vars.NAME`, or `server.vars?.NAME ?? default`.",
    ),
    (
        "is_infrakt_host",
        "bool",
        "Whether the inventory says that this infrakt runs there.",
    ),
    (
        "is_protected",
        "bool",
        "Whether there is any reason not to destroy anything there. Reading it reads the facts.",
    ),
];

/// Facts whose names say what they are.
const PLAIN: [(&str, &str); 11] = [
    (
        "facts.kernel",
        "The version of the running kernel, as `uname -r` prints it.",
    ),
    ("facts.docker.containers", "Containers, running or not."),
    ("facts.docker.version", "The engine's version, as it reports it."),
    (
        "facts.opt_infrakt.bytes",
        "How much is below `/opt/infrakt`; `()` if it could not be measured in time.",
    ),
    (
        "facts.os.version",
        "The version, as a text: `13`, `24.04`. See `facts.os.major`.",
    ),
    ("facts.docker.images", "Images, also those without a name."),
    ("facts.hostname", "The host name that the server gives itself."),
    ("facts.addresses", "IP addresses, except loopback and link-local ones."),
    (
        "facts.disks",
        "Disks and partitions: mounted ones, and others that are not divided further.",
    ),
    ("facts.users", "The users of `/etc/passwd`."),
    (
        "facts.reboot_required",
        "Whether an earlier upgrade requires a restart.",
    ),
];

/// Fields of the file of facts that no recipe asks for.
const NOT_FOR_RECIPES: [&str; 2] = ["format", "answers"];

/// The entries of the reference about what a recipe is given.
pub fn given() -> Vec<Function> {
    let mut entries = vec![entry(
        "print",
        "print(value)",
        "recipe",
        "Shows a note with the plan, on stderr. It is not a step, and changes nothing.",
        "print(`${server.name} runs ${facts.os.name}`);",
    )];
    entries.extend(facts());
    entries.extend(SERVER.iter().map(|(name, kind, description)| {
        let name = format!("server.{name}");
        let example = match *kind {
            "Variables" => "let region = server.vars?.region ?? \"eu\";".to_owned(),
            _ => format!("print({name});"),
        };
        entry(&name, &format!("{name} -> {kind}"), "server", description, &example)
    }));
    entries.push(entry(
        "params",
        "params.NAME",
        "params",
        "The value of a parameter that the recipe declared with `param`: what `--set NAME=VALUE` gave, or its default. It is \
         available in functions and modules too.",
        "param(\"port\", 8080, \"The port that the app listens on\");\nprint(params.port);",
    ));
    entries
}

fn entry(name: &str, signature: &str, group: &str, description: &str, example: &str) -> Function {
    Function {
        name: name.to_owned(),
        signature: signature.to_owned(),
        group: group.to_owned(),
        description: description.to_owned(),
        example: example.to_owned(),
    }
}

/// Every fact, with what the type of facts says about it: so none can be missing.
fn facts() -> Vec<Function> {
    let schema = schema_for!(Facts).to_value();
    let mut entries = Vec::new();
    walk("facts", &schema, &schema, &mut entries);
    // It follows from the version, and is in no file of facts.
    entries.push(entry(
        "facts.os.major",
        "facts.os.major -> int",
        "facts",
        "The version's first number: 13, and 24 for Ubuntu 24.04.",
        "if facts.os.major < 13 { print(\"an older Debian\"); }",
    ));
    entries.sort();
    entries
}

fn walk(path: &str, schema: &Value, root: &Value, entries: &mut Vec<Function>) {
    for (name, field) in properties(schema) {
        if path == "facts" && NOT_FOR_RECIPES.contains(&name.as_str()) {
            continue;
        }
        let name = format!("{path}.{name}");
        let kind = resolved(field, root);
        if !properties(kind).is_empty() && !may_be_missing(field) {
            walk(&name, kind, root, entries);
            continue;
        }
        let mut description = described(&name, field, kind);
        let names = |of: &Value| {
            properties(of)
                .iter()
                .map(|(part, _)| part.to_string())
                .collect::<Vec<_>>()
        };
        let parts = kind
            .get("items")
            .map_or(Vec::new(), |items| names(resolved(items, root)));
        let keys = names(kind);
        let example = match (parts.first(), keys.first(), name.rsplit_once('.')) {
            (Some(part), ..) => {
                description.push_str(&format!(" Each has {}.", listed(&parts)));
                format!("for one in {name} {{ print(one.{part}); }}")
            }
            (None, Some(key), _) => {
                description.push_str(&format!(" It has {}.", listed(&keys)));
                format!("let known = {name};\nif known != () {{ print(known.{key}); }}").replacen(
                    ".docker.",
                    ".docker?.",
                    1,
                )
            }
            (None, None, Some((before, last))) if may_be_missing(field) => {
                format!("print({before}?.{last} ?? \"not known\");")
            }
            _ => format!("print({name});"),
        };
        let signature = format!("{name} -> {}", kind_of(kind));
        entries.push(entry(&name, &signature, "facts", &description, &example));
    }
}

fn listed(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn properties(schema: &Value) -> Vec<(&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect()
}

/// What a field is, without the indirections of a schema; of one that may be missing, what it is if it is there.
fn resolved<'a>(field: &'a Value, root: &'a Value) -> &'a Value {
    let several = field
        .get("anyOf")
        .or_else(|| field.get("allOf"))
        .and_then(Value::as_array);
    if let Some(there) = several.and_then(|several| several.iter().find(|one| one["type"] != "null")) {
        return resolved(there, root);
    }
    match field
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.strip_prefix('#'))
    {
        Some(path) => root.pointer(path).unwrap_or(field),
        None => field,
    }
}

fn may_be_missing(field: &Value) -> bool {
    let kinds = field["type"].as_array().or_else(|| field["anyOf"].as_array());
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null" || kind["type"] == "null"))
}

/// As authors read it: Rust's `None` is `()` in a recipe.
fn described(name: &str, field: &Value, kind: &Value) -> String {
    let plain = PLAIN.iter().find(|(plain, _)| *plain == name).map(|(_, text)| *text);
    let text = plain
        .or_else(|| field["description"].as_str())
        .or_else(|| kind["description"].as_str());
    text.unwrap_or_default().replace("`None`", "`()`")
}

fn kind_of(kind: &Value) -> &str {
    let name = match &kind["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.as_str(),
    };
    match name {
        Some("integer") => "int",
        Some("boolean") => "bool",
        Some("array") => "list",
        Some("object") => "map",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::{SERVER, given};
    use crate::recipe::api;

    #[test]
    fn everything_that_a_recipe_is_given_is_described() {
        for name in api::given::SERVER {
            assert!(SERVER.iter().any(|(known, ..)| *known == name), "server.{name}");
        }
        for entry in given() {
            assert!(entry.description.len() > 15, "{} has no description", entry.name);
        }
    }
}
