//! Reaching a server: for the first time, or again.

use super::live::Live;
use crate::error::{Error, Result, SshError};
use crate::facts::usage::Usage;
use crate::runtime::open::Runtime;
use crate::ssh::{AskSecret, HostKey};
use crate::store::{Identity, Server};

impl Runtime {
    /// Connects to a server and reads its facts. Asks `secrets` for passwords and passphrases.
    ///
    /// # Errors
    /// If it can't be reached, trusted or understood.
    pub fn reach(&self, server: &Server, secrets: &dyn AskSecret) -> Result<Live> {
        Live::reach(&self.store, server, secrets)
    }

    /// As [`Runtime::reach`], and how busy the server is.
    ///
    /// # Errors
    /// As [`Runtime::reach`].
    pub fn reach_and_measure(&self, server: &Server, secrets: &dyn AskSecret) -> Result<(Live, Usage)> {
        Live::reach_and_measure(&self.store, server, secrets)
    }

    /// First contact with a server: as [`Runtime::reach`], but a host key that nothing vouches for yet is recorded, and
    /// shown to the caller through `recorded` before anything is entrusted to it.
    ///
    /// # Errors
    /// As [`Runtime::reach`]; a key that was recorded stays recorded.
    pub fn acquaint(
        &self,
        server: &Server,
        secrets: &dyn AskSecret,
        recorded: &mut dyn FnMut(&HostKey),
    ) -> Result<Live> {
        match self.reach(server, secrets) {
            Err(Error::Ssh(SshError::HostKeyUnknown { key, .. })) => {
                let key: HostKey = key.parse()?;
                let shown = Identity {
                    host_key: Some(&key.to_string()),
                    ..Identity::default()
                };
                self.store.record_identity(server.id, shown)?;
                recorded(&key);
                self.reach(&self.store.server(&server.name)?, secrets)
            }
            reached => reached,
        }
    }
}
