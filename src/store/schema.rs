//! Updates a database to the newest schema with the numbered files of `migrations/`, each once, in order.

use super::Home;
use super::failure::sqlite_error;
use crate::error::{Result, StoreError};
use include_dir::{Dir, include_dir};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite_migration::Migrations;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// Migrates if the database is older than this binary, refuses if it is newer.
///
/// Several processes may open a new home at the same time. SQLite's own locks don't cover everything from reading the version to
/// the last migration, so a lock on a file does.
pub(super) fn bring_up_to_date(connection: &mut Connection, home: &Home) -> Result<()> {
    let path = home.database_path();
    let explain = |error| sqlite_error(&path, error);
    // Otherwise, closing the last connection would copy the write-ahead log into a database that must stay untouched.
    hold_log(connection, true).map_err(explain)?;
    let mut found = version(connection).map_err(explain)?;
    if found < newest() {
        // A database in memory is this process's alone.
        let _lock = home.has_inventory().then(|| home.lock("migrations")).transpose()?;
        use_log(connection).map_err(explain)?;
        Migrations::from_directory(&FILES)
            .and_then(|migrations| migrations.to_latest(connection))
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => sqlite_error(&path, err),
                other => StoreError::Database {
                    path: path.clone(),
                    source: Box::new(other),
                },
            })?;
        found = version(connection).map_err(explain)?;
    }
    if found > newest() {
        let known = newest();
        return Err(StoreError::Newer { path, found, known }.into());
    }
    // A restored backup may be in the mode of SQLite's own tools.
    if journal_mode(connection).map_err(explain)? != "wal" {
        use_log(connection).map_err(explain)?;
    }
    hold_log(connection, false).map_err(explain)?;
    Ok(())
}

fn journal_mode(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Makes the database keep a write-ahead log. Several processes at once, and syncing the journal, depend on it.
fn use_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")
}

fn hold_log(connection: &Connection, hold: bool) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, hold)
        .map(drop)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The version that this binary knows: the number of files.
fn newest() -> i64 {
    FILES.dirs().count() as i64
}
