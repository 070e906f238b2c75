//! How a server's address is shown, and how its name is asked for.

use crate::error::Result;
use crate::prompt;
use crate::store::Server;

/// How the name of a server is had where it must be typed: from `--confirm`, or by asking.
pub(super) fn type_name(confirm: Option<&str>) -> impl FnMut(&str) -> Result<Option<String>> {
    move |message| match confirm {
        Some(confirm) => Ok(Some(confirm.to_owned())),
        None => prompt::line(&format!("{message}.\nType the server name to confirm: ")),
    }
}

/// What a row says of an address: `deploy@prod-2.example.org:2222`, with IPv6 in brackets. Without a user or a port
/// where it says none.
pub(in crate::cmd) fn address(server: &Server) -> String {
    let user = server.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
    let port = server.port.filter(|port| *port != 22);
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    match server.host.contains(':') {
        true => format!("{user}[{}]{port}", server.host),
        false => format!("{user}{}{port}", server.host),
    }
}
