//! The HTTP answer for an error: the one place that maps errors to statuses.
//!
//! It must not know routes or connections.

use crate::error::{Error, RecipeError, Refusal, SshError, StoreError};
use crate::reason::{Explained, Reason};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The document of an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemShown {
    error: Details,
}

/// What went wrong, and what to do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Details {
    /// Stable: it stays the same when the message is reworded.
    code: &'static str,
    message: String,
    /// What to do next.
    hint: Option<String>,
    /// Why, where the code has several kinds of reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Explained<Reason>>,
    /// The field of the body or of the query that the error is about.
    field: Option<String>,
}

/// An error as the API answers it. The fields are those of docs/api.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// Why, where the code has several kinds of reasons.
    pub reasons: Box<[Reason]>,
    /// The field of the body or of the query that the error is about.
    pub field: Option<Box<str>>,
    /// The methods that the path has, for 405.
    pub allow: Option<Box<str>>,
}

impl Problem {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            hint: None,
            reasons: Box::default(),
            field: None,
            allow: None,
        }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into().into());
        self
    }

    /// 400: what came is not HTTP as this service speaks it.
    pub fn bad_request(reason: impl AsRef<str>) -> Self {
        Self::new(
            400,
            "bad_request",
            format!("the request is not valid: {}", reason.as_ref()),
        )
    }

    /// 431.
    pub fn head_too_large(reason: impl AsRef<str>) -> Self {
        Self::new(
            431,
            "head_too_large",
            format!("the head of the request is too large: {}", reason.as_ref()),
        )
    }

    /// 503: there are too many of something at the moment.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(503, "busy", message).with_hint("try again in a moment")
    }

    /// 500 that says nothing of what went wrong inside.
    pub fn internal() -> Self {
        Self::new(500, "internal", "something went wrong inside infrakt")
            .with_hint("the log of the service says what failed")
    }

    /// 404: there is no such path.
    pub fn unknown_route() -> Self {
        Self::new(404, "unknown_route", "this path does not exist").with_hint("list the paths: GET /api/openapi.json")
    }

    /// 405: the path is there, but not with this method. `allow` names those that it has: `GET, POST`.
    pub fn method_not_allowed(allow: impl Into<String>) -> Self {
        let allow = allow.into();
        let mut problem = Self::new(405, "method_not_allowed", format!("this path supports only {allow}"));
        problem.allow = Some(allow.into());
        problem
    }

    /// 422: a field of the body is not as described.
    pub fn invalid_body(field: Option<String>, message: impl Into<String>) -> Self {
        let problem = Self::new(422, "invalid_body", message);
        Self {
            field: field.map(String::into),
            ..problem
        }
    }

    /// 422: a field of the query is not as described.
    pub fn invalid_query(field: Option<String>, message: impl Into<String>) -> Self {
        let problem = Self::new(422, "invalid_query", message);
        Self {
            field: field.map(String::into),
            ..problem
        }
    }

    /// The headers that go with it.
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = Vec::new();
        if let Some(allow) = &self.allow {
            headers.push(("Allow", allow.as_ref()));
        }
        if self.status == 401 {
            headers.push(("WWW-Authenticate", "X-API-Key"));
        }
        headers
    }

    /// The document of the answer.
    pub fn body(&self) -> Value {
        let shown = ProblemShown {
            error: Details {
                code: self.code,
                message: self.message.clone(),
                hint: self.hint.clone(),
                reasons: Explained::all(self.reasons.iter().cloned()),
                field: self.field.as_deref().map(str::to_owned),
            },
        };
        // Words alone: there is no way for this to fail.
        serde_json::to_value(&shown).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self {
            status: status(&error),
            code: error.code(),
            message: message(&error),
            hint: hint(&error),
            reasons: error.reasons().into(),
            field: field(&error).map(String::into),
            allow: None,
        }
    }
}

/// What went wrong; in a recipe with the place, which people see with the line itself.
fn message(error: &Error) -> String {
    match error.place() {
        Some((at, _)) => format!("{error} ({}:{}:{})", at.file, at.line, at.column),
        None => error.to_string(),
    }
}

/// The field of a body that an error is about.
fn field(error: &Error) -> Option<String> {
    Some(match error {
        Error::SecretMissing { name } => format!("secrets.{name}"),
        Error::Refused(Refusal::NotProven { field, .. }) => (*field).to_owned(),
        Error::Refused(Refusal::ConsentMismatch { .. } | Refusal::OtherName { .. } | Refusal::NeedsName { .. }) => {
            "confirm".to_owned()
        }
        Error::Refused(Refusal::AnotherPlan { .. } | Refusal::NotShown { .. }) => "digest".to_owned(),
        Error::Recipe(recipe) if matches!(recipe.as_ref(), RecipeError::Parameter { .. }) => "parameters".to_owned(),
        Error::Store(StoreError::Invalid { what, .. }) => match *what {
            "server name" => "name".to_owned(),
            "tag" => "tags".to_owned(),
            "path of a key" => "ssh_key_path".to_owned(),
            "host key" => "host_key".to_owned(),
            what => what.to_owned(),
        },
        _ => return None,
    })
}

/// What to do next, for a caller of the API, who has no terminal and no options.
fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::SecretMissing { name } => {
            format!("send it in the body as secrets.{name}, or set INFRAKT_SECRET_{name} in the service's environment")
        }
        Error::Refused(Refusal::NeedsName { reason }) => name_hint(reason.server()),
        Error::Refused(Refusal::OtherName { server } | Refusal::ConsentMismatch { server }) => name_hint(server),
        Error::Ssh(SshError::SudoNeedsPassword { .. }) => {
            "send the password as `sudo_password` in the body, or set INFRAKT_SUDO_PASSWORD in the service's environment"
                .to_owned()
        }
        Error::Ssh(SshError::SudoWrongPassword {
            from_environment: false,
            ..
        }) => "send the right one as `sudo_password`".to_owned(),
        Error::Recipe(recipe) => {
            let label = recipe.place().map(|(_, label)| label).filter(|label| !label.is_empty());
            return recipe.help().or_else(|| label.map(str::to_owned));
        }
        _ => return error.hint(),
    })
}

fn name_hint(server: &str) -> String {
    format!("if '{server}' is the right server, send exactly that name as `confirm`")
}

fn status(error: &Error) -> u16 {
    match error {
        Error::Recipe(error) => match error.as_ref() {
            RecipeError::Unknown { .. } => 404,
            RecipeError::Script { .. }
            | RecipeError::Lint { .. }
            | RecipeError::Failed { .. }
            | RecipeError::Parameter { .. } => 422,
        },
        Error::Refused(refusal) => match refusal {
            Refusal::Protected { .. }
            | Refusal::NoIdentity { .. }
            | Refusal::Locked { .. }
            | Refusal::RunsElsewhere { .. }
            | Refusal::UnknownStep { .. }
            | Refusal::NotDetached { .. } => 409,
            Refusal::ConsentMismatch { .. }
            | Refusal::NoTerminal { .. }
            | Refusal::NotConfirmed { .. }
            | Refusal::Unconfirmed { .. }
            | Refusal::NeedsName { .. }
            | Refusal::NotProven { .. }
            | Refusal::AnotherPlan { .. }
            | Refusal::NotShown { .. }
            | Refusal::OtherName { .. }
            | Refusal::StalePlan { .. } => 422,
            Refusal::Busy { .. } => 503,
        },
        Error::Ssh(_) | Error::Server(_) | Error::Facts { .. } => 502,
        Error::Store(error) => match error {
            StoreError::Unknown { .. }
            | StoreError::UnknownRun { .. }
            | StoreError::UnknownGroup { .. }
            | StoreError::UnknownVariable { .. }
            | StoreError::UnknownTag { .. } => 404,
            StoreError::Exists { .. }
            | StoreError::ServerHasApps { .. }
            | StoreError::RunIsDone { .. }
            | StoreError::RunIsTooOld { .. }
            | StoreError::RunHasEnded { .. }
            | StoreError::RunsServerIsGone { .. }
            | StoreError::HostKeyDiffers { .. } => 409,
            StoreError::Invalid { .. } => 422,
            StoreError::Database { .. }
            | StoreError::Locked { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Full { .. }
            | StoreError::Unwritable { .. }
            | StoreError::Newer { .. }
            | StoreError::Home { .. }
            | StoreError::LeftoverEnvFile { .. }
            | StoreError::KeyGone { .. }
            | StoreError::KeyMalformed { .. }
            | StoreError::WrongKey { .. }
            | StoreError::EnvFile { .. } => 500,
        },
        Error::Usage { .. } | Error::SecretMissing { .. } => 422,
        Error::Run { .. } => 409,
        Error::Interrupted => 503,
        Error::File { .. } | Error::Malformed { .. } => 500,
    }
}
