//! Failures of what is kept on this computer: the database, the env files and their key.

use super::Exit;
use std::path::PathBuf;

/// Why the local state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database {} cannot be used: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

impl StoreError {
    pub(super) fn exit(&self) -> Exit {
        Exit::Usage
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Database { .. } => "database",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        None
    }
}
