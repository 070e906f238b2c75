//! The directory with all of infrakt's own files: its location, its permissions, and the file names in it. It must not
//! know what the files contain.

use crate::error::{Error, Result, StoreError, io_reason};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// infrakt's home: `--home`, else `INFRAKT_HOME`, else `~/.infrakt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    path: PathBuf,
    /// Whether there is an inventory in it, or may be one.
    has_inventory: bool,
}

/// What infrakt itself puts into its home. A directory that is open to others is closed only if it holds nothing else,
/// so that a slip like `--home /tmp` does not lock other users out.
const OWN_ENTRIES: [&str; 9] = [
    "infrakt.db",
    "infrakt.db-wal",
    "infrakt.db-shm",
    "envs",
    "locks",
    "recipes",
    "master.key",
    "api_key.txt",
    "known_hosts",
];

impl Home {
    /// Finds out which directory it is, without touching the disk.
    pub fn locate(chosen: Option<PathBuf>) -> Result<Self> {
        let set = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let path = chosen
            .or_else(|| set("INFRAKT_HOME"))
            .or_else(|| set("HOME").map(|home| home.join(".infrakt")))
            .ok_or_else(|| {
                Error::usage_with(
                    "there is no home directory for infrakt's data: HOME is not set",
                    "choose one: infrakt --home DIRECTORY …",
                )
            })?;
        let path = std::path::absolute(&path).map_err(Error::file("find", &path))?;
        Ok(Self {
            path,
            has_inventory: true,
        })
    }

    /// Finds it for a command that makes no home. Where there is no inventory, nothing is written or changed, and
    /// [`Store::open`](super::Store::open) gives an empty one that is kept in memory.
    pub fn find(chosen: Option<PathBuf>) -> Result<Self> {
        let home = Self::locate(chosen.clone())?;
        match std::fs::symlink_metadata(home.database_path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // One without an inventory may hold recipes.
                if let Ok(metadata) = std::fs::metadata(&home.path) {
                    home.is_own(metadata.uid())?;
                }
                Ok(Self {
                    has_inventory: false,
                    ..home
                })
            }
            Err(error) => Err(home.unusable(io_reason(&error)).into()),
            Ok(_) => Self::open(chosen),
        }
    }

    /// Whether an inventory is kept in it. There is none where [`Home::find`] found none.
    pub fn has_inventory(&self) -> bool {
        self.has_inventory
    }

    /// Finds it, makes it if it isn't there, and closes it to all other users (mode 0700).
    pub fn open(chosen: Option<PathBuf>) -> Result<Self> {
        let home = Self::locate(chosen)?;
        make_private_dir(&home.path).map_err(|error| home.unusable(io_reason(&error)))?;
        let metadata = std::fs::metadata(&home.path).map_err(|error| home.unusable(io_reason(&error)))?;
        if !metadata.is_dir() {
            return Err(home.unusable("it is not a directory".to_owned()).into());
        }
        home.is_own(metadata.uid())?;
        if metadata.mode() & 0o077 != 0 {
            home.close_to_others()?;
        }
        Ok(home)
    }

    /// The owner of the home decides what is in it: the keys, the inventory and the recipes. Like ssh, infrakt makes no
    /// exception for root.
    fn is_own(&self, owner: u32) -> Result<()> {
        let user = rustix::process::geteuid().as_raw();
        if owner == user {
            return Ok(());
        }
        Err(StoreError::Home {
            path: self.path.clone(),
            reason: format!("it belongs to the user with the id {owner}, and you are the user with the id {user}"),
            hint: "run infrakt as its owner, or choose a directory of your own: infrakt --home DIRECTORY …".to_owned(),
        }
        .into())
    }

    fn close_to_others(&self) -> Result<()> {
        let mut foreign = None;
        for entry in std::fs::read_dir(&self.path).map_err(|error| self.unusable(io_reason(&error)))? {
            let name = entry.map_err(|error| self.unusable(io_reason(&error)))?.file_name();
            if !OWN_ENTRIES.iter().any(|own| name == *own) {
                foreign = Some(name);
                break;
            }
        }
        if let Some(foreign) = foreign.filter(|_| !self.database_path().exists()) {
            return Err(StoreError::Home {
                path: self.path.clone(),
                reason: format!(
                    "other users can read it, and it has files that are not infrakt's ({})",
                    foreign.display()
                ),
                hint: "choose a directory of its own: infrakt --home DIRECTORY …".to_owned(),
            }
            .into());
        }
        std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o700)).map_err(|error| {
            self.unusable(format!(
                "other users can read it, and its mode can't be changed: {}",
                io_reason(&error)
            ))
            .into()
        })
    }

    fn unusable(&self, reason: String) -> StoreError {
        StoreError::Home {
            path: self.path.clone(),
            reason,
            hint: "choose another directory: infrakt --home DIRECTORY …".to_owned(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn database_path(&self) -> PathBuf {
        self.path.join("infrakt.db")
    }

    /// The user's own recipes.
    pub fn recipes_dir(&self) -> PathBuf {
        self.path.join("recipes")
    }

    pub fn envs_dir(&self) -> PathBuf {
        self.path.join("envs")
    }

    pub fn master_key_path(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// The key of the HTTP API.
    pub fn api_key_path(&self) -> PathBuf {
        self.path.join("api_key.txt")
    }

    pub fn known_hosts_path(&self) -> PathBuf {
        self.path.join("known_hosts")
    }

    pub(super) fn env_file_path(&self, app_id: i64) -> PathBuf {
        self.envs_dir().join(format!("{app_id}.json"))
    }

    /// The directory of the lock files, made if it isn't there.
    pub(super) fn locks_dir(&self) -> Result<PathBuf> {
        let path = self.path.join("locks");
        make_private_dir(&path).map_err(Error::file("make", &path))?;
        Ok(path)
    }

    /// Waits for the lock of that name and holds it until the file is dropped, or the process ends however it ends.
    pub(super) fn lock(&self, name: &str) -> Result<File> {
        let path = self.locks_dir()?.join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::file("open", &path))?;
        file.lock().map_err(Error::file("lock", &path))?;
        Ok(file)
    }
}

/// Makes a directory, and those above it, for its owner alone. One that already exists is left as it is.
pub(super) fn make_private_dir(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes an empty file that its owner alone can read, unless it already exists.
pub(super) fn make_private_file(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
