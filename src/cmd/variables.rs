//! `--var key=value`: variables of servers and tags on the command line.

use super::parameters::{given, pair_of};
use crate::error::{Error, Result};
use crate::recipe::formats::Format;
use crate::variables::{Variable, VariableChanges, Variables};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, Args)]
pub struct VarArgs {
    /// Set a variable, which recipes read as server.vars.KEY; KEY=@FILE reads it from a file; can be repeated. Not for
    /// secrets: plans and the journal show variables
    #[arg(long, value_name = "KEY=VALUE")]
    var: Vec<String>,
}

/// Variables to set, and those to remove.
#[derive(Debug, Clone, Default, Args)]
pub struct VarChangeArgs {
    #[command(flatten)]
    set: VarArgs,
    /// Remove a variable; can be repeated
    #[arg(long, value_name = "KEY")]
    unset_var: Vec<String>,
}

impl VarArgs {
    /// # Errors
    /// If one is not of the form `key=value`, a name comes twice, or a value is no JSON where it looks like it.
    pub fn parse(&self) -> Result<Variables> {
        let mut variables = Variables::new();
        for pair in &self.var {
            let (key, typed) = pair_of("--var", "variable", pair)?;
            let value = match given("--var", key, typed)? {
                Value::String(text) if !typed.starts_with('@') => typed_value(key, text)?,
                value => value,
            };
            if variables.insert(key.to_owned(), value).is_some() {
                return Err(twice(key));
            }
        }
        Ok(variables)
    }
}

impl VarChangeArgs {
    /// # Errors
    /// As [`VarArgs::parse`].
    pub fn parse(&self) -> Result<VariableChanges> {
        let set = self.set.parse()?.into_iter();
        let mut changes: VariableChanges = set.map(|(name, value)| (name, Some(value))).collect();
        for name in &self.unset_var {
            if changes.insert(name.clone(), None).is_some() {
                return Err(twice(name));
            }
        }
        Ok(changes)
    }
}

fn twice(name: &str) -> Error {
    Error::usage(format!("the variable '{name}' was given twice"))
}

/// The data that a typed value stands for. Only whole numbers, `true`, `false` and what begins as JSON does are not texts:
/// a version such as `1.10` stays what was typed.
fn typed_value(key: &str, text: String) -> Result<Value> {
    if text == "true" || text == "false" {
        return Ok(Value::Bool(text == "true"));
    }
    match text.parse::<i64>() {
        // `007` and `+1` are texts: as a number they would read differently.
        Ok(number) if number.to_string() == text => return Ok(number.into()),
        _ => {}
    }
    if !text.starts_with(['[', '{', '"']) {
        return Ok(text.into());
    }
    Format::Json.parse(&text).map_err(|wrong| {
        Error::usage_with(
            format!("the value of '{key}' begins like JSON and is none: {}", wrong.what),
            "write a text that begins with [, { or \" as a JSON text: \"\\\"…\\\"\", or put it into a file: KEY=@FILE",
        )
    })
}

/// The variables that hold for a server, a line for each.
pub(super) fn lines(variables: &BTreeMap<String, Variable>) -> Vec<String> {
    let line = |(name, variable): (&String, &Variable)| match &variable.value {
        None => {
            let says = |(tag, value): (&String, &Value)| format!("'{tag}' says {value}");
            let said: Vec<String> = variable.tags.iter().map(says).collect();
            format!("{name}: its tags disagree: {}", said.join(", "))
        }
        Some(value) if variable.own => format!("{name} = {value}"),
        Some(value) => {
            let tags: Vec<&str> = variable.tags.keys().map(String::as_str).collect();
            format!("{name} = {value} (from {})", tags.join(", "))
        }
    };
    variables.iter().map(line).collect()
}

/// Variables, a line for each.
pub(super) fn plain_lines(variables: &Variables) -> Vec<String> {
    variables
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect()
}
