//! Where a password or passphrase comes from: a person, or the environment. Knows neither the terminal nor what the secret
//! is for.

use crate::error::Result;
use crate::plan::secret::Secret;

/// Asks a person for a password or passphrase. With several servers, several threads ask at once.
pub trait AskSecret: Sync {
    /// Shows `prompt` as it is and returns what was typed; `None` if no person is present.
    fn ask(&self, prompt: &str) -> Result<Option<Secret>>;

    /// Shows a remark before the question. Without a person, it shows nothing.
    fn tell(&self, _remark: &str) {}

    /// The password for sudo on the server, if it was given beforehand.
    fn sudo_password(&self) -> Option<Secret> {
        None
    }
}

/// A secret from the environment. An empty variable counts as not set.
pub fn secret_of_environment(variable: &str) -> Option<Secret> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}
