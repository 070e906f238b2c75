//! Secrets from files: `INFRAKT_SECRET_<NAME>_FILE` has the path of a file with the value, as programs in containers get
//! secrets.
//!
//! It must not know what a secret is for.

use crate::error::{Error, Result};
use crate::ownership;
use crate::plan::secret::Secret;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

/// The most bytes that a secret may have.
const MAX_BYTES: u64 = 1 << 20;

/// The secret in a file.
///
/// # Errors
/// If the file can't be read, other users can change it, it is too large, or is no UTF-8.
pub fn read(path: &OsStr) -> Result<Secret> {
    let path = Path::new(path);
    ownership::check(path).map_err(|unusable| unusable.into_error(path))?;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Error::file("read", path))?;
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(Error::file("read", path))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::usage(format!(
            "{} is too large for a secret: it has at most 1 MiB",
            path.display()
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::usage_with(
            format!("{} is not UTF-8", path.display()),
            "secrets are UTF-8 text; encode bytes with: base64 -w0",
        )
    })?;
    Ok(Secret::new(value_of(&text)))
}

/// A file of one line has the line as its value: editors and `echo` end it with a line break that is no part of a password. In a
/// file of several lines, such as a private key, the last line break counts.
fn value_of(text: &str) -> &str {
    match text.strip_suffix('\n') {
        Some(line) if !line.contains('\n') => line.strip_suffix('\r').unwrap_or(line),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn only_the_line_break_of_a_single_line_is_left_out() {
        for (text, value) in [
            ("hunter2\n", "hunter2"),
            ("hunter2\r\n", "hunter2"),
            ("hunter2", "hunter2"),
            ("hunter2 \n", "hunter2 "),
            (
                "-----BEGIN-----\nabc\n-----END-----\n",
                "-----BEGIN-----\nabc\n-----END-----\n",
            ),
            ("hunter2\n\n", "hunter2\n\n"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(value_of(text), value, "{text:?}");
        }
    }
}
