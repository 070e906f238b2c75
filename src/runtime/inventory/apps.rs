//! Apps and their environment variables.

use crate::error::Result;
use crate::plan::secret::Secret;
use crate::runtime::open::Runtime;
use crate::store::{App, Deployment, Forgotten};
use std::collections::BTreeMap;

/// An app with all that is recorded of it, but for the values of its variables.
pub struct AppRecord {
    pub app: App,
    pub variables: Vec<String>,
    pub depends_on: Vec<String>,
    pub deployments: Vec<Deployment>,
}

impl Runtime {
    /// # Errors
    /// If the name is taken or not allowed, there is no such server, or the database can't be written.
    pub fn add_app(&self, name: &str, server: &str, image: &str) -> Result<App> {
        self.store.add_app(name, server, image)
    }

    /// All apps, or those of one server.
    ///
    /// # Errors
    /// If there is no such server, or the database can't be read.
    pub fn apps(&self, server: Option<&str>) -> Result<Vec<App>> {
        self.store.apps(server)
    }

    /// # Errors
    /// If there is no such app, or the database can't be read.
    pub fn app(&self, name: &str) -> Result<AppRecord> {
        Ok(AppRecord {
            app: self.store.app(name)?,
            variables: self.store.env_names(name)?,
            depends_on: self.store.dependencies(name)?,
            deployments: self.store.deployments(name)?,
        })
    }

    /// Removes an app with its variables and its deployments.
    ///
    /// # Errors
    /// If there is no such app, or the database can't be written.
    pub fn remove_app(&self, name: &str) -> Result<Forgotten> {
        self.store.remove_app(name)
    }

    /// The names of an app's variables.
    ///
    /// # Errors
    /// If there is no such app, or its file can't be read.
    pub fn variable_names(&self, app: &str) -> Result<Vec<String>> {
        self.store.env_names(app)
    }

    /// All variables of an app.
    ///
    /// # Errors
    /// If there is no such app, or its file can't be read.
    pub fn variables(&self, app: &str) -> Result<BTreeMap<String, Secret>> {
        self.store.env(app)
    }

    /// The value of one variable.
    ///
    /// # Errors
    /// If there is no such app or variable, or the app's file can't be read.
    pub fn variable(&self, app: &str, name: &str) -> Result<Secret> {
        self.store.env_value(app, name)
    }

    /// # Errors
    /// If there is no such app, a name is not allowed, or the app's file can't be written.
    pub fn set_variables(&self, app: &str, variables: &[(String, Secret)]) -> Result<()> {
        self.store.set_env(app, variables)
    }

    /// # Errors
    /// If there is no such app or variable, or the app's file can't be written.
    pub fn unset_variables(&self, app: &str, names: &[String]) -> Result<()> {
        self.store.unset_env(app, names)
    }
}
