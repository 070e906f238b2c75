//! Bodies of calls: those that may be left out, and what several of them hold.

use super::super::problem::Problem;
use super::super::request::Request;
use crate::plan::secret::Secret;
use crate::runtime::Secrets;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest value of a secret, in bytes.
const SECRET_LENGTH: usize = 64 * 1024;
/// Server names and digests are shorter.
const PROOF_LENGTH: usize = 200;

/// A body all of whose fields may be missing; then it may be, too.
///
/// # Errors
/// As [`Request::json`].
pub fn if_any<T: DeserializeOwned + Default>(request: &Request) -> Result<T, Problem> {
    match request.body.is_empty() {
        true => Ok(T::default()),
        false => request.json(),
    }
}

/// A value that is there, even if it is null.
pub fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Refuses a text that is too long to be what it should be.
///
/// # Errors
/// 422 `invalid_body`, with the field.
pub fn short(field: &str, text: Option<&str>) -> Result<(), Problem> {
    match text {
        Some(text) if text.len() > PROOF_LENGTH => Err(Problem::invalid_body(
            Some(field.to_owned()),
            format!("`{field}` is longer than {PROOF_LENGTH} bytes"),
        )),
        _ => Ok(()),
    }
}

/// The value of a secret: nothing prints it.
#[derive(Debug)]
pub struct SecretText(Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl JsonSchema for SecretText {
    fn schema_name() -> Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "maxLength": SECRET_LENGTH, "writeOnly": true })
    }
}

/// Values for secrets, by name.
pub type SecretTexts = BTreeMap<String, SecretText>;

/// # Errors
/// 422 `invalid_body` if one is too long.
pub fn secrets(texts: SecretTexts) -> Result<Secrets, Problem> {
    let checked = texts.into_iter().map(|(name, SecretText(secret))| {
        if secret.expose().len() > SECRET_LENGTH {
            let message = format!(
                "the secret {} is longer than {SECRET_LENGTH} bytes",
                name.escape_debug()
            );
            return Err(Problem::invalid_body(Some(format!("secrets.{name}")), message));
        }
        Ok((name, secret))
    });
    checked.collect()
}
