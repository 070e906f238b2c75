//! Lists of texts and secrets, as the content of a file.

use super::parameters::SecretRef;
use crate::plan::{Content, Piece};
use crate::recipe::data::{kind, plain_text};
use crate::recipe::draft::Problem;
use crate::recipe::limits::MAX_NESTING;
use rhai::{Array, Dynamic};

/// The content that a list says: texts, numbers, secrets, and lists of these.
///
/// # Errors
/// If something else is in it.
pub fn content_of(list: &Array) -> Result<Content, Problem> {
    let mut pieces = Vec::new();
    collect(list, MAX_NESTING, &mut pieces)?;
    Ok(Content::of(pieces))
}

fn collect(list: &Array, depth: usize, pieces: &mut Vec<Piece>) -> Result<(), Problem> {
    if depth == 0 {
        return Err(Problem::new(format!("the list nests deeper than {MAX_NESTING} levels")));
    }
    for (at, item) in list.iter().enumerate() {
        if let Ok(inner) = item.as_array_ref() {
            collect(&inner, depth - 1, pieces)?;
        } else if let Some(secret) = secret_of(item) {
            pieces.push(Piece::Secret { secret });
        } else if let Some(text) = plain_text(item) {
            pieces.push(Piece::Text(text.into()));
        } else {
            return Err(Problem::new(format!(
                "entry {at} of this list is a {}, and can't become part of a file",
                kind(item)
            ))
            .help("a file is made of texts, numbers and secrets: [\"KEY=\", secret(\"KEY\"), \"\\n\"]"));
        }
    }
    Ok(())
}

fn secret_of(item: &Dynamic) -> Option<String> {
    item.read_lock::<SecretRef>().map(|secret| secret.name.clone())
}
