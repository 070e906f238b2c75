//! Reads files whose size and kind others decide about: no more than a limit, and nothing that is not a file.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// As OpenSSH: a private key, a public key or a certificate is never longer.
pub const LONGEST_KEY: u64 = 1 << 20;

/// # Errors
/// Those of the file; `InvalidInput` if it is no file, so that no pipe is waited for; `FileTooLarge` beyond `limit`.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let reason = format!("it is longer than {} kB", limit / 1000);
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// As [`read`], for text.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}
