//! Primitives for texts that every recipe has to do with: lists in one text, and versions.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use crate::recipe::data::{kind, plain_text};
use crate::recipe::draft::Problem;
use crate::recipe::limits::MAX_STRING;
use crate::recipe::version;
use rhai::Array;
use rhai::plugin::*;

/// Texts.
#[export_module]
pub mod text {
    /// Joins a list of texts and numbers into one text, with a separator between them.
    ///
    /// # Example
    /// ```rhai
    /// let names = ["a.example.org", "b.example.org"];
    /// ssh::upload("Write the names", "/etc/app/names", names.join("\n") + "\n");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn join(context: NativeCallContext, list: &mut Array, separator: &str) -> RhaiResult<String> {
        let mut joined = String::new();
        for (at, item) in list.iter().enumerate() {
            let text = plain_text(item).ok_or_else(|| {
                Problem::new(format!(
                    "entry {at} of this list is a {}, and can't become part of a text",
                    kind(item)
                ))
                .at(&context)
            })?;
            if at > 0 {
                joined.push_str(separator);
            }
            joined.push_str(&text);
            if joined.len() > MAX_STRING {
                return Err(Problem::new(format!("a text has at most {} MiB", MAX_STRING >> 20)).at(&context));
            }
        }
        Ok(joined)
    }

    /// Whether a version is at least another one. Numbers in it are compared as numbers, as Debian does
    /// (deb-version(7)): `1.10` is newer than `1.9`, and `1.0~rc1` is older than `1.0`.
    ///
    /// # Example
    /// ```rhai
    /// if !version_at_least(facts.os.version, "12") { fail("This needs Debian 12 or newer."); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn version_at_least(context: NativeCallContext, version: &str, least: &str) -> RhaiResult<bool> {
        for text in [version, least] {
            if !text.contains(|c: char| c.is_ascii_digit()) {
                return Err(Problem::new(format!("{text:?} is not a version"))
                    .help("a version has a number: \"12\", \"1.27.3\"")
                    .at(&context));
            }
        }
        Ok(version::compare(version, least).is_ge())
    }
}
