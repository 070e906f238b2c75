//! How the route to a server is shown: its target, its jump hosts, and which of it comes from the SSH configuration.

use crate::runtime::ServerRoute;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A host on the route, as data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Host {
    name: String,
    host: String,
    port: u16,
    user: String,
}

/// The route to a server, as data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RouteShown {
    host: String,
    port: u16,
    user: String,
    /// In order.
    jump_hosts: Vec<Host>,
    proxy_command: Option<String>,
    /// The server's settings in the SSH configuration, by the names of ssh_config(5).
    ssh_configuration: BTreeMap<&'static str, String>,
    /// A configuration that exists but can't be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl RouteShown {
    pub fn of(route: &ServerRoute) -> Self {
        let target = route.target();
        Self {
            host: target.host.clone(),
            port: target.port,
            user: target.user.clone(),
            jump_hosts: route
                .jump_hosts()
                .map(|jump| Host {
                    name: jump.name.clone(),
                    host: jump.host.clone(),
                    port: jump.port,
                    user: jump.user.clone(),
                })
                .collect(),
            proxy_command: route.proxy_command().map(str::to_owned),
            ssh_configuration: route.configured().iter().cloned().collect(),
            note: route.note().map(str::to_owned),
        }
    }

    /// For people: what there is to say, each with its heading.
    pub fn pairs(&self) -> [(&'static str, Option<String>); 4] {
        let jumps: Vec<String> = self
            .jump_hosts
            .iter()
            .map(|jump| format!("{} ({})", jump.name, login(&jump.user, &jump.host, jump.port)))
            .collect();
        let said: Vec<String> = self
            .ssh_configuration
            .iter()
            .map(|(setting, value)| format!("{setting} {value}"))
            .collect();
        let command = self.proxy_command.iter().map(|command| format!("`{command}`"));
        let through: Vec<String> = command.chain(jumps).collect();
        [
            ("login", Some(login(&self.user, &self.host, self.port))),
            ("through", (!through.is_empty()).then(|| through.join(", then "))),
            ("SSH config", (!said.is_empty()).then(|| said.join(", "))),
            ("note", self.note.clone()),
        ]
    }
}

/// As ssh takes it, with IPv6 in brackets and the port only where it isn't 22.
fn login(user: &str, host: &str, port: u16) -> String {
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    match port {
        22 => format!("{user}@{host}"),
        port => format!("{user}@{host}:{port}"),
    }
}
