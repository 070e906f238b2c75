//! `json::…`, `yaml::…`, `toml::…` and `base64::…`: data in texts.

use super::call::RhaiResult;
use crate::recipe::data::{of_dynamic, to_dynamic};
use crate::recipe::draft::Problem;
use crate::recipe::formats::Format;
use crate::recipe::limits::MAX_STRING;
use rhai::plugin::*;
use serde_json::Value;

/// JSON.
#[export_module]
pub mod json {
    /// Reads a text as JSON. An object becomes a map, an array a list, and `null` becomes `()`.
    ///
    /// # Example
    /// ```rhai
    /// let links = json::parse("[{\"name\": \"eth0\", \"mtu\": 1500}]");
    /// if links[0].mtu < 1280 { fail("The network needs an MTU of 1280 or more."); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse(context: NativeCallContext, text: &str) -> RhaiResult<Dynamic> {
        parsed(&context, Format::Json, text)
    }

    /// Writes a value as JSON with indentation, sorted by key, and with a line break at the end, as a file has it.
    ///
    /// # Example
    /// ```rhai
    /// let daemon = #{ "log-driver": "journald", "live-restore": true };
    /// ssh::upload("Configure Docker", "/etc/docker/daemon.json", json::text(daemon));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn text(context: NativeCallContext, value: Dynamic) -> RhaiResult<String> {
        let data = of_dynamic(&value).map_err(|problem| problem.at(&context))?;
        let text = serde_json::to_string_pretty(&data).map(|text| text + "\n");
        within_limit(
            &context,
            text.map_err(|error| not_written(&context, "JSON", &error.to_string()))?,
        )
    }

    /// Writes a value as JSON on one line, sorted by key.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Tell the app", `app-admin set ${quote(json::line(#{ limit: 20 }))}`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn line(context: NativeCallContext, value: Dynamic) -> RhaiResult<String> {
        let data = of_dynamic(&value).map_err(|problem| problem.at(&context))?;
        within_limit(&context, data.to_string())
    }
}

/// YAML 1.2: only `true` and `false` are bools; `no`, `on` and the like are texts.
#[export_module]
pub mod yaml {
    /// Reads a text of at most 1 MiB as one document of YAML 1.2. Only `true` and `false` become bools; `no` and `on`
    /// are texts. The same key twice is an error.
    ///
    /// # Example
    /// ```rhai
    /// let compose = yaml::parse("services:\n  web:\n    image: nginx:1.27\n");
    /// for service in compose.services.keys() { print(service); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse(context: NativeCallContext, text: &str) -> RhaiResult<Dynamic> {
        parsed(&context, Format::Yaml, text)
    }

    /// Writes a value as YAML, sorted by key, with a line break at the end. Texts that YAML would take for something
    /// else get quotes.
    ///
    /// # Example
    /// ```rhai
    /// let compose = #{ services: #{ web: #{ image: "nginx:1.27", ports: ["127.0.0.1:8080:80"] } } };
    /// ssh::upload("Describe the service", "/srv/compose.yaml", yaml::text(compose));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn text(context: NativeCallContext, value: Dynamic) -> RhaiResult<String> {
        let data = of_dynamic(&value).map_err(|problem| problem.at(&context))?;
        let options = serde_saphyr::ser_options! { prefer_block_scalars: true, folded_wrap_chars: 100_000 };
        let text = serde_saphyr::to_string_with_options(&data, options);
        within_limit(
            &context,
            text.map_err(|error| not_written(&context, "YAML", &error.to_string()))?,
        )
    }
}

/// TOML.
#[export_module]
pub mod toml {
    /// Reads a text of at most 1 MiB as TOML. Dates and times become texts.
    ///
    /// # Example
    /// ```rhai
    /// let settings = toml::parse("[server]\nport = 8080\n");
    /// let port = settings.server.port;
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse(context: NativeCallContext, text: &str) -> RhaiResult<Dynamic> {
        parsed(&context, Format::Toml, text)
    }

    /// Writes a map as TOML, sorted by key, with a line break at the end. TOML has no empty value, so a `()` in it is
    /// an error.
    ///
    /// # Example
    /// ```rhai
    /// let settings = #{ server: #{ port: 8080, names: ["a.example.org"] } };
    /// ssh::upload("Configure the app", "/etc/app.toml", toml::text(settings));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn text(context: NativeCallContext, value: Map) -> RhaiResult<String> {
        let data = of_dynamic(&value.into()).map_err(|problem| problem.at(&context))?;
        if let Some(path) = empty_in(&data) {
            return Err(Problem::new(format!("TOML has no empty value, and '{path}' is ()"))
                .help("leave the key out")
                .at(&context));
        }
        let text = ::toml::to_string_pretty(&data);
        within_limit(
            &context,
            text.map_err(|error| not_written(&context, "TOML", &error.to_string()))?,
        )
    }
}

/// Base64 (RFC 4648, with padding).
#[export_module]
pub mod base64 {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;

    /// Writes a text in Base64, on one line.
    ///
    /// # Example
    /// ```rhai
    /// let header = "Authorization: Basic " + base64::encode("ci:not-secret");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn encode(context: NativeCallContext, text: &str) -> RhaiResult<String> {
        within_limit(&context, STANDARD.encode(text))
    }

    /// Reads Base64. Line breaks and spaces in it are ignored. What it stands for must be text (UTF-8).
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the logo", "/srv/www/logo.svg", base64::decode("PHN2Zy8+Cg=="));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn decode(context: NativeCallContext, text: &str) -> RhaiResult<String> {
        let dense: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes = STANDARD
            .decode(dense)
            .map_err(|error| Problem::new(format!("this is not Base64: {error}")).at(&context))?;
        String::from_utf8(bytes).map_err(|_| {
            Problem::new("what this Base64 stands for is no text")
                .help(
                    "decode it on the server: ssh::run(\"Write the file\", \"base64 -d >/srv/file <<'END'\\n…\\nEND\")",
                )
                .at(&context)
        })
    }
}

use rhai::Map;

fn within_limit(context: &NativeCallContext, text: String) -> RhaiResult<String> {
    match text.len() > MAX_STRING {
        true => Err(Problem::new(format!("a text has at most {} MiB", MAX_STRING >> 20)).at(context)),
        false => Ok(text),
    }
}

fn not_written(context: &NativeCallContext, format: &str, why: &str) -> Box<EvalAltResult> {
    Problem::new(format!("this can't be written as {format}: {why}")).at(context)
}

/// A text as a value of the recipe; otherwise it says what is wrong with the text, and shows its line.
fn parsed(context: &NativeCallContext, format: Format, text: &str) -> RhaiResult<Dynamic> {
    let data = format.parse(text).map_err(|wrong| {
        let name = format.name();
        let problem = match text.trim().is_empty() {
            true => Problem::new(format!("this text is empty, and so no {name}"))
                .help("give an empty answer a value first: if text == \"\" { text = \"{}\"; }"),
            false => Problem::new(format!("this text is no {name}: {}", wrong.what)).help(wrong.shown_line(text)),
        };
        problem.label(format!("not {name}")).at(context)
    })?;
    to_dynamic(data).map_err(|problem| problem.at(context))
}

/// The path of the first null in data: `server.port`.
fn empty_in(data: &Value) -> Option<String> {
    let below = |key: String, value: &Value| {
        empty_in(value).map(|path| match path.is_empty() {
            true => key.clone(),
            false => format!("{key}.{path}"),
        })
    };
    match data {
        Value::Null => Some(String::new()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| below(at.to_string(), item)),
        Value::Object(entries) => entries.iter().find_map(|(key, value)| below(key.clone(), value)),
        _ => None,
    }
}
