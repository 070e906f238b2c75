//! A job: a recipe with its parameters, and the servers to run it on.

use super::consent::ConfirmArgs;
use crate::plan::shell::quote;
use crate::runtime::{AtOnce, Parameters};
use crate::store::{GroupId, Server};

/// A recipe to be run on servers.
pub(super) struct Job<'a> {
    /// A name or a path.
    pub recipe: &'a str,
    pub servers: &'a [Server],
    pub parameters: &'a Parameters,
    pub confirm: &'a ConfirmArgs,
    pub at_once: AtOnce,
    /// The group of runs whose servers are tried again.
    pub retry_of: Option<GroupId>,
    /// Whether what is said is in the form for several servers.
    pub several: bool,
}

impl Job<'_> {
    /// The command that shows the same plan in full.
    pub fn command_that_shows(&self, server: &str) -> String {
        let mut command = format!("infrakt plan {} --server {}", quote(self.recipe), quote(server));
        for (name, value) in self.parameters {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            command.push_str(&format!(" --set {}", quote(&format!("{name}={value}"))));
        }
        command + " --full"
    }
}
