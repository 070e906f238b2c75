//! The route to a server, from its row and the SSH configuration.

use crate::error::Result;
use crate::ssh::{Destination, LoginTarget, ServerRoute};
use crate::store::{Server, check_address};
use std::path::PathBuf;

/// The way to a server: what its row says, what the SSH configuration says where the row is silent, and what is usual.
///
/// # Errors
/// If the recorded host key can't be understood, or the SSH configuration can't be used.
pub fn route_to(server: &Server) -> Result<ServerRoute> {
    let route = ServerRoute::find(&Destination {
        name: server.name.clone(),
        host: server.host.clone(),
        port: server.port,
        user: server.user.clone(),
        key_path: server.ssh_key_path.as_deref().map(PathBuf::from),
        host_key: server.host_key.clone(),
    })?;
    // What a configuration says goes wherever a row's values go, so the same rules hold for it.
    let target = route.target();
    check_address(&target.host, &target.user)?;
    Ok(route)
}

/// Where a row alone leads to, for those who may not look at anything else: two people with one row and one file of
/// facts get one plan.
pub fn target_of_row(server: &Server) -> LoginTarget {
    LoginTarget {
        name: server.name.clone(),
        host: server.host.clone(),
        port: server.port.unwrap_or(22),
        user: server.user.clone().unwrap_or_else(|| "root".to_owned()),
        key_path: None,
        host_key: None,
    }
}
