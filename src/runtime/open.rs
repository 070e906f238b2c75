//! The runtime itself: an open home with its store and its recipes. The rooms beside this file teach it what it can do.

use crate::error::Result;
use crate::recipe::Library;
use crate::store::{Home, Store};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// Values for a recipe's parameters, by name.
pub type Parameters = BTreeMap<String, Value>;

/// Everything that outlives one command: the store and the recipes.
pub struct Runtime {
    pub(super) store: Store,
    pub library: Library,
    pub(super) home: Home,
    /// Those of the threads that worked on several servers, for when there is more to do.
    pub(super) spares: RefCell<Vec<Runtime>>,
}

impl Runtime {
    /// # Errors
    /// If the home or its database can't be used.
    pub fn open(home: Home) -> Result<Self> {
        let store = Store::open(&home)?;
        let library = Library::new(home.recipes_dir());
        Ok(Self {
            store,
            library,
            home,
            spares: RefCell::default(),
        })
    }

    /// The folder of the home.
    pub fn home_path(&self) -> &Path {
        self.home.path()
    }
}

/// Who is at work, as `user@computer`.
pub fn operator() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    let user = named.unwrap_or_else(|| match rustix::process::getuid() {
        uid if uid.is_root() => "root".to_owned(),
        uid => format!("uid {}", uid.as_raw()),
    });
    format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy())
}
