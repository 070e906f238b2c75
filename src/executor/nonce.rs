//! Random words that nothing on a server can predict.

use crate::error::{Error, Result};

/// 128 random bits as letters and digits.
///
/// # Errors
/// If the system provides no randomness.
pub fn nonce() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Malformed {
        what: "the system's source of randomness".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    Ok(bytes
        .iter()
        .fold("ik".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}
