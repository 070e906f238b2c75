//! `local::…`: files beside the recipe, as texts.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use super::parameters::SecretRef;
use crate::error::Error;
use crate::plan::digest::sha256;
use crate::plan::{FileIdentity, Piece};
use crate::recipe::draft::{Problem, SharedDraft};
use crate::recipe::template;
use rhai::plugin::*;
use rhai::{Array, Map};

/// Files in the recipe's own folder.
#[export_module]
pub mod local {
    /// The text of a file in the recipe's folder, by its path from there. The file must be UTF-8, below that folder even
    /// when links are followed, and only you and root may be able to change it. The plan has its hash.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the configuration", "/etc/app.toml", local::text("app.toml"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn text(context: NativeCallContext, path: &str) -> RhaiResult<String> {
        read(&context, path)
    }

    /// Fills in a template, a file in the recipe's folder, with the values of a map. The language is that of Jinja:
    /// `{{ name }}`, `{% if … %}`, `{% for … %}`, filters. A name that is not in the map is an error. A line that has
    /// only a `{% … %}` leaves no empty line. `{{ value|quote }}` quotes for a shell.
    ///
    /// Secrets may be among the values, and can stand in the result as they are: then the result is a list of texts and
    /// secrets, which `ssh::upload` takes. Otherwise it is a text.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the environment", "/srv/app/.env", local::template("app.env", #{
    ///     port: 8080,
    ///     key: secret("APP_KEY"),
    /// }));
    /// ```
    #[rhai_fn(name = "template", return_raw)]
    pub fn fill_in(context: NativeCallContext, path: &str, values: Map) -> RhaiResult<Dynamic> {
        let source = read(&context, path)?;
        let content = template::fill_in(path, &source, &values).map_err(|problem| problem.at(&context))?;
        Ok(match content.as_text() {
            Some(text) => text.to_owned().into(),
            None => content.pieces().iter().map(dynamic).collect::<Array>().into(),
        })
    }
}

fn dynamic(piece: &Piece) -> Dynamic {
    match piece {
        Piece::Text(text) => text.clone().into(),
        Piece::Secret { secret } => Dynamic::from(SecretRef { name: secret.clone() }),
    }
}

/// Reads a text and notes its hash.
fn read(context: &NativeCallContext, path: &str) -> RhaiResult<String> {
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let text = draft.files.read(path).map_err(|error| of_file(&error).at(context))?;
    draft.charge(text.len()).map_err(|problem| problem.at(context))?;
    let identity = FileIdentity {
        sha256: sha256(text.as_bytes()),
        bytes: text.len() as u64,
    };
    match draft.texts.insert(path.to_owned(), identity.clone()) {
        Some(before) if before != identity => Err(Problem::new(format!("{path} changed while the plan was made"))
            .help("plan again when nothing changes it")
            .at(context)),
        _ => Ok(text),
    }
}

/// The error about a file beside the recipe, at the line that asks for it.
pub(super) fn of_file(error: &Error) -> Problem {
    let mut problem = Problem::new(error.to_string()).label("asked for here");
    problem.help = error.hint();
    problem
}
