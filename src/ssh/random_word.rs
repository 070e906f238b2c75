//! Random words, which no other output contains.

use crate::error::{Error, Result};

/// A word of letters, digits and '-', with 96 random bits.
pub fn word() -> Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|error| Error::Malformed {
        what: "this computer's source of random numbers".to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("infrakt-{digits}"))
}
