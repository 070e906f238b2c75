//! Reaching a server: for the first time, or again.

use super::live::Live;
use crate::error::Result;
use crate::facts::usage::Usage;
use crate::host_key::{HostKey, PublicKey};
use crate::runtime::open::Runtime;
use crate::ssh::{AskSecret, FirstContact};
use crate::store::{Identity, Server};

impl Runtime {
    /// Connects to a server and reads its facts. Asks `secrets` for passwords and passphrases.
    ///
    /// # Errors
    /// If it can't be reached, trusted or understood.
    pub fn reach(&self, server: &Server, secrets: &dyn AskSecret) -> Result<Live> {
        Live::reach(&self.store, server, secrets, FirstContact::Refuse)
    }

    /// As [`Runtime::reach`], and how busy the server is.
    ///
    /// # Errors
    /// As [`Runtime::reach`].
    pub fn reach_and_measure(&self, server: &Server, secrets: &dyn AskSecret) -> Result<(Live, Usage)> {
        Live::reach_and_measure(&self.store, server, secrets)
    }

    /// First contact with a server: as [`Runtime::reach`], but a host key that is recorded nowhere yet is recorded, and
    /// shown to the caller through `recorded`, before anything secret is sent to the server.
    ///
    /// # Errors
    /// As [`Runtime::reach`]; a key that was recorded stays recorded.
    pub fn acquaint(&self, server: &Server, secrets: &dyn AskSecret, recorded: &dyn Fn(&PublicKey)) -> Result<Live> {
        let record = |key: &PublicKey| {
            let shown = Identity {
                host_key: Some(&HostKey::from(key.clone())),
                ..Identity::default()
            };
            self.store.record_identity(server.id, shown)?;
            recorded(key);
            Ok(())
        };
        Live::reach(&self.store, server, secrets, FirstContact::Accept(&record))
    }
}
