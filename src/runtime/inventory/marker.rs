//! The marker `/etc/infrakt/host` on a machine that hosts infrakt. It protects the machine against every installation of
//! infrakt, not only the one whose inventory says so.

use crate::error::{Result, ServerError};
use crate::facts::Facts;
use crate::plan::digest::sha256;
use crate::plan::shell::quote;
use crate::reason::ProtectionReason;
use crate::runtime::open::Runtime;
use crate::runtime::reach::live::Live;
use crate::runtime::reach::protection;

/// What happened to the marker when a row was cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unmarked {
    /// There is none any more.
    Gone,
    /// Another installation wrote it, so the machine stays protected.
    NotOurs,
    /// Something else still protects the same machine: this.
    StillProtected(ProtectionReason),
}

impl Runtime {
    /// Writes the marker, unless there is one.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn mark(&self, live: &Live) -> Result<()> {
        let text = format!(
            "This machine hosts infrakt, and infrakt never wipes it.\n{}\n",
            self.signature()
        );
        let script = format!(
            "umask 022; mkdir -p /etc/infrakt && {{ [ -e /etc/infrakt/host ] || printf %s {} >/etc/infrakt/host; }}",
            quote(&text)
        );
        live.succeed(&script, |server, said| ServerError::MarkerNotWritten { server, said })
            .map(drop)
    }

    /// Removes the marker if this installation wrote it and nothing else protects the machine: neither another row, which
    /// may have put it there, nor that this infrakt runs on it.
    ///
    /// # Errors
    /// If it can't be read or removed.
    pub(super) fn unmark(&self, live: &Live) -> Result<Unmarked> {
        let besides = Facts {
            marker: false,
            ..live.facts.clone()
        };
        let row = self.store.server(&live.server.name)?;
        let protected = protection::reasons(&self.store, &row, &besides, live.identity.host_key.as_ref())?;
        if let Some(reason) = protected.into_iter().next() {
            return Ok(Unmarked::StillProtected(reason));
        }
        let script = format!(
            "[ -e /etc/infrakt/host ] || {{ echo gone; exit 0; }}\n\
             if grep -qxF -- {} /etc/infrakt/host; then rm -- /etc/infrakt/host && echo gone; else echo kept; fi",
            quote(&self.signature())
        );
        let said = live.succeed(&script, |server, said| ServerError::MarkerNotRemoved { server, said })?;
        Ok(if said.trim() == "gone" {
            Unmarked::Gone
        } else {
            Unmarked::NotOurs
        })
    }

    /// Tells this installation's markers from others: the same home on the same computer gives the same line.
    fn signature(&self) -> String {
        let home = self.store.home().path();
        let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        format!(
            "marked by installation {:.16}",
            sha256(format!("{machine}{}", home.display()).as_bytes())
        )
    }
}
