//! Answers questions when no person is present: a value that was not given in advance is an error that says how to give it.

use crate::error::Result;
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;

/// Answers nothing. Passwords and passphrases come from the environment, from an SSH agent, or are not needed. Only the
/// password for sudo may have come with the request; it lives as long as the run.
#[derive(Default)]
pub struct Unattended {
    pub sudo_password: Option<Secret>,
}

impl AskSecret for Unattended {
    fn ask(&self, _prompt: &str) -> Result<Option<Secret>> {
        Ok(None)
    }

    fn tell(&self, _remark: &str) {}

    fn sudo_password(&self) -> Option<Secret> {
        self.sudo_password.clone()
    }
}
