//! A request as the routes see it: checked by the listener, with its path and query taken apart.
//!
//! It must not know connections, nor which routes there are.

use super::problem::Problem;
use serde::de::DeserializeOwned;

/// The methods that routes answer to. Any other is `Other`, which no route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Patch,
    Delete,
    Other,
}

impl Method {
    pub fn from_name(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Other => "OTHER",
        }
    }
}

/// A request whose sender was let in.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// The segments after the first `/`, percent-decoded: `["api", "servers", "prod-2"]`. `/` has none.
    pub path: Vec<String>,
    /// What stands after `?`, as it came.
    pub raw_query: String,
    pub content_type: Option<String>,
    /// `Last-Event-ID`, as it came.
    pub last_event_id: Option<String>,
    /// Whether the client takes answers that are compressed with gzip.
    pub takes_gzip: bool,
    pub body: Vec<u8>,
}

impl Request {
    /// Reads the body, which must be a JSON object of the form of `T`. Types refuse unknown fields themselves
    /// (`#[serde(deny_unknown_fields)]`).
    ///
    /// # Errors
    /// 415 `not_json` without `Content-Type: application/json`; 422 `invalid_body`, with the field that is meant.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let media_type = self.content_type.as_deref().unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(415, "not_json", "the body must be JSON")
                .with_hint("send the header Content-Type: application/json"));
        }
        // A list would do for a struct, field by field.
        if self.body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Problem::invalid_body(None, "the body must be a JSON object"));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (path, reason) = (error.path().to_string(), error.inner().to_string());
            let field = field_meant(&path, &reason);
            Problem::invalid_body(field, format!("the body is not valid: {reason}"))
        })?;
        json.end()
            .map_err(|error| Problem::invalid_body(None, format!("there is text after the JSON object: {error}")))?;
        Ok(value)
    }

    /// Reads the query, as a form of `T`.
    ///
    /// # Errors
    /// 422 `invalid_query`, with the field that is meant.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let pairs = form_urlencoded::parse(self.raw_query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
            let (path, reason) = (error.path().to_string(), error.inner().to_string());
            let field = field_meant(&path, &reason);
            Problem::invalid_query(field, format!("the query is not valid: {reason}"))
        })
    }
}

/// The field that an error of serde is about: its path, and for what is missing, twice or unknown the name in the message.
fn field_meant(path: &str, reason: &str) -> Option<String> {
    let named = ["missing field `", "duplicate field `", "unknown field `"]
        .iter()
        .find_map(|words| reason.strip_prefix(words))
        .and_then(|rest| rest.split('`').next());
    match (path, named) {
        (".", None) => None,
        (".", Some(name)) => Some(name.to_owned()),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => Some(format!("{path}.{name}")),
        (path, _) => Some(path.to_owned()),
    }
}
