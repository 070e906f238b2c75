//! Where a password or passphrase comes from: a person, or the environment. Knows neither the terminal nor what the secret
//! is for.

use crate::error::Result;
use crate::plan::secret::Secret;

/// Whoever can be asked for a password or passphrase. Asked from several threads at once when there are several servers.
pub trait AskSecret: Sync {
    /// Shows `prompt` as it is and returns what was typed; `None` if there is nobody to ask.
    fn ask(&self, prompt: &str) -> Result<Option<Secret>>;

    /// Says something that they should know before they answer anything. Nobody there: nothing is said.
    fn tell(&self, _remark: &str) {}
}

/// A secret that the environment gives; an empty variable gives none.
pub fn secret_of_environment(variable: &str) -> Option<Secret> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}
