//! Answers questions when no person is present: a value that was not given in advance is an error that says how to give it.

use crate::error::Result;
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;

/// Answers nothing. Passwords and passphrases come from the environment, from an SSH agent, or are not needed.
pub struct Unattended;

impl AskSecret for Unattended {
    fn ask(&self, _prompt: &str) -> Result<Option<Secret>> {
        Ok(None)
    }

    fn tell(&self, _remark: &str) {}
}
