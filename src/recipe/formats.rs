//! Reads texts in JSON, YAML and TOML as data. It must not know where a text comes from, nor who wants the data.

use super::limits::MAX_PARSED;
use serde_json::Value;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Yaml,
    Toml,
}

/// Why a text is not data of a format.
pub struct NotData {
    pub what: String,
    /// The line where that is, from 1.
    pub line: usize,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
        }
    }

    /// The format that a file's name says; `None` for any other file.
    pub fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// # Errors
    /// If the text is not of this format, or too large to be read as it.
    pub fn parse(self, text: &str) -> Result<Value, NotData> {
        if self != Self::Json && text.len() > MAX_PARSED {
            return Err(NotData {
                what: format!("it has more than {} MiB", MAX_PARSED >> 20),
                line: 1,
            });
        }
        match self {
            Self::Json => serde_json::from_str(text).map_err(|error| NotData::at(&error.to_string(), error.line())),
            Self::Yaml => yaml(text),
            Self::Toml => toml(text),
        }
    }
}

impl NotData {
    fn at(what: &str, line: usize) -> Self {
        let what = what.lines().next().unwrap_or_default();
        let what = what.split(" at line ").next().unwrap_or_default();
        Self {
            what: what.trim_end_matches('.').to_owned(),
            line: line.max(1),
        }
    }

    /// The line of the text that it is about, as it can be shown.
    pub fn shown_line(&self, text: &str) -> String {
        let line = text.lines().nth(self.line.saturating_sub(1)).unwrap_or_default();
        let line: String = line.trim().chars().take(60).collect();
        format!("line {}: {line}", self.line)
    }
}

fn yaml(text: &str) -> Result<Value, NotData> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        NotData::at(&error.to_string(), usize::try_from(line).unwrap_or_default())
    })
}

fn toml(text: &str) -> Result<Value, NotData> {
    let table = text.parse::<::toml::Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        NotData::at(error.message(), before.matches('\n').count() + 1)
    })?;
    Ok(without_dates(::toml::Value::Table(table)))
}

/// TOML's dates and times as the texts that they are written with.
pub fn without_dates(value: ::toml::Value) -> Value {
    match value {
        ::toml::Value::String(text) => Value::String(text),
        ::toml::Value::Integer(number) => number.into(),
        ::toml::Value::Float(number) => number.into(),
        ::toml::Value::Boolean(value) => value.into(),
        ::toml::Value::Datetime(time) => Value::String(time.to_string()),
        ::toml::Value::Array(items) => items.into_iter().map(without_dates).collect(),
        ::toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, without_dates(value)))
            .collect(),
    }
}
