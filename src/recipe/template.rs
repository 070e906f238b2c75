//! Fills in templates. The values of secrets are not known here: a secret stands in the result by its name.

use super::api::parameters::SecretRef;
use super::data::{kind, plain_text};
use super::draft::Problem;
use super::limits::{MAX_NESTING, MAX_STRING};
use crate::plan::shell::quote;
use crate::plan::{Content, Piece};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Around the name of a secret in the rendered text; no template and no value can have this character.
const MARK: char = '\0';
/// Steps that the filling in of a template may take.
const FUEL: u64 = 2_000_000;

/// A secret among the values.
#[derive(Debug)]
struct SecretValue {
    name: String,
    /// Set if anything but the output asks for its text.
    misused: Arc<AtomicBool>,
}

impl Object for SecretValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.misused.store(true, Ordering::Relaxed);
        f.write_str("***")
    }
}

/// `file`: what the template is called in errors.
///
/// # Errors
/// If the template can't be parsed, a name in it has no value, a secret is used as anything but a whole, or the result is
/// too large.
pub fn fill_in(file: &str, source: &str, values: &Map) -> Result<Content, Problem> {
    let misused = Arc::new(AtomicBool::new(false));
    if source.contains(MARK) {
        return Err(Problem::new(format!(
            "{file} holds a NUL character, so it is no template"
        )));
    }
    let values = map(values, MAX_NESTING, &misused)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| problem(file, source, &error))?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(write);
    environment.add_filter("quote", |value: &Value| match value.as_str() {
        Some(text) => quote(text).into_owned(),
        None => quote(&value.to_string()).into_owned(),
    });
    let mut rendered = Bounded(Vec::new());
    let outcome = environment
        .template_from_named_str(file, source)
        .and_then(|template| template.render_captured_to(values, &mut rendered).map(drop));
    if misused.load(Ordering::Relaxed) {
        return Err(Problem::new(format!("{file} uses a secret as a text"))
            .label("a secret can't be changed, joined or compared")
            .help("write the secret alone: {{ name }}"));
    }
    outcome.map_err(|error| problem(file, source, &error))?;
    let text = String::from_utf8_lossy(&rendered.0);
    // Every other part is the name of a secret.
    let pieces = text.split(MARK).enumerate().map(|(at, part)| match at % 2 {
        0 => Piece::Text(part.to_owned()),
        _ => Piece::Secret {
            secret: part.to_owned(),
        },
    });
    Ok(Content::of(pieces))
}

/// Writes a value into the result.
fn write(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if let Some(secret) = value.downcast_object_ref::<SecretValue>() {
        return Ok(write!(out, "{MARK}{}{MARK}", secret.name)?);
    }
    if value.is_none() {
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, "this value is ()"));
    }
    let text = value.to_string();
    if text.contains(MARK) {
        return Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            "this text holds a NUL character, or a secret that was stored with {% set %}",
        ));
    }
    Ok(out.write_str(&text)?)
}

fn problem(file: &str, source: &str, error: &minijinja::Error) -> Problem {
    let line = error.line().unwrap_or(1);
    let wrote = error.range().and_then(|range| source.get(range)).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::UndefinedError if !wrote.is_empty() => format!("'{wrote}' has no value"),
        ErrorKind::OutOfFuel => "it takes too long, as a loop does that never ends".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    let mut problem = Problem::new(format!("{file}, line {line}: {message}")).label("filled in here");
    if error.kind() == ErrorKind::UndefinedError {
        problem = problem.help("add it to the map of values, or write {{ name|default(\"…\") }}");
    }
    problem
}

fn map(values: &Map, depth: usize, misused: &Arc<AtomicBool>) -> Result<Value, Problem> {
    let entries = values
        .iter()
        .map(|(name, value)| Ok((name.to_string(), value_of(value, depth, misused)?)));
    Ok(Value::from(entries.collect::<Result<BTreeMap<_, _>, Problem>>()?))
}

fn value_of(value: &Dynamic, depth: usize, misused: &Arc<AtomicBool>) -> Result<Value, Problem> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(Problem::new(format!(
            "the values nest deeper than {MAX_NESTING} levels"
        )));
    };
    if let Some(secret) = value.read_lock::<SecretRef>() {
        return Ok(Value::from_object(SecretValue {
            name: secret.name.clone(),
            misused: misused.clone(),
        }));
    }
    if let Ok(list) = value.as_array_ref() {
        let items = list.iter().map(|item| value_of(item, deeper, misused));
        return Ok(Value::from(items.collect::<Result<Vec<_>, Problem>>()?));
    }
    if let Ok(entries) = value.as_map_ref() {
        return map(&entries, deeper, misused);
    }
    let plain = (value.is_unit().then(|| Value::from(())))
        .or_else(|| value.as_bool().ok().map(Value::from))
        .or_else(|| value.as_int().ok().map(Value::from))
        .or_else(|| value.as_float().ok().map(Value::from))
        .or_else(|| plain_text(value).map(|text| Value::from(text.as_str())));
    plain.ok_or_else(|| Problem::new(format!("a {} can't be a value of a template", kind(value))))
}

/// The result, up to the length that a text may have.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_STRING {
            return Err(io::Error::other(format!("a text has at most {} MiB", MAX_STRING >> 20)));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
