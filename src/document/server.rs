//! A server of the inventory, and what the server itself says.

use super::route::RouteShown;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::facts::usage::Usage;
use crate::runtime::{Added, Live, route_to};
use crate::store::{Server, Store};
use schemars::JsonSchema;
use serde::Serialize;

/// A server of the inventory.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerListed {
    #[serde(flatten)]
    pub server: Server,
    /// Why nothing may be destroyed there, as far as the inventory knows.
    pub protected: Vec<String>,
}

/// A server of the inventory, and the way there.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerShown {
    #[serde(flatten)]
    pub server: ServerListed,
    /// How it would be reached.
    pub route: Option<RouteShown>,
    /// Why that can't be told.
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
    /// What became of the marker on the machine, if it is to have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A server that was changed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerUpdated {
    #[serde(flatten)]
    pub server: ServerListed,
    /// What became of the marker on the machine.
    pub notes: Vec<String>,
}

/// What a server itself says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerStatus {
    /// Its name.
    pub server: String,
    /// What the last recipe noted of it.
    pub status: Option<String>,
    /// Why nothing may be destroyed there.
    pub protected: Vec<String>,
    pub route: RouteShown,
    pub facts: Facts,
    pub usage: Usage,
}

impl ServerListed {
    /// # Errors
    /// If the database can't be read.
    pub fn of(store: &Store, server: Server) -> Result<Self> {
        let protected = match server.is_infrakt_host {
            true => vec!["is marked as a host of infrakt".to_owned()],
            false => store.protection_of(&server)?,
        };
        Ok(Self { server, protected })
    }

    /// All servers, or those with a tag, by name.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn all(store: &Store, tag: Option<&str>) -> Result<Vec<Self>> {
        let servers = match tag {
            Some(tag) => store.servers_tagged(tag)?,
            None => store.servers()?,
        };
        servers.into_iter().map(|server| Self::of(store, server)).collect()
    }
}

impl ServerShown {
    /// # Errors
    /// If the database can't be read.
    pub fn of(store: &Store, server: Server) -> Result<Self> {
        let route = route_to(&server).map(|route| RouteShown::of(&route));
        let route_problem = route.as_ref().err().map(Error::to_string);
        Ok(Self {
            server: ServerListed::of(store, server)?,
            route: route.ok(),
            route_problem,
        })
    }
}

impl ServerAdded {
    /// # Errors
    /// If the database can't be read.
    pub fn of(store: &Store, added: &Added) -> Result<Self> {
        let problem = added.reached.as_ref().err().map(ToString::to_string);
        Ok(Self {
            server: ServerListed::of(store, added.server.clone())?,
            reached: problem.is_none(),
            problem,
            notes: added.note().into_iter().collect(),
        })
    }
}

impl ServerStatus {
    pub fn of(live: &Live, usage: Usage) -> Self {
        Self {
            server: live.server.name.clone(),
            status: live.server.status.clone(),
            protected: live.identity.protected.clone(),
            route: RouteShown::of(&live.route),
            facts: live.facts.clone(),
            usage,
        }
    }
}
