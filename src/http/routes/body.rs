//! Bodies of requests: optional bodies, and fields that several of them share.

use super::super::problem::Problem;
use super::super::request::Request;
use crate::plan::secret::Secret;
use crate::runtime::{Secrets, Unattended};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The longest value of a secret, in bytes.
const SECRET_LENGTH: usize = 64 * 1024;
/// Names of servers and recipes, tags and digests are shorter.
const NAME_LENGTH: usize = 200;

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

/// Refuses a field of the body that is too long to be what it should be: a name or a digest.
///
/// # Errors
/// 422 `invalid_body`, with the field.
pub fn short(field: &str, text: Option<&str>) -> Result<(), Problem> {
    match is_short(text) {
        true => Ok(()),
        false => Err(Problem::invalid_body(Some(field.to_owned()), too_long(field))),
    }
}

/// As [`short`], for a field of the query.
///
/// # Errors
/// 422 `invalid_query`, with the field.
pub fn short_in_query(field: &str, text: Option<&str>) -> Result<(), Problem> {
    match is_short(text) {
        true => Ok(()),
        false => Err(Problem::invalid_query(Some(field.to_owned()), too_long(field))),
    }
}

fn is_short(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.len() <= NAME_LENGTH)
}

fn too_long(field: &str) -> String {
    format!("`{field}` is longer than {NAME_LENGTH} bytes")
}

/// The value of a secret: nothing prints it.
#[derive(Debug)]
pub struct SecretText(Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Reads a text, and never says what stood there instead.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = SecretText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(Secret::new(text)))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretText, E> {
        Err(E::custom(NO_TEXT))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretText, E> {
        Err(E::custom(NO_TEXT))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretText, E> {
        Err(E::custom(NO_TEXT))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretText, E> {
        Err(E::custom(NO_TEXT))
    }
}

const NO_TEXT: &str = "a secret is a text";

impl JsonSchema for SecretText {
    fn schema_name() -> Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "maxLength": SECRET_LENGTH, "writeOnly": true })
    }
}

/// What answers in place of a person: the password for sudo that came with the request, if there was one.
///
/// # Errors
/// 422 `invalid_body` if it is too long.
pub fn answers(sudo_password: Option<SecretText>) -> Result<Unattended, Problem> {
    let sudo_password = sudo_password.map(|SecretText(secret)| secret);
    if sudo_password
        .as_ref()
        .is_some_and(|secret| secret.expose().len() > SECRET_LENGTH)
    {
        let message = format!("the password is longer than {SECRET_LENGTH} bytes");
        return Err(Problem::invalid_body(Some("sudo_password".to_owned()), message));
    }
    // An empty one is none.
    let sudo_password = sudo_password.filter(|secret| !secret.expose().is_empty());
    Ok(Unattended { sudo_password })
}

/// Values for secrets, by name.
#[derive(Debug, Default, JsonSchema)]
#[schemars(inline)]
pub struct SecretTexts(BTreeMap<String, SecretText>);

impl<'de> Deserialize<'de> for SecretTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts)
    }
}

/// Reads texts by name, and never says what stood there instead.
struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = SecretTexts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretTexts, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((name, text)) = map.next_entry()? {
            if texts.insert(name, text).is_some() {
                return Err(A::Error::custom("a secret was given twice"));
            }
        }
        Ok(SecretTexts(texts))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<SecretTexts, E> {
        Err(E::custom(NO_TEXTS))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretTexts, E> {
        Err(E::custom(NO_TEXTS))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretTexts, E> {
        Err(E::custom(NO_TEXTS))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretTexts, E> {
        Err(E::custom(NO_TEXTS))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretTexts, E> {
        Err(E::custom(NO_TEXTS))
    }
}

const NO_TEXTS: &str = "secrets are an object of texts by name";

/// # Errors
/// 422 `invalid_body` if one is too long.
pub fn secrets(texts: SecretTexts) -> Result<Secrets, Problem> {
    let checked = texts.0.into_iter().map(|(name, SecretText(secret))| {
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
