//! Whether anything speaks against destroying something on a machine. Every way of telling is asked, and one is enough.

use crate::error::Result;
use crate::facts::Facts;
use crate::ssh::local_host_keys;
use crate::store::{Server, Store};

/// Why nothing may be destroyed on the machine behind this row; empty for an ordinary server. `offered` is the host key
/// that it proved to own.
///
/// # Errors
/// If the records of protected machines can't be read: then nothing is known, and nothing may be assumed.
pub fn reasons(store: &Store, server: &Server, facts: &Facts, offered: Option<&str>) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    if server.is_infrakt_host {
        reasons.push("its row says that it hosts infrakt".to_owned());
    }
    if facts.marker {
        reasons.push("it has the marker /etc/infrakt/host".to_owned());
    }
    if facts.runs_this_infrakt {
        reasons.push("this very infrakt runs on it".to_owned());
    }
    if facts.machine_id.is_some() && facts.machine_id == local_machine_id() {
        reasons.push("it has the machine-id of this computer".to_owned());
    }
    let mut host_keys = facts.host_keys.clone();
    host_keys.extend(offered.map(str::to_owned));
    if local_host_keys()
        .iter()
        .any(|local| host_keys.contains(&local.to_string()))
    {
        reasons.push("it has a host key of this computer".to_owned());
    }
    for reason in store.is_protected_identity(facts.machine_id.as_deref(), &host_keys)? {
        // A marked row is among the protected machines itself: that needs no second sentence.
        if !(server.is_infrakt_host && reason.contains(&format!("'{}'", server.name))) {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}

/// machine-id(5) of the computer that infrakt runs on, if it has one.
fn local_machine_id() -> Option<String> {
    let id = std::fs::read_to_string("/etc/machine-id").ok()?;
    let id = id.trim();
    (!id.is_empty() && id != "uninitialized").then(|| id.to_owned())
}
