//! What Rhai brings for texts, lists, maps and numbers, as far as a recipe can use it and Rhai explains it.

use super::function::Function;
use super::metadata::Metadata;
use super::primitives;
use rhai::Engine;

/// Of no use in a recipe, refused there, or there in a better form.
const LEFT_OUT: [&str; 26] = [
    "as_string",
    "bits",
    "blob",
    "bytes",
    "chop",
    "crop",
    "dedup",
    "drain",
    "find_map",
    "get_bit",
    "get_bits",
    "make_lower",
    "make_upper",
    "parse_json",
    "range",
    "retain",
    "set",
    "set_bit",
    "set_bits",
    "shift",
    "sleep",
    "splice",
    "timestamp",
    "to_blob",
    "to_json",
    "zip",
];

/// What Rhai does not explain, or with an example that recipes are refused: group, signature, description and example.
const UNEXPLAINED: [(&str, &str, &str, &str); 11] = [
    (
        "text",
        "parse_float(string: string) -> float",
        "The number that a text is.",
        "print(parse_float(\"1.5\"));",
    ),
    (
        "list",
        "index_of(list: list, value: value) -> int",
        "Where the list has this value first, counted from 0; -1 if nowhere.",
        "print([\"a\", \"b\"].index_of(\"b\"));",
    ),
    (
        "text",
        "is_empty(string: string) -> bool",
        "Whether the text has no characters.",
        "print(\"\".is_empty());",
    ),
    (
        "list",
        "is_empty(list: list) -> bool",
        "Whether the list has no entries.",
        "print([].is_empty());",
    ),
    (
        "map",
        "is_empty(map: map) -> bool",
        "Whether the map has no keys.",
        "print(#{}.is_empty());",
    ),
    (
        "number",
        "abs(number: int) -> int",
        "The number without its sign.",
        "print((-3).abs());",
    ),
    (
        "number",
        "to_float(number: int) -> float",
        "The number as one with decimals.",
        "print(3.to_float() / 2.0);",
    ),
    (
        "number",
        "to_int(number: float) -> int",
        "The number without its decimals.",
        "print(3.7.to_int());",
    ),
    (
        "number",
        "round(number: float) -> float",
        "The nearest whole number.",
        "print(3.7.round().to_int());",
    ),
    (
        "value",
        "to_string(value: value) -> string",
        "The value as a text, like `${value}`.",
        "print(8080.to_string());",
    ),
    (
        "value",
        "type_of(value: value) -> string",
        "What kind of value it is: `string`, `i64`, `bool`, `array`, `map`, `()`.",
        "print(type_of(8080));",
    ),
];

/// What recipes work with. Rhai has the same functions for many kinds of numbers, for bytes and for times.
const KINDS: [&str; 9] = [
    "string", "char", "int", "float", "bool", "list", "map", "value", "function",
];

/// The functions, by group and name; of those that take one more argument or another type, the shortest.
pub fn builtin(engine: &Engine) -> Vec<Function> {
    let own = primitives::functions(engine);
    let standard = Metadata::of(engine, true);
    let mut functions: Vec<Function> = standard
        .functions
        .iter()
        .filter(|entry| entry.name.starts_with(|c: char| c.is_ascii_lowercase()) && !entry.name.contains('$'))
        .filter(|entry| !LEFT_OUT.contains(&entry.name.as_str()) && entry.kinds().all(|kind| KINDS.contains(&kind)))
        .filter_map(|entry| {
            let group = match entry.kinds().next()? {
                "string" | "char" => "text",
                "list" => "list",
                "map" => "map",
                "int" | "float" => "number",
                "value" => "value",
                _ => return None,
            };
            Some(entry.function("", group))
        })
        .filter(|function| !function.description.is_empty() && !function.example.is_empty())
        .filter(|function| !own.iter().any(|own| own.signature == function.signature))
        .collect();
    let explained = UNEXPLAINED.map(|(group, signature, description, example)| Function {
        name: signature.split('(').next().unwrap_or(signature).to_owned(),
        signature: signature.to_owned(),
        group: group.to_owned(),
        description: description.to_owned(),
        example: example.to_owned(),
    });
    let here = |function: &Function| {
        explained
            .iter()
            .any(|own| (&own.group, &own.name) == (&function.group, &function.name))
    };
    functions.retain(|function| !here(function));
    functions.extend(explained);
    functions.sort_by_key(|function| {
        let group = ["text", "list", "map", "number", "value"]
            .iter()
            .position(|group| *group == function.group);
        (
            group,
            function.name.clone(),
            function.signature.len(),
            function.signature.clone(),
        )
    });
    functions.dedup_by(|next, first| (&next.group, &next.name) == (&first.group, &first.name));
    functions
}
