//! How a value that is given is understood in its parameter's type. It must not know where the value comes from.

use super::draft::Problem;
use super::formats::Format;
use super::parameter::Parameter;
use crate::error::{beginning, nearest};
use serde_json::{Map, Value};

impl Parameter {
    /// The given value, in the parameter's type. Text from a command line is parsed as that type; data of a different
    /// type is refused.
    pub fn understand(&self, given: &Value) -> Result<Value, Problem> {
        if holds_nul(given) {
            return Err(Problem::new(format!(
                "the parameter '{}' holds a NUL character, which a command can't take",
                self.name
            )));
        }
        self.value_at(&self.name, given)
    }

    /// As [`Parameter::understand`], for the value at a place in a parameter: `keys[1].name`.
    fn value_at(&self, place: &str, given: &Value) -> Result<Value, Problem> {
        let value = match (self.kind.as_ref(), given) {
            ("string", Value::String(_)) | ("bool", Value::Bool(_)) => given.clone(),
            ("int", Value::Number(number)) if number.is_i64() => given.clone(),
            ("bool", Value::String(text)) if text == "true" || text == "yes" => Value::Bool(true),
            ("bool", Value::String(text)) if text == "false" || text == "no" => Value::Bool(false),
            ("int", Value::String(text)) => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => return Err(self.wrong_type(place, given)),
            },
            ("list", Value::String(text)) => return self.list_of_text(place, text),
            ("list", Value::Array(items)) => self.list(place, items)?,
            ("map", Value::String(text)) => match json(place, text)? {
                Value::Object(entries) => self.map(place, &entries)?,
                _ => return Err(self.wrong_type(place, given)),
            },
            ("map", Value::Object(entries)) => self.map(place, entries)?,
            _ => return Err(self.wrong_type(place, given)),
        };
        match self.choices.is_empty() || self.choices.iter().any(|choice| value == choice.as_str()) {
            true => Ok(value),
            false => Err(Problem::new(format!(
                "the parameter '{place}' can't be {}",
                beginning(&value.to_string())
            ))
            .help(format!("it is one of: {}", self.choices.join(", ")))),
        }
    }

    /// A list as it is typed: texts with commas between them, or JSON.
    fn list_of_text(&self, place: &str, text: &str) -> Result<Value, Problem> {
        let of_maps = !self.fields.is_empty();
        match serde_json::from_str(text) {
            Ok(Value::Array(items)) => self.list(place, &items),
            // Nothing else begins like this. `[::1]:80` is a text.
            _ if of_maps || text.starts_with("[\"") || text.starts_with("[{") => match json(place, text)? {
                Value::Array(items) => self.list(place, &items),
                other => Err(self.wrong_type(place, &other)),
            },
            _ => Ok(split_at_commas(text).into_iter().map(Value::from).collect()),
        }
    }

    fn list(&self, place: &str, items: &[Value]) -> Result<Value, Problem> {
        let checked = items.iter().enumerate().map(|(number, item)| match item {
            Value::Object(entries) if !self.fields.is_empty() => self.map(&format!("{place}[{number}]"), entries),
            // Numbers too: as text and as data they read the same.
            item if self.fields.is_empty() && (item.is_string() || item.is_i64()) => Ok(item.clone()),
            _ => Err(self.wrong_type(place, &Value::Array(items.to_vec()))),
        });
        Ok(Value::Array(checked.collect::<Result<_, _>>()?))
    }

    fn map(&self, place: &str, entries: &Map<String, Value>) -> Result<Value, Problem> {
        if self.fields.is_empty() {
            return Ok(Value::Object(entries.clone()));
        }
        let known = |name: &str| self.fields.iter().any(|field| field.name == name);
        if let Some(unknown) = entries.keys().find(|name| !known(name)) {
            let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            let help = match nearest(unknown, names.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("it can have {}", names.join(", ")),
            };
            let unknown = beginning(unknown);
            return Err(Problem::new(format!("the parameter '{place}' has no '{unknown}'")).help(help));
        }
        let mut checked = Map::new();
        for field in &self.fields {
            let place = format!("{place}.{}", field.name);
            let value = match (entries.get(&field.name), &field.default) {
                (Some(given), _) => field.value_at(&place, given)?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(field.missing(&place)),
            };
            checked.insert(field.name.clone(), value);
        }
        Ok(Value::Object(checked))
    }

    /// The problem that it was not given.
    pub fn required(&self) -> Problem {
        self.missing(&self.name)
            .help(format!("add: --set {}={}", self.name, self.example()))
    }

    fn missing(&self, place: &str) -> Problem {
        let meaning = match self.help.is_empty() {
            true => String::new(),
            false => format!(" ({})", self.help),
        };
        Problem::new(format!("the parameter '{place}' is required{meaning}"))
    }

    fn wrong_type(&self, place: &str, given: &Value) -> Problem {
        let problem = Problem::new(format!(
            "the parameter '{place}' must be of type {}, and {} is not",
            self.type_in_words(),
            beginning(&given.to_string())
        ));
        match place == self.name {
            true => problem.help(format!("for example: --set {}={}", self.name, self.typed_example())),
            false => problem,
        }
    }

    /// What stands for the value in a hint.
    fn example(&self) -> String {
        match self.fields.is_empty() && self.kind != "map" {
            true => "VALUE".to_owned(),
            false => format!("@{}.json", self.name),
        }
    }

    fn typed_example(&self) -> String {
        match (self.kind.as_ref(), self.fields.is_empty()) {
            ("bool", _) => "true".to_owned(),
            ("int", _) => "8080".to_owned(),
            ("list", true) => "one,two".to_owned(),
            ("list" | "map", _) => self.example(),
            _ => "text".to_owned(),
        }
    }
}

fn json(place: &str, text: &str) -> Result<Value, Problem> {
    Format::Json.parse(text).map_err(|wrong| {
        Problem::new(format!("the parameter '{place}' is no JSON: {}", wrong.what)).help(wrong.shown_line(text))
    })
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The parts of a text between its commas and line breaks, without the blanks around them. `\,` is a comma in a part.
fn split_at_commas(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            ('\\', Some(part)) if characters.next_if_eq(&',').is_some() => part.push(','),
            (',' | '\n', _) => parts.push(String::new()),
            (other, Some(part)) => part.push(other),
            (_, None) => {}
        }
    }
    let trimmed = parts.iter().map(|part| part.trim().to_owned());
    trimmed.filter(|part| !part.is_empty()).collect()
}
