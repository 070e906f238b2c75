//! Apps, their deployments and dependencies: the part of the local database that a server's wipe removes.
//!
//! Removing apps and their env files can't be one transaction. So the transaction that removes the apps records the files, and
//! they are deleted after it. If that is interrupted, the next [`Store::open`] deletes them.

use super::{Failure, Store, server_rows, validation};
use crate::error::{Result, StoreError, StoreKind, nearest};
use crate::plan::Loss;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use schemars::JsonSchema;
use serde::Serialize;

/// An app of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct App {
    pub id: i64,
    pub name: String,
    pub server_id: i64,
    pub server_name: String,
    pub image: String,
    pub created_at: Timestamp,
}

/// One deployment of an app on its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deployment {
    pub id: i64,
    pub app_id: i64,
    pub image: String,
    pub status: String,
    pub created_at: Timestamp,
}

/// What a wipe of a server removes from the local database, for the list that a person consents to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalLosses {
    pub apps: Vec<Loss>,
    pub deployments: Vec<Loss>,
    pub env_files: Vec<Loss>,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    pub apps: usize,
    pub deployments: usize,
    pub env_files: usize,
}

impl Store {
    /// All apps, or those of one server, by name.
    pub fn apps(&self, server: Option<&str>) -> Result<Vec<App>> {
        self.read(|connection| {
            if let Some(server) = server {
                server_rows::by_name(connection, server)?;
            }
            Ok(all(connection)?
                .into_iter()
                .filter(|app| server.is_none_or(|server| app.server_name == server))
                .collect())
        })
    }

    /// The app of that name; an error with the nearest name if there is none.
    pub fn app(&self, name: &str) -> Result<App> {
        self.read(|connection| by_name(connection, name))
    }

    pub fn add_app(&self, name: &str, server: &str, image: &str) -> Result<App> {
        validation::name("app name", name)?;
        validation::image(image)?;
        self.write(|transaction| {
            let server = server_rows::by_name(transaction, server)?;
            let taken = "SELECT EXISTS (SELECT 1 FROM apps WHERE name = ?1)";
            if transaction.query_row(taken, [name], |row| row.get(0))? {
                let (kind, name) = (StoreKind::App, name.to_owned());
                return Err(StoreError::Exists { kind, name }.into());
            }
            transaction.execute(
                "INSERT INTO apps (name, server_id, image, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![name, server.id, image, Timestamp::now()],
            )?;
            let app = by_name(transaction, name)?;
            // Ids are never used twice, except after the database was deleted or restored from a copy.
            let path = self.home().env_file_path(app.id);
            if path.exists() {
                let app = app.name;
                return Err(StoreError::LeftoverEnvFile { path, app }.into());
            }
            Ok(app)
        })
    }

    /// Removes an app with its deployments, its dependencies in both directions, and its env file.
    pub fn remove_app(&self, name: &str) -> Result<Forgotten> {
        let forgotten = self.write(|transaction| {
            let app = by_name(transaction, name)?;
            self.forget(transaction, &[app])
        })?;
        self.finish_env_removals()?;
        Ok(forgotten)
    }

    /// Removes all apps of a server, with everything that belongs to them. Apps of other servers stay.
    pub fn forget_apps(&self, server_id: i64) -> Result<Forgotten> {
        let forgotten = self.write(|transaction| {
            let apps = of_server(transaction, server_id)?;
            self.forget(transaction, &apps)
        })?;
        self.finish_env_removals()?;
        Ok(forgotten)
    }

    /// What [`Store::forget_apps`] would remove, each list sorted by name.
    pub fn losses_of(&self, server_id: i64) -> Result<LocalLosses> {
        self.read(|connection| {
            let mut losses = LocalLosses::default();
            for app in of_server(connection, server_id)? {
                for deployment in deployments_of(connection, app.id)? {
                    let loss = Loss::named(format!("{} #{}", app.name, deployment.id));
                    losses
                        .deployments
                        .push(loss.with_detail(format!("{}, {}", deployment.image, deployment.status)));
                }
                if self.home().env_file_path(app.id).exists() {
                    losses
                        .env_files
                        .push(Loss::named(&app.name).with_identity(app.id.to_string()));
                }
                losses.apps.push(
                    Loss::named(app.name)
                        .with_detail(app.image)
                        .with_identity(app.id.to_string()),
                );
            }
            losses.deployments.sort();
            Ok(losses)
        })
    }

    pub fn add_deployment(&self, app: &str, image: &str, status: &str) -> Result<Deployment> {
        validation::image(image)?;
        validation::remark("status", status)?;
        self.write(|transaction| {
            let app = by_name(transaction, app)?;
            let created_at = Timestamp::now();
            transaction.execute(
                "INSERT INTO deployments (app_id, image, status, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![app.id, image, status, created_at],
            )?;
            Ok(Deployment {
                id: transaction.last_insert_rowid(),
                app_id: app.id,
                image: image.to_owned(),
                status: status.to_owned(),
                created_at,
            })
        })
    }

    /// The deployments of an app, oldest first.
    pub fn deployments(&self, app: &str) -> Result<Vec<Deployment>> {
        self.read(|connection| {
            let app = by_name(connection, app)?;
            Ok(deployments_of(connection, app.id)?)
        })
    }

    /// Records that `app` needs `target`; recording it again does no harm.
    pub fn add_dependency(&self, app: &str, target: &str) -> Result<()> {
        self.write(|transaction| {
            let (app, target) = (by_name(transaction, app)?, by_name(transaction, target)?);
            if app.id == target.id {
                return Err(StoreError::Invalid {
                    what: "dependency",
                    value: app.name,
                    reason: "an app can't depend on itself".to_owned(),
                    hint: None,
                }
                .into());
            }
            transaction.execute(
                "INSERT INTO app_dependencies (app_id, depends_on_app_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![app.id, target.id],
            )?;
            Ok(())
        })
    }

    /// The names of the apps that an app needs, sorted.
    pub fn dependencies(&self, app: &str) -> Result<Vec<String>> {
        self.read(|connection| {
            let app = by_name(connection, app)?;
            let mut statement = connection.prepare_cached(
                "SELECT apps.name FROM app_dependencies JOIN apps ON apps.id = depends_on_app_id
                 WHERE app_id = ?1 ORDER BY apps.name",
            )?;
            let names = statement.query_map([app.id], |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn forget(&self, transaction: &Transaction<'_>, apps: &[App]) -> Result<Forgotten, Failure> {
        let mut forgotten = Forgotten::default();
        for app in apps {
            forgotten.deployments += deployments_of(transaction, app.id)?.len();
            forgotten.env_files += usize::from(self.home().env_file_path(app.id).exists());
            transaction.execute(
                "INSERT INTO pending_env_removals (app_id, requested_at) VALUES (?1, ?2)",
                params![app.id, Timestamp::now()],
            )?;
            forgotten.apps += transaction.execute("DELETE FROM apps WHERE id = ?1", [app.id])?;
        }
        Ok(forgotten)
    }
}

const SELECT: &str = "SELECT apps.id, apps.name, apps.server_id, servers.name, apps.image, apps.created_at
    FROM apps JOIN servers ON servers.id = apps.server_id";

fn from_row(row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App {
        id: row.get(0)?,
        name: row.get(1)?,
        server_id: row.get(2)?,
        server_name: row.get(3)?,
        image: row.get(4)?,
        created_at: row.get(5)?,
    })
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<App>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY apps.name"))?;
    statement.query_map([], from_row)?.collect()
}

fn of_server(connection: &Connection, server_id: i64) -> rusqlite::Result<Vec<App>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE apps.server_id = ?1 ORDER BY apps.name"))?;
    statement.query_map([server_id], from_row)?.collect()
}

pub(super) fn by_name(connection: &Connection, name: &str) -> Result<App, Failure> {
    let found = connection
        .prepare_cached(&format!("{SELECT} WHERE apps.name = ?1"))?
        .query_row([name], from_row)
        .optional()?;
    match found {
        Some(app) => Ok(app),
        None => {
            let apps = all(connection)?;
            let nearest = nearest(name, apps.iter().map(|app| app.name.as_str()));
            Err(StoreError::unknown(StoreKind::App, name, nearest).into())
        }
    }
}

fn deployments_of(connection: &Connection, app_id: i64) -> rusqlite::Result<Vec<Deployment>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, app_id, image, status, created_at FROM deployments WHERE app_id = ?1 ORDER BY id",
    )?;
    statement
        .query_map([app_id], |row| {
            Ok(Deployment {
                id: row.get(0)?,
                app_id: row.get(1)?,
                image: row.get(2)?,
                status: row.get(3)?,
                created_at: row.get(4)?,
            })
        })?
        .collect()
}
