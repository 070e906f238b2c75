//! `--set key=value`: the parameters of a recipe on the command line.

use crate::error::{Error, Result};
use crate::ownership;
use crate::plan::printable::one_line;
use crate::plan::shell::quote;
use crate::recipe::formats::Format;
use crate::runtime::Parameters;
use clap::Args;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a file that a value can be read from. Values stand in the plan and in the journal.
const LARGEST_FILE: u64 = 1 << 20;

#[derive(Debug, Clone, Default, Args)]
pub struct SetArgs {
    /// Set a parameter of the recipe, or from a file with KEY=@FILE; can be repeated (`infrakt recipe show RECIPE` lists
    /// them)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl SetArgs {
    /// # Errors
    /// If one is not of the form `key=value`, a key comes twice, or a file can't be read.
    pub fn parse(&self) -> Result<Parameters> {
        let mut parameters = Parameters::new();
        for pair in &self.set {
            let (key, value) = pair_of("--set", "parameter", pair)?;
            if parameters.insert(key.to_owned(), given("--set", key, value)?).is_some() {
                return Err(Error::usage(format!("the parameter '{key}' was given twice")));
            }
        }
        Ok(parameters)
    }
}

/// The two parts of `KEY=VALUE`. `option` and `what` name it in errors.
pub(super) fn pair_of<'a>(option: &str, what: &str, pair: &'a str) -> Result<(&'a str, &'a str)> {
    match pair.split_once('=') {
        Some(("", _)) => Err(Error::usage_with(
            format!("{option} {pair} has no {what} name"),
            format!("write it as: {option} KEY=VALUE"),
        )),
        None => Err(Error::usage_with(
            format!("{option} {pair} has no value"),
            format!("write it as: {option} {}=VALUE", quote(pair)),
        )),
        Some(pair) => Ok(pair),
    }
}

/// A value as it is typed: a text, or with `@` before it the content of a file. `@@` begins a text with `@`.
pub(super) fn given(option: &str, key: &str, typed: &str) -> Result<Value> {
    match typed.strip_prefix('@') {
        None => Ok(typed.into()),
        Some(text) if text.starts_with('@') => Ok(text.into()),
        Some("") => Err(Error::usage_with(
            format!("{option} {key}=@ names no file"),
            format!("{option} {key}=@FILE, or {option} {key}=@@ for the text @"),
        )),
        Some(path) => content(Path::new(path), || {
            format!(
                "if the value is a text that begins with @, double it: {option} {}",
                quote(&format!("{key}=@{typed}"))
            )
        }),
    }
}

/// A value as [`given`] takes it.
pub(super) fn as_typed(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with('@') => format!("@{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `KEY=VALUE` as an option of a command that is shown. `None` if it is long, or holds what a terminal can't show as it is, such
/// as line breaks: pasted, it would be another value.
pub(super) fn shown_option(pair: &str) -> Option<String> {
    const LONGEST: usize = 200;
    let fits = pair.chars().count() <= LONGEST && !pair.contains('\t') && one_line(pair) == pair;
    fits.then(|| format!(" --set {}", quote(pair)))
}

/// Data of a file that ends in `.json`, `.yaml`, `.yml` or `.toml`; the text of any other.
fn content(path: &Path, otherwise: impl Fn() -> String) -> Result<Value> {
    ownership::check(path).map_err(|unusable| match unusable.is_missing() {
        true => Error::usage_with(format!("there is no file {}", path.display()), otherwise()),
        false => unusable.into_error(path),
    })?;
    let file = File::open(path).map_err(Error::file("read", path))?;
    let mut text = String::new();
    file.take(LARGEST_FILE + 1)
        .read_to_string(&mut text)
        .map_err(Error::file("read", path))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(Error::usage(format!(
            "{} is larger than {} MiB, the limit for a value",
            path.display(),
            LARGEST_FILE >> 20
        )));
    }
    match Format::of_file(path) {
        None => Ok(text.into()),
        Some(format) => format.parse(&text).map_err(|wrong| {
            Error::usage_with(
                format!("{} is no {}: {}", path.display(), format.name(), wrong.what),
                wrong.shown_line(&text),
            )
        }),
    }
}
