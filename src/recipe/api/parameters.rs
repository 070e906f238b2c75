//! The inputs of a recipe: parameters and secrets.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use crate::error::nearest;
use crate::recipe::draft::{Parameter, Problem, SharedDraft};
use rhai::plugin::*;
use rhai::{Engine, ImmutableString, Map};
use serde_json::Value;

/// A secret as a recipe sees it: a name. infrakt asks for the value when the plan is executed; no recipe can see it.
#[derive(Debug, Clone)]
pub struct SecretRef {
    pub name: String,
}

/// `params`: every parameter declared so far, by name.
#[derive(Debug, Clone)]
pub struct Params;

/// Inputs of the recipe.
#[export_module]
pub mod parameters {
    /// Declares a parameter with a default, and returns its value: the one from `--set NAME=VALUE`, or the default. The
    /// parameter has the type of the default.
    ///
    /// # Example
    /// ```rhai
    /// let port = param("port", 8080, "The port that the app listens on");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn param(context: NativeCallContext, name: &str, default: Dynamic, help: &str) -> RhaiResult<Dynamic> {
        let default = match default.is_map() {
            true => return options(&context, name, &default.cast::<Map>(), help),
            false => value_of(&context, name, default)?,
        };
        let kind = kind_of(&default);
        declare(
            &context,
            Parameter {
                name: name.to_owned(),
                kind: kind.into(),
                default: Some(default),
                choices: Vec::new(),
                help: help.to_owned(),
            },
        )
    }

    /// Declares a parameter that is required: `--set NAME=VALUE`. A map instead of the default describes it further:
    /// `type` ("string", "bool", "int", "list"), `default` (in quotes, since Rhai reserves the word), `choices`.
    ///
    /// # Example
    /// ```rhai
    /// let channel = param("channel", #{ type: "string", "default": "stable", choices: ["stable", "beta"] }, "What to install");
    /// ```
    #[rhai_fn(name = "param", return_raw)]
    pub fn param_plain(context: NativeCallContext, name: &str, default: Dynamic) -> RhaiResult<Dynamic> {
        param(context, name, default, "")
    }

    /// A secret, by name. When the plan is executed, infrakt reads the value from the environment variable
    /// `INFRAKT_SECRET_<NAME>` or asks for it; the plan has only the name. Pass it to a step with `env`, or upload it.
    ///
    /// # Example
    /// ```rhai
    /// let token = secret("REGISTRY_TOKEN");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn secret(context: NativeCallContext, name: &str) -> RhaiResult<SecretRef> {
        if !crate::plan::form::is_secret_name(name) {
            return Err(Problem::new(format!("{name:?} is not a valid name for a secret"))
                .help("use capital letters, digits and _: secret(\"DB_PASSWORD\")")
                .at(&context));
        }
        SharedDraft::of(&context)?.lock().secrets.insert(name.to_owned());
        Ok(SecretRef { name: name.to_owned() })
    }

    /// As `params.NAME`, by a text. A parameter that is not declared is `()`; so is `params?.NAME`.
    ///
    /// # Example
    /// ```rhai
    /// if params?.keep_data == true { print("nothing is wiped"); }
    /// ```
    #[rhai_fn(name = "get", pure, return_raw)]
    pub fn params_get_named(context: NativeCallContext, _params: &mut Params, name: &str) -> RhaiResult<Dynamic> {
        let shared = SharedDraft::of(&context)?;
        let draft = shared.lock();
        draft
            .values
            .get(name)
            .map_or(Ok(Dynamic::UNIT), rhai::serde::to_dynamic)
    }

    /// The value of a parameter that was declared earlier.
    ///
    /// # Example
    /// ```rhai
    /// param("keep_data", false, "Do not wipe");
    /// if params.keep_data { print("nothing is wiped"); }
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn params_get(context: NativeCallContext, _params: &mut Params, name: &str) -> RhaiResult<Dynamic> {
        let shared = SharedDraft::of(&context)?;
        let draft = shared.lock();
        match draft.values.get(name) {
            Some(value) => rhai::serde::to_dynamic(value),
            None => {
                let problem = Problem::new(format!("the parameter '{name}' is not declared before this line"));
                let help = match nearest(name, draft.values.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean params.{near}?"),
                    None => format!("declare it first: param(\"{name}\", \"default\", \"What it is for\");"),
                };
                Err(problem.help(help).at(&context))
            }
        }
    }
}

fn options(context: &NativeCallContext, name: &str, options: &Map, help: &str) -> RhaiResult<Dynamic> {
    if let Some(unknown) = options
        .keys()
        .find(|key| !["type", "default", "choices"].contains(&key.as_str()))
    {
        return Err(Problem::new(format!("a parameter has no '{unknown}'"))
            .help("it can have type, default and choices")
            .at(context));
    }
    let default = match options.get("default") {
        Some(default) => Some(value_of(context, name, default.clone())?),
        None => None,
    };
    let kind = match options.get("type").map(ToString::to_string).as_deref() {
        Some("string") => "string",
        Some("bool") => "bool",
        Some("int") => "int",
        Some("list") => "list",
        None => default.as_ref().map_or("string", kind_of),
        Some(other) => {
            return Err(Problem::new(format!("{other:?} is not a type of a parameter"))
                .help("types are \"string\", \"bool\", \"int\" and \"list\"")
                .at(context));
        }
    };
    let choices = match options
        .get("choices")
        .cloned()
        .map(Dynamic::into_typed_array::<ImmutableString>)
    {
        None => Vec::new(),
        Some(Ok(choices)) => choices.into_iter().map(|choice| choice.to_string()).collect(),
        Some(Err(_)) => return Err(Problem::new("choices must be a list of strings").at(context)),
    };
    declare(
        context,
        Parameter {
            name: name.to_owned(),
            kind: kind.into(),
            default,
            choices,
            help: help.to_owned(),
        },
    )
}

fn declare(context: &NativeCallContext, parameter: Parameter) -> RhaiResult<Dynamic> {
    let name = parameter.name.clone();
    let valid = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(Problem::new(format!("{name:?} is not a valid name for a parameter"))
            .help("use letters, digits and _")
            .at(context));
    }
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    if draft
        .parameters
        .iter()
        .any(|known| known.name == name && *known != parameter)
    {
        return Err(Problem::new(format!(
            "the parameter '{name}' is declared twice with different values"
        ))
        .at(context));
    }
    if !draft.parameters.contains(&parameter) {
        draft.parameters.push(parameter.clone());
    }
    let given = match draft.given.get(&name) {
        Some(given) => Some(understand(given, &parameter).map_err(|problem| problem.at(context))?),
        None => None,
    };
    let value = given.or_else(|| parameter.default.clone()).ok_or_else(|| {
        let meaning = if parameter.help.is_empty() {
            String::new()
        } else {
            format!(" ({})", parameter.help)
        };
        Problem::new(format!("the parameter '{name}' is required{meaning}"))
            .help(format!("add: --set {name}=VALUE"))
            .at(context)
    })?;
    if !parameter.choices.is_empty()
        && !value
            .as_str()
            .is_some_and(|value| parameter.choices.iter().any(|c| c == value))
    {
        let choices = parameter.choices.join(", ");
        return Err(Problem::new(format!("the parameter '{name}' can't be {value}"))
            .help(format!("it is one of: {choices}"))
            .at(context));
    }
    draft.values.insert(name, value.clone());
    drop(draft);
    rhai::serde::to_dynamic(&value)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "int",
        Value::Array(_) => "list",
        _ => "string",
    }
}

fn value_of(context: &NativeCallContext, name: &str, value: Dynamic) -> RhaiResult<Value> {
    let fits = value.is_string() || value.is_int() || value.is_bool() || value.is_array();
    match rhai::serde::from_dynamic::<Value>(&value) {
        Ok(value) if fits => Ok(value),
        _ => Err(
            Problem::new(format!("the default of '{name}' has a type that parameters can't have"))
                .help("a parameter is a string, a bool, an int or a list of strings")
                .at(context),
        ),
    }
}

/// The given value, in the parameter's type. Text from a command line is parsed as that type; data of a different type
/// is refused.
fn understand(given: &Value, parameter: &Parameter) -> Result<Value, Problem> {
    // Numbers too: as text and as data they read the same.
    let plain = |item: &Value| item.is_string() || item.is_i64();
    let texts = match given {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    if texts.iter().filter_map(Value::as_str).any(|text| text.contains('\0')) {
        return Err(Problem::new(format!(
            "the parameter '{}' holds a NUL character, which a command can't take",
            parameter.name
        )));
    }
    let understood = match (parameter.kind.as_ref(), given) {
        ("string", Value::String(_)) | ("bool", Value::Bool(_)) => Some(given.clone()),
        ("list", Value::Array(items)) if items.iter().all(plain) => Some(given.clone()),
        ("int", Value::Number(number)) if number.is_i64() => Some(given.clone()),
        ("bool", Value::String(text)) => match text.as_str() {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        ("int", Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
        ("list", Value::String(text)) => Some(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(Value::from)
                .collect(),
        ),
        _ => None,
    };
    understood.ok_or_else(|| {
        let name = &parameter.name;
        let kind = match parameter.kind.as_ref() {
            "list" => "list of strings",
            kind => kind,
        };
        let example = match kind {
            "bool" => "true",
            "int" => "8080",
            "list of strings" => "one,two",
            _ => "text",
        };
        Problem::new(format!(
            "the parameter '{name}' must be of type {kind}, and {given} is not"
        ))
        .help(format!("for example: --set {name}={example}"))
    })
}

/// A secret inside a text could end up being printed, so every way of joining it into a text is an error that says what
/// to do instead.
pub fn forbid_joining_secrets(engine: &mut Engine) {
    fn refuse(context: &NativeCallContext, name: &str) -> Box<EvalAltResult> {
        let problem = Problem::new("a secret can't become part of a text")
            .label("used as text here")
            .help(format!(
                "pass it to the step: ssh::run(…).env(\"{name}\", secret(\"{name}\")), and use \"${name}\" \
                           in the command; for a file, upload a list: [\"{name}=\", secret(\"{name}\"), \"\\n\"]"
            ));
        // Interpolation and the printing of lists swallow an error of `to_string` and continue with the type's name.
        if let Ok(shared) = SharedDraft::of(context) {
            let source = context.call_source().unwrap_or_default().to_owned();
            shared
                .lock()
                .swallowed
                .get_or_insert((problem.clone(), source, context.call_position()));
        }
        problem.at(context)
    }
    type RhaiText = RhaiResult<ImmutableString>;
    engine
        .register_fn(
            "+",
            |context: NativeCallContext, _: &str, secret: SecretRef| -> RhaiText {
                Err(refuse(&context, &secret.name))
            },
        )
        .register_fn(
            "+",
            |context: NativeCallContext, secret: SecretRef, _: &str| -> RhaiText {
                Err(refuse(&context, &secret.name))
            },
        )
        .register_fn(
            "+=",
            |context: NativeCallContext, _: &mut ImmutableString, secret: SecretRef| -> RhaiResult<()> {
                Err(refuse(&context, &secret.name))
            },
        )
        .register_fn(
            "to_string",
            |context: NativeCallContext, secret: &mut SecretRef| -> RhaiText { Err(refuse(&context, &secret.name)) },
        )
        .register_fn(
            "to_debug",
            |context: NativeCallContext, secret: &mut SecretRef| -> RhaiText { Err(refuse(&context, &secret.name)) },
        )
        .register_fn(
            "print",
            |context: NativeCallContext, secret: &mut SecretRef| -> RhaiText { Err(refuse(&context, &secret.name)) },
        )
        .register_fn(
            "debug",
            |context: NativeCallContext, secret: &mut SecretRef| -> RhaiText { Err(refuse(&context, &secret.name)) },
        );
}
