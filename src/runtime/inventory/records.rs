//! What is recorded of servers, for those who look it up or change it without asking the server.

use crate::error::{Error, Result};
use crate::host_key::HostKey;
use crate::reason::ProtectionReason;
use crate::runtime::open::Runtime;
use crate::store::{Run, Server};
use std::io::Write;
use std::path::PathBuf;

/// A server of the inventory, with all that protects it as far as the inventory knows.
pub struct ServerRecord {
    pub server: Server,
    pub protected: Vec<ProtectionReason>,
    /// The newest run there, if there was one.
    pub last_run: Option<Run>,
}

impl Runtime {
    /// The server with this name.
    ///
    /// # Errors
    /// If there is none, or the database can't be read.
    pub fn server(&self, name: &str) -> Result<Server> {
        self.store.server(name)
    }

    /// All servers, or those with a tag, by name.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn servers(&self, tag: Option<&str>) -> Result<Vec<Server>> {
        match tag {
            Some(tag) => self.store.servers_tagged(tag),
            None => self.store.servers(),
        }
    }

    /// # Errors
    /// If the database can't be read.
    pub fn server_record(&self, server: Server) -> Result<ServerRecord> {
        let protected = match server.is_infrakt_host {
            true => vec![ProtectionReason::MarkedRow],
            false => self.store.protection_of(&server)?,
        };
        let last_run = self.store.last_run_on(&server)?;
        Ok(ServerRecord {
            server,
            protected,
            last_run,
        })
    }

    /// All servers, or those with a tag, by name.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn server_records(&self, tag: Option<&str>) -> Result<Vec<ServerRecord>> {
        let servers = self.servers(tag)?;
        servers.into_iter().map(|server| self.server_record(server)).collect()
    }

    /// Adds tags to a server, and removes others.
    ///
    /// # Errors
    /// If there is no such server, a tag is not allowed, or the database can't be written.
    pub fn retag(&self, name: &str, add: &[String], remove: &[String]) -> Result<Server> {
        self.store.retag(name, add, remove)
    }

    /// Writes the recorded host keys in the form that ssh reads, under the servers' names: ssh then trusts what the
    /// inventory trusts, and nothing else. `None` if no key of this server was seen yet.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write_known_hosts(&self, server: &Server) -> Result<Option<PathBuf>> {
        if server.host_key.as_ref().and_then(HostKey::whole).is_none() {
            return Ok(None);
        }
        let lines: String = self
            .store
            .servers()?
            .iter()
            .filter_map(|server| Some(format!("{} {}\n", server.name, server.host_key.as_ref()?.whole()?)))
            .collect();
        let path = self.home.known_hosts_path();
        let mut file = tempfile::NamedTempFile::new_in(self.home.path()).map_err(Error::file("write", &path))?;
        file.write_all(lines.as_bytes()).map_err(Error::file("write", &path))?;
        file.persist(&path)
            .map_err(|error| Error::file("write", &path)(error.error))?;
        Ok(Some(path))
    }
}
