//! A home in a temporary directory, and the smallest plan that has something to tell.

use infrakt::error::Error;
use infrakt::host_key::HostKey;
use infrakt::plan::{Action, Effect, FORMAT, Keeper, Losses, Origin, Plan, RecipeIdentity, ServerIdentity, Step};
use infrakt::store::{Home, NameTyped, NewServer, Server, Store};
use std::collections::{BTreeMap, BTreeSet};

// Public keys and their fingerprints as ssh-keygen prints them.
pub const KEY_ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOkGAqSRXaxSKONkSUku/ymuE3TMmnnD/hhfKjeWLlDA";
pub const FINGERPRINT_ONE: &str = "SHA256:IljuQq5eK5ZLDlbaX8TgcZ48gM0pu46XMu9rYoWWBWg";
pub const KEY_TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZO9PmRfOGfGXTGb9P4E97sTOhf3HwVx+GCPnqQIq7m";
pub const MACHINE_ONE: &str = "11111111111111111111111111111111";
pub const MACHINE_TWO: &str = "22222222222222222222222222222222";

/// A host key in either form.
pub fn key(text: &str) -> HostKey {
    text.parse().expect("a host key")
}

pub struct Place {
    pub home: Home,
    directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let home = Home::open(Some(directory.path().join("home"))).expect("a home");
        Self { home, directory }
    }

    pub fn outside(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub fn store(&self) -> Store {
        Store::open(&self.home).expect("the store opens")
    }

    /// A connection past the store, to see or to spoil what it wrote.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.home.database_path()).expect("the database opens")
    }

    pub fn env_file(&self, app_id: i64) -> std::path::PathBuf {
        self.home.envs_dir().join(format!("{app_id}.json"))
    }
}

pub fn add(store: &Store, name: &str) -> Server {
    store
        .add_server(&NewServer::new(name, format!("{name}.example.org")))
        .expect("the server is added")
}

pub fn typed(server: &Server) -> NameTyped {
    NameTyped::check(&server.name, server).expect("the name fits")
}

/// A plan of three steps; the second one destroys if `destroys`.
pub fn plan(server: &Server, destroys: bool) -> Plan {
    let step = |title: &str, effect| {
        let command = "true".to_owned();
        let origin = Origin {
            file: "wipe.rhai".to_owned(),
            kept_by: Keeper::Path,
            line: 1,
            altered_by: None,
        };
        Step {
            timeout_seconds: 60,
            ..Step::new(Some("Wipe".to_owned()), title, effect, Action::Run { command }, origin)
        }
    };
    let second = if destroys { Effect::Destroy } else { Effect::Change };
    Plan {
        format: FORMAT,
        recipe: RecipeIdentity {
            name: "wipe.rhai".to_owned(),
            kept_by: Keeper::Path,
            overrides_shipped: false,
            sources: BTreeMap::new(),
            files: Default::default(),
        },
        server: ServerIdentity {
            id: server.id,
            name: server.name.clone(),
            host: server.host.clone(),
            port: server.port.unwrap_or(22),
            user: server.user.clone().unwrap_or_else(|| "root".to_owned()),
            host_key: server.host_key.clone(),
            machine_id: server.machine_id.clone(),
            protected: Vec::new(),
        },
        parameters: BTreeMap::new(),
        inventory: Default::default(),
        secrets: BTreeSet::new(),
        offline: false,
        queries: Vec::new(),
        losses: Losses::default(),
        losses_complete: false,
        consent_before: None,
        report: Default::default(),
        steps: vec![
            step("Look", Effect::Check),
            step("Act", second),
            step("Check", Effect::Check),
        ],
        files_from: None,
        made_at: None,
        digest: "d1".to_owned(),
    }
}

/// The code of the error, with its text for when the assertion fails.
pub fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "no error",
        Err(error) => {
            eprintln!("error: {error}; hint: {:?}", error.hint());
            error.code()
        }
    }
}
