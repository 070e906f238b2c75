//! Shows a server's address, and asks for its name.

use crate::error::Result;
use crate::prompt;
use crate::store::Server;

/// Gets the name of a server that must be typed: from `--confirm`, or from a question.
pub(super) fn type_name(confirm: Option<&str>) -> impl FnMut(&str) -> Result<Option<String>> {
    move |message| match confirm {
        Some(confirm) => Ok(Some(confirm.to_owned())),
        None => prompt::line(&format!("{message}.\nType the server name to confirm: ")),
    }
}

/// The address in a row: `deploy@prod-2.example.org:2222`, with IPv6 in brackets. A user or a port that the row does not
/// set is left out.
pub(in crate::cmd) fn address(server: &Server) -> String {
    let user = server.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
    let port = server.port.filter(|port| *port != 22);
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    match server.host.contains(':') {
        true => format!("{user}[{}]{port}", server.host),
        false => format!("{user}{}{port}", server.host),
    }
}
