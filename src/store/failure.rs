//! Failures of the database, and what SQLite's error codes mean for a user.

use crate::error::{Error, Refusal, StoreError};
use rusqlite::ErrorCode;
use std::path::Path;

/// A failure inside `read` and `write`, before the path of the database is added.
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Other(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal.into())
    }
}

/// Translates SQLite's result codes (<https://www.sqlite.org/rescode.html>) to what they mean for a user.
pub(super) fn sqlite_error(path: &Path, error: rusqlite::Error) -> StoreError {
    // SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow, which only a full disk prevents.
    const SHARED_MEMORY_CANNOT_GROW: i32 = 4874;
    let path = path.to_owned();
    let reason = error.to_string();
    let extended = error.sqlite_error().map(|failure| failure.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, reason },
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::SystemIoFailure) if extended == Some(SHARED_MEMORY_CANNOT_GROW) => StoreError::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::Unwritable { path, reason }
        }
        _ => StoreError::Database {
            path,
            source: Box::new(error),
        },
    }
}
