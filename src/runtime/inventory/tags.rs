//! Tags, and the variables of their servers.

use crate::error::Result;
use crate::runtime::open::Runtime;
use crate::store::{Server, Tag};
use crate::variables::{Variable, VariableChanges};
use std::collections::BTreeMap;

impl Runtime {
    /// All tags, by name.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn tags(&self) -> Result<Vec<Tag>> {
        self.store.tags()
    }

    /// # Errors
    /// If no server and no variable has this tag, or the database can't be read.
    pub fn tag(&self, name: &str) -> Result<Tag> {
        self.store.tag(name)
    }

    /// Changes the variables of a tag.
    ///
    /// # Errors
    /// If a name or a value is not allowed, a variable to remove is not there, or the database can't be written.
    pub fn update_tag(&self, name: &str, changes: &VariableChanges) -> Result<Tag> {
        self.store.change_tag(name, changes)
    }

    /// The variables that hold for a server, with those of its tags.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn variables_of(&self, server: &Server) -> Result<BTreeMap<String, Variable>> {
        self.store.variables_of(server)
    }

    /// Where a tag and another one give a server different values, a sentence for each.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn disagreements(&self, tag: &Tag) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for server in self.store.servers_tagged(&tag.name)? {
            for (name, variable) in self.store.variables_of(&server)? {
                if variable.value.is_none() && variable.tags.contains_key(&tag.name) {
                    let tags: Vec<&str> = variable.tags.keys().map(String::as_str).collect();
                    found.push(format!(
                        "'{}' has no value for '{name}': its tags {} disagree; give it one of its own: infrakt server \
                         update {} --var {name}=VALUE",
                        server.name,
                        tags.join(", "),
                        server.name
                    ));
                }
            }
        }
        Ok(found)
    }
}
