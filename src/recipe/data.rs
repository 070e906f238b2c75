//! Values of Rhai as data (JSON's kinds of value), and back, within the limits of the sandbox. It must not know how any
//! format is written.

use super::api::parameters::SecretRef;
use super::api::step::{StepHandle, StepOutput};
use super::draft::Problem;
use super::limits::{MAX_ENTRIES, MAX_NESTING, MAX_VALUES};
use rhai::{Array, Dynamic, ImmutableString, Map};
use serde_json::{Number, Value};

/// A value of a recipe as data.
///
/// # Errors
/// If it holds something that is no data, nests too deeply, or is too large.
pub fn of_dynamic(value: &Dynamic) -> Result<Value, Problem> {
    data(value, MAX_NESTING, &mut MAX_VALUES.clone())
}

fn data(value: &Dynamic, depth: usize, left: &mut usize) -> Result<Value, Problem> {
    count(depth, left)?;
    if let Ok(list) = value.as_array_ref() {
        let items = list.iter().map(|item| data(item, depth - 1, left));
        return Ok(Value::Array(items.collect::<Result<_, _>>()?));
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map
            .iter()
            .map(|(key, item)| Ok((key.to_string(), data(item, depth - 1, left)?)));
        return Ok(Value::Object(entries.collect::<Result<_, Problem>>()?));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(number) = value.as_float() {
        let finite = Number::from_f64(number);
        return finite.map(Value::Number).ok_or_else(|| {
            Problem::new(format!("{number} can't be written as data")).help("numbers in data are finite")
        });
    }
    let plain = (value.is_unit().then_some(Value::Null))
        .or_else(|| value.as_bool().ok().map(Value::Bool))
        .or_else(|| value.as_int().ok().map(Value::from))
        .or_else(|| value.as_char().ok().map(|c| Value::String(c.to_string())));
    plain.ok_or_else(|| match kind(value) {
        "secret" => Problem::new("a secret can't become part of a text").label("written as text here"),
        kind => Problem::new(format!("a {kind} can't be written as data"))
            .help("data is made of texts, numbers, true and false, (), lists and maps"),
    })
}

/// Data as a value of a recipe. A number beyond 64 bits becomes a float, as in other languages.
///
/// # Errors
/// If it is larger than a list or map can be, or nests too deeply.
pub fn to_dynamic(value: Value) -> Result<Dynamic, Problem> {
    dynamic(value, MAX_NESTING, &mut MAX_VALUES.clone())
}

fn dynamic(value: Value, depth: usize, left: &mut usize) -> Result<Dynamic, Problem> {
    count(depth, left)?;
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => return Err(Problem::new(format!("the number {number} is too large"))),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => {
            fits("list", items.len())?;
            let items = items.into_iter().map(|item| dynamic(item, depth - 1, left));
            items.collect::<Result<Array, _>>()?.into()
        }
        Value::Object(entries) => {
            fits("map", entries.len())?;
            let entries = entries
                .into_iter()
                .map(|(key, item)| Ok((key.into(), dynamic(item, depth - 1, left)?)));
            entries.collect::<Result<Map, Problem>>()?.into()
        }
    })
}

fn count(depth: usize, left: &mut usize) -> Result<(), Problem> {
    if depth == 0 {
        return Err(Problem::new(format!("the data nests deeper than {MAX_NESTING} levels")));
    }
    match left.checked_sub(1) {
        Some(rest) => *left = rest,
        None => return Err(Problem::new(format!("the data has more than {MAX_VALUES} values"))),
    }
    Ok(())
}

/// # Errors
/// If a list or map has more entries than the sandbox allows.
pub fn fits(what: &str, entries: usize) -> Result<(), Problem> {
    match entries > MAX_ENTRIES {
        true => Err(Problem::new(format!(
            "a {what} of {entries} entries is too large: a list or map has at most {MAX_ENTRIES}"
        ))),
        false => Ok(()),
    }
}

/// What a value is, in the words of the reference.
pub fn kind(value: &Dynamic) -> &'static str {
    match () {
        () if value.is_unit() => "()",
        () if value.is_string() => "text",
        () if value.is_int() => "number",
        () if value.is_float() => "number",
        () if value.is_bool() => "bool",
        () if value.is_char() => "character",
        () if value.is_array() => "list",
        () if value.is_map() => "map",
        () if value.is_fnptr() => "function",
        () if value.is::<SecretRef>() => "secret",
        () if value.is::<StepHandle>() => "step",
        () if value.is::<StepOutput>() => "output of a step",
        () if value.is::<super::api::given::ServerHandle>() => "server",
        () if value.is::<super::api::given::FactsHandle>() => "record of facts",
        () if value.is::<super::api::inventory::VarsHandle>() => "record of variables",
        () if value.is::<super::api::parameters::Params>() => "record of parameters",
        () => "value of another kind",
    }
}

/// A plain value as a text; `None` for anything else.
pub fn plain_text(value: &Dynamic) -> Option<ImmutableString> {
    let plain = value.is_string() || value.is_int() || value.is_float() || value.is_bool() || value.is_char();
    plain.then(|| value.to_string().into())
}
