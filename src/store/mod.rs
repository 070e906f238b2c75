//! infrakt's data on this computer: the inventory, the apps and the journal of runs, all in one SQLite database, and
//! the encrypted env files. Only this room knows SQLite; the others see plain structs.
//!
//! It must not know recipes, connections, the terminal or HTTP.
//!
//! Several processes can use one home at the same time (the command line and the service). So every write is one `BEGIN
//! IMMEDIATE` transaction, and locks on files in the home protect what the database can't.

mod apps;
mod consents;
mod env_files;
mod failure;
mod group_id;
mod group_sync;
mod groups;
mod history;
mod home;
mod host_key_column;
mod journal;
mod living;
mod master_key;
mod protection;
mod resume;
mod run_lock;
mod run_rows;
mod runs;
mod schema;
mod server_rows;
mod servers;
mod stages;
mod validation;
mod variables;

pub use apps::{App, Deployment, Forgotten, LocalLosses};
pub use group_id::GroupId;
pub use groups::{BegunGroup, GroupServer, LeftOut, Member, NewGroup, QueuedRun, RunGroup};
pub use home::Home;
pub use journal::Journal;
pub use protection::NameTyped;
pub use run_rows::Run;
pub use runs::{OutputChunk, RunFilter, StepRecord};
pub use server_rows::{Identity, Server};
pub use servers::{NewServer, ServerChange};
pub use stages::{GroupStage, NewStage};
pub use variables::Tag;

/// Checks where and as whom to log in, wherever that was said, by the rules for what a row says.
///
/// # Errors
/// What may not be in a host or a user.
pub fn check_address(host: &str, user: &str) -> crate::error::Result<()> {
    validation::host(host)?;
    validation::user(user)?;
    Ok(())
}

use crate::error::{Error, Result};
use failure::{Failure, sqlite_error};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a writer waits for another one. Writers hold the database for milliseconds, so a longer
/// wait means that another program has locked it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose turn it is to write, among the threads of this process. SQLite lets one write at a time and has the others look
/// again after a while, in no order: of hundreds, some would wait for longer than they have patience.
static WRITING: Mutex<()> = Mutex::new(());

/// The open database of one home. Cheap to open (a few hundred microseconds), so each thread opens its own.
pub struct Store {
    connection: Connection,
    home: Home,
}

impl Store {
    /// Opens the database of `home`, makes or migrates it where needed, and finishes a clean-up that a crash cut short.
    ///
    /// A database that a newer infrakt made is refused and not touched.
    pub fn open(home: &Home) -> Result<Self> {
        if !home.has_inventory() {
            return Self::empty(home);
        }
        let path = home.database_path();
        home::make_private_file(&path).map_err(Error::file("make", &path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| sqlite_error(&path, error))?;
        let mut store = Self {
            connection,
            home: home.clone(),
        };
        store.prepare()?;
        store.finish_env_removals()?;
        Ok(store)
    }

    /// An empty inventory in memory, for a home that has none.
    fn empty(home: &Home) -> Result<Self> {
        let connection = Connection::open_in_memory().map_err(|error| sqlite_error(&home.database_path(), error))?;
        let mut store = Self {
            connection,
            home: home.clone(),
        };
        store.prepare()?;
        Ok(store)
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    fn prepare(&mut self) -> Result<()> {
        self.check(|connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // The default of a bundled SQLite, said because the journal's promises rest on it (see `journal`).
            connection.pragma_update(None, "synchronous", "FULL")
        })?;
        schema::bring_up_to_date(&mut self.connection, &self.home)
    }

    /// Looks something up. One statement sees one state; several see several unless they stand in `write`.
    fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T> {
        let before = self.connection.total_changes();
        let seen = look(&self.connection);
        debug_assert_eq!(
            self.connection.total_changes(),
            before,
            "what changes something belongs into `write`"
        );
        seen.map_err(|failure| self.explain(failure))
    }

    /// Changes something: all of it or, on any error, nothing. What is read inside can't change before the commit.
    fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T> {
        let attempt = || {
            let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let result = change(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        attempt().map_err(|failure: Failure| self.explain(failure))
    }

    fn check<T>(&self, call: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.read(|connection| Ok(call(connection)?))
    }

    fn explain(&self, failure: Failure) -> Error {
        match failure {
            Failure::Sqlite(error) => sqlite_error(&self.home.database_path(), error).into(),
            Failure::Other(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Home, NewServer, Store};
    use crate::error::{Error, Exit, StoreError};
    use std::time::Duration;

    fn store(directory: &tempfile::TempDir) -> Store {
        let home = Home::open(Some(directory.path().join("home"))).unwrap();
        Store::open(&home).unwrap()
    }

    #[test]
    fn a_database_that_another_program_holds_is_said_to_be_locked() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        store.connection.busy_timeout(Duration::from_millis(1)).unwrap();
        let other = rusqlite::Connection::open(store.home.database_path()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();

        let error = store.add_server(&NewServer::new("prod-2", "192.0.2.7")).unwrap_err();

        assert!(matches!(error, Error::Store(StoreError::Locked { .. })), "{error:?}");
        assert!(error.to_string().contains("is locked by another program"));
        assert!(error.hint().unwrap().starts_with("find out which program uses it"));
        assert_eq!(error.exit(), Exit::Usage);
        assert_eq!(store.servers().unwrap(), []);
    }

    #[test]
    fn a_full_disk_is_said_to_be_full_and_leaves_nothing_half_written() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        let pages: i64 = store
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
        store.add_server(&NewServer::new("prod-1", "192.0.2.6")).unwrap();
        let mut many = NewServer::new("prod-2", "192.0.2.7");
        many.tags = (0..5000).map(|number| format!("tag-{number}")).collect();

        let error = store.add_server(&many).unwrap_err();

        assert!(matches!(error, Error::Store(StoreError::Full { .. })), "{error:?}");
        assert!(error.hint().unwrap().contains("df -h"));
        let names: Vec<String> = store.servers().unwrap().into_iter().map(|server| server.name).collect();
        assert_eq!(names, ["prod-1"]);
    }
}
