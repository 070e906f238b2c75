//! The environment variables of apps: one file per app, named after its id, with encrypted values.
//!
//! A file is replaced as a whole, so it is always complete. One lock protects all files, so two processes that set variables at
//! once both succeed. Deleted files are unlinked, not overwritten: overwriting guarantees nothing on today's disks, and the
//! values are encrypted.

use super::master_key::MasterKey;
use super::{App, Store, home, validation};
use crate::error::{Error, Result, StoreError, VariableOf, nearest};
use crate::plan::secret::Secret;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;

/// The longest string that Linux passes to a program (MAX_ARG_STRLEN, execve(2)), including the name and `=`.
const LONGEST: usize = 128 * 1024 - 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvFile {
    format: u32,
    app_id: i64,
    /// The key that encrypts the values (see `MasterKey::id`).
    key_id: String,
    /// By name of the variable; see `MasterKey::seal`.
    values: BTreeMap<String, String>,
}

impl Store {
    /// The names of an app's variables, sorted. Needs no key.
    pub fn env_names(&self, app: &str) -> Result<Vec<String>> {
        let app = self.app(app)?;
        let file = read(&self.home().env_file_path(app.id), app.id)?;
        Ok(file.map(|file| file.values.into_keys().collect()).unwrap_or_default())
    }

    /// An app's variables with their values.
    pub fn env(&self, app: &str) -> Result<BTreeMap<String, Secret>> {
        let app = self.app(app)?;
        let path = self.home().env_file_path(app.id);
        let Some(file) = read(&path, app.id)? else {
            return Ok(BTreeMap::new());
        };
        let key = self.key_for(&path, &file)?;
        let mut values = BTreeMap::new();
        for (name, sealed) in file.values {
            let value = key.open(app.id, &name, &sealed).ok_or_else(|| StoreError::EnvFile {
                path: path.clone(),
                reason: format!("the value of {name} was not written by infrakt for app '{}'", app.name),
            })?;
            values.insert(name, value);
        }
        Ok(values)
    }

    /// The value of one variable; an error with the nearest name if the app does not have it.
    pub fn env_value(&self, app: &str, name: &str) -> Result<Secret> {
        let mut values = self.env(app)?;
        match values.remove(name) {
            Some(value) => Ok(value),
            None => Err(unknown_variable(app, name, values.keys().map(String::as_str))),
        }
    }

    /// Sets variables, all of them or none. Creates the key if there is none and nothing was ever encrypted.
    pub fn set_env(&self, app: &str, variables: &[(String, Secret)]) -> Result<()> {
        for (name, value) in variables {
            validation::variable(name)?;
            check_value(name, value)?;
        }
        let (_lock, app) = self.locked_app(app)?;
        let path = self.home().env_file_path(app.id);
        let existing = read(&path, app.id)?;
        let key = match &existing {
            Some(file) => self.key_for(&path, file)?,
            None => self.key_for_new_file()?,
        };
        let mut file = existing.unwrap_or_else(|| EnvFile {
            format: FORMAT,
            app_id: app.id,
            key_id: key.id(),
            values: BTreeMap::new(),
        });
        for (name, value) in variables {
            file.values.insert(name.clone(), key.seal(app.id, name, value)?);
        }
        self.replace(&path, &file)
    }

    /// An app whose env file no other process changes while the lock is held.
    fn locked_app(&self, name: &str) -> Result<(File, App)> {
        // If there is no such app, there may be no home to lock anything in.
        self.app(name)?;
        let lock = self.home().lock("envs")?;
        // Again under the lock: the app may have been removed meanwhile, with its file.
        Ok((lock, self.app(name)?))
    }

    /// Removes variables, all of them or none; one that the app does not have is an error. The file goes with the last.
    pub fn unset_env(&self, app: &str, names: &[String]) -> Result<()> {
        let (_lock, App { id, name: app, .. }) = self.locked_app(app)?;
        let path = self.home().env_file_path(id);
        let mut values = BTreeMap::new();
        let mut file = read(&path, id)?;
        if let Some(file) = &mut file {
            values = std::mem::take(&mut file.values);
        }
        for name in names {
            if values.remove(name).is_none() {
                return Err(unknown_variable(&app, name, values.keys().map(String::as_str)));
            }
        }
        match file {
            Some(file) if !values.is_empty() => self.replace(&path, &EnvFile { values, ..file }),
            Some(_) => remove(&path),
            None => Ok(()),
        }
    }

    /// Removes the files of removed apps, as recorded by the transactions that removed the apps.
    pub(super) fn finish_env_removals(&self) -> Result<()> {
        let pending = || {
            self.check(|connection| {
                let mut statement = connection.prepare("SELECT app_id FROM pending_env_removals ORDER BY app_id")?;
                statement
                    .query_map([], |row| row.get(0))?
                    .collect::<rusqlite::Result<Vec<i64>>>()
            })
        };
        if pending()?.is_empty() {
            return Ok(());
        }
        let _lock = self.home().lock("envs")?;
        let gone = pending()?;
        for app_id in &gone {
            remove(&self.home().env_file_path(*app_id))?;
        }
        self.write(|transaction| {
            for app_id in &gone {
                transaction.execute("DELETE FROM pending_env_removals WHERE app_id = ?1", params![app_id])?;
            }
            Ok(())
        })
    }

    fn key_for(&self, path: &Path, file: &EnvFile) -> Result<MasterKey> {
        let key_path = self.home().master_key_path();
        let key = MasterKey::load(&key_path)?.ok_or_else(|| StoreError::KeyGone { path: key_path.clone() })?;
        if key.id() != file.key_id {
            let (key, file) = (key_path, path.to_owned());
            return Err(StoreError::WrongKey { key, file }.into());
        }
        Ok(key)
    }

    /// The key for an app's first variable. It must match the files of the other apps, so that one home has one key.
    fn key_for_new_file(&self) -> Result<MasterKey> {
        if let Some((path, file)) = self.any_file()? {
            return self.key_for(&path, &file);
        }
        let path = self.home().master_key_path();
        match MasterKey::load(&path)? {
            Some(key) => Ok(key),
            None => MasterKey::create(&path),
        }
    }

    fn any_file(&self) -> Result<Option<(PathBuf, EnvFile)>> {
        let directory = self.home().envs_dir();
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file("read", &directory)(error)),
        };
        for entry in entries {
            let path = entry.map_err(Error::file("read", &directory))?.path();
            let id = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .and_then(|stem| stem.parse().ok());
            if let Some(id) = id.filter(|id| self.home().env_file_path(*id) == path)
                && let Some(file) = read(&path, id)?
            {
                return Ok(Some((path, file)));
            }
        }
        Ok(None)
    }

    fn replace(&self, path: &Path, file: &EnvFile) -> Result<()> {
        let directory = self.home().envs_dir();
        let write = || {
            home::make_private_dir(&directory)?;
            let mut temporary = tempfile::NamedTempFile::new_in(&directory)?;
            serde_json::to_writer_pretty(&mut temporary, file)?;
            temporary.write_all(b"\n")?;
            temporary.as_file().sync_all()?;
            temporary.persist(path)?;
            File::open(&directory)?.sync_all()
        };
        write().map_err(Error::file("write", path))
    }
}

/// Reads the file of an app; `None` if it has none.
fn read(path: &Path, app_id: i64) -> Result<Option<EnvFile>> {
    let damaged = |reason: String| StoreError::EnvFile {
        path: path.to_owned(),
        reason,
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    let file: EnvFile = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if file.format != FORMAT {
        return Err(damaged(format!("its format is {}, this infrakt supports {FORMAT}", file.format)).into());
    }
    if file.app_id != app_id {
        return Err(damaged(format!("it belongs to the app with the id {}", file.app_id)).into());
    }
    Ok(Some(file))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => {
            // Synced to the disk before the record of its removal is deleted.
            let directory = path.parent().unwrap_or(Path::new("."));
            File::open(directory)
                .and_then(|directory| directory.sync_all())
                .map_err(Error::file("write", directory))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::file("remove", path)(error)),
    }
}

fn check_value(name: &str, value: &Secret) -> Result<()> {
    let value = value.expose();
    if value.contains('\0') {
        return Err(Error::usage(format!(
            "the value of {name} holds a NUL character, which environment variables can't have"
        )));
    }
    if name.len() + 1 + value.len() > LONGEST {
        return Err(Error::usage_with(
            format!("the value of {name} is longer than the 128 KiB that a program can receive"),
            "put it into a file on the server, and its path into the variable",
        ));
    }
    Ok(())
}

fn unknown_variable<'a>(app: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    StoreError::UnknownVariable {
        of: VariableOf::App(app.to_owned()),
        name: name.to_owned(),
        nearest: nearest(name, known).map(str::to_owned),
    }
    .into()
}
