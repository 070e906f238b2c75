//! A server of the inventory, and what the server itself reports.

use super::route::RouteShown;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::facts::usage::Usage;
use crate::reason::{Explained, ProtectionReason};
use crate::runtime::{Added, Holder, Live, ServerRecord, ServerRoute};
use crate::store::{Run, Server};
use crate::variables::Variable;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A server of the inventory.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerListed {
    #[serde(flatten)]
    pub server: Server,
    /// Why nothing on the server may be destroyed, as far as the inventory knows.
    pub protected: Vec<Explained<ProtectionReason>>,
    /// The newest run there, if there was one.
    pub last_run: Option<Run>,
}

/// A server of the inventory, and the route to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerShown {
    #[serde(flatten)]
    pub server: ServerListed,
    /// What recipes read as `server.vars`: its own variables, and those of its tags.
    pub variables: BTreeMap<String, Variable>,
    /// How infrakt would reach it.
    pub route: Option<RouteShown>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_problem: Option<String>,
}

/// A server that was added.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerAdded {
    #[serde(flatten)]
    pub server: ServerListed,
    pub reached: bool,
    /// Why it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Other rows that lead to the same machine, and what happened to the marker, if it should have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A server that was changed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerUpdated {
    #[serde(flatten)]
    pub server: ServerListed,
    /// What happened to the marker on the machine.
    pub notes: Vec<String>,
}

/// What the server itself reports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerStatus {
    /// Its name.
    pub server: String,
    /// The status that the last recipe set.
    pub status: Option<String>,
    /// Why nothing on the server may be destroyed.
    pub protected: Vec<Explained<ProtectionReason>>,
    pub route: RouteShown,
    pub facts: Facts,
    pub usage: Usage,
}

/// A server whose lock was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServerUnlocked {
    /// Its name.
    pub server: String,
    /// Whose run was ended; null if there was none.
    pub ended: Option<Holder>,
}

impl From<ServerRecord> for ServerListed {
    fn from(record: ServerRecord) -> Self {
        Self {
            server: record.server,
            protected: Explained::all(record.protected),
            last_run: record.last_run,
        }
    }
}

impl ServerShown {
    /// `route` is the way to the server, or why it can't be determined.
    pub fn new(record: ServerRecord, variables: BTreeMap<String, Variable>, route: Result<ServerRoute>) -> Self {
        let route_problem = route.as_ref().err().map(Error::to_string);
        Self {
            server: record.into(),
            variables,
            route: route.ok().map(|route| RouteShown::of(&route)),
            route_problem,
        }
    }
}

impl ServerAdded {
    pub fn new(record: ServerRecord, added: &Added) -> Self {
        let problem = added.reached.as_ref().err().map(ToString::to_string);
        Self {
            server: record.into(),
            reached: problem.is_none(),
            problem,
            notes: added.notes(),
        }
    }
}

impl ServerUpdated {
    pub fn new(record: ServerRecord, note: Option<String>) -> Self {
        Self {
            server: record.into(),
            notes: note.into_iter().collect(),
        }
    }
}

impl ServerStatus {
    pub fn of(live: &Live, usage: Usage) -> Self {
        Self {
            server: live.server.name.clone(),
            status: live.server.status.clone(),
            protected: Explained::all(live.identity.protected.clone()),
            route: RouteShown::of(&live.route),
            facts: live.facts.clone(),
            usage,
        }
    }
}
