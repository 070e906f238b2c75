//! The inputs of a recipe: parameters and secrets.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use crate::error::nearest;
use crate::recipe::draft::{Problem, SharedDraft};
use crate::recipe::parameter::{KINDS, Parameter};
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
    /// parameter has the type of the default. A map instead of the default describes it further: `type` ("string",
    /// "bool", "int", "list", "map"), `default` (in quotes, since Rhai reserves the word), `choices`, `fields`. Without
    /// `default`, the parameter is required. `fields` says what each map of a list has, or a map itself; every field is
    /// described as a parameter is: by its default, or by a map. What has other fields is refused.
    ///
    /// # Example
    /// ```rhai
    /// let port = param("port", 8080, "The port that the app listens on");
    /// let keys = param("keys", #{
    ///     type: "list",
    ///     fields: #{ name: #{ type: "string" }, key: #{ type: "string" }, sudo: false },
    ///     "default": [],
    /// }, "Who may log in");
    /// for entry in keys { print(`${entry.name} may log in`); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn param(context: NativeCallContext, name: &str, default: Dynamic, help: &str) -> RhaiResult<Dynamic> {
        let parameter = described(&context, name, default, help)?;
        declare(&context, parameter)
    }

    /// As `param`, without a text that says what it is for.
    ///
    /// # Example
    /// ```rhai
    /// let channel = param("channel", #{ type: "string", "default": "stable", choices: ["stable", "beta"] });
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

/// What is said of a parameter, or of a field of its maps: a default, or a map of options.
fn described(context: &NativeCallContext, name: &str, said: Dynamic, help: &str) -> RhaiResult<Parameter> {
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(Problem::new(format!("{name:?} is not a valid name for a parameter"))
            .help("use letters, digits and _")
            .at(context));
    }
    let options = match said.is_map() {
        true => said.cast::<Map>(),
        false => Map::from([("default".into(), said)]),
    };
    if let Some(unknown) = options
        .keys()
        .find(|key| !["type", "default", "choices", "fields"].contains(&key.as_str()))
    {
        return Err(Problem::new(format!("a parameter has no '{unknown}'"))
            .help("it can have type, default, choices and fields")
            .at(context));
    }
    let default = match options.get("default") {
        Some(default) => Some(value_of(context, name, default)?),
        None => None,
    };
    let fields = match options.get("fields").map(|fields| fields.clone().try_cast::<Map>()) {
        None => Vec::new(),
        Some(Some(fields)) => {
            let described = fields
                .into_iter()
                .map(|(name, said)| described(context, &name, said, ""));
            described.collect::<RhaiResult<_>>()?
        }
        Some(None) => {
            return Err(Problem::new(format!("the fields of '{name}' must be a map"))
                .help("for example: fields: #{ name: #{ type: \"string\" }, sudo: false }")
                .at(context));
        }
    };
    let kind = match options.get("type").map(ToString::to_string) {
        Some(said) => KINDS.into_iter().find(|kind| *kind == said).ok_or_else(|| {
            Problem::new(format!("{said:?} is not a type of a parameter"))
                .help(format!("types are \"{}\"", KINDS.join("\", \"")))
                .at(context)
        })?,
        None if !fields.is_empty() => "list",
        None => default.as_ref().map_or("string", Parameter::kind_of),
    };
    if !fields.is_empty() && kind != "list" && kind != "map" {
        return Err(Problem::new(format!("a parameter of type {kind} has no fields"))
            .help("a list of maps has fields, and a map")
            .at(context));
    }
    let of_maps = |default: &Value| {
        default
            .as_array()
            .is_some_and(|items| items.iter().any(Value::is_object))
    };
    if kind == "list" && fields.is_empty() && default.as_ref().is_some_and(of_maps) {
        return Err(Problem::new(format!("what the maps in '{name}' have is not said"))
            .help("say it: #{ fields: #{ name: #{ type: \"string\" }, sudo: false }, \"default\": […] }")
            .at(context));
    }
    let choices = match options
        .get("choices")
        .cloned()
        .map(Dynamic::into_typed_array::<ImmutableString>)
    {
        None => Vec::new(),
        Some(Ok(choices)) => choices.into_iter().map(|choice| choice.to_string()).collect(),
        Some(Err(_)) => return Err(Problem::new("choices must be a list of strings").at(context)),
    };
    let mut parameter = Parameter {
        name: name.to_owned(),
        kind: kind.into(),
        default: None,
        choices,
        fields,
        help: help.to_owned(),
    };
    parameter.default = match default {
        // What its fields leave out is added, as in a value that is given.
        Some(default) if !parameter.fields.is_empty() => {
            Some(parameter.understand(&default).map_err(|problem| problem.at(context))?)
        }
        default => default,
    };
    Ok(parameter)
}

fn declare(context: &NativeCallContext, parameter: Parameter) -> RhaiResult<Dynamic> {
    let name = parameter.name.clone();
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
    let value = match (draft.given.get(&name), &parameter.default) {
        (Some(given), _) => parameter.understand(given),
        (None, Some(default)) if parameter.choices.is_empty() => Ok(default.clone()),
        (None, Some(default)) => parameter.understand(default),
        (None, None) => Err(parameter.required()),
    };
    let value = value.map_err(|problem| problem.at(context))?;
    draft.values.insert(name, value.clone());
    drop(draft);
    rhai::serde::to_dynamic(&value)
}

fn value_of(context: &NativeCallContext, name: &str, value: &Dynamic) -> RhaiResult<Value> {
    let plain = |value: &Dynamic| value.is_string() || value.is_int() || value.is_bool();
    let fits = plain(value) || value.is_array() || value.is_map();
    match rhai::serde::from_dynamic::<Value>(value) {
        Ok(value) if fits => Ok(value),
        _ => Err(
            Problem::new(format!("the default of '{name}' has a type that parameters can't have"))
                .help("a parameter is a string, a bool, an int, a list or a map")
                .at(context),
        ),
    }
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
