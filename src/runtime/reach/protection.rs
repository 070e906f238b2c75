//! Whether a machine is protected from destruction. Every source is checked, and one is enough.

use super::route::route_to;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::host_key::HostKey;
use crate::reason::ProtectionReason;
use crate::ssh::local_host_keys;
use crate::store::{Identity, Server, Store};
use std::io::ErrorKind;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;

/// Why nothing may be destroyed on the machine behind this row; empty for an ordinary server. `offered` is the host key
/// that it proved to own.
///
/// # Errors
/// If the records of protected machines can't be read: then nothing is known, and nothing may be assumed.
pub fn reasons(
    store: &Store,
    server: &Server,
    facts: &Facts,
    offered: Option<&HostKey>,
) -> Result<Vec<ProtectionReason>> {
    let mut reasons = Vec::new();
    if server.is_infrakt_host {
        reasons.push(ProtectionReason::MarkedRow);
    }
    if facts.marker {
        reasons.push(ProtectionReason::Marker);
    }
    if facts.runs_this_infrakt {
        reasons.push(ProtectionReason::RunsThisInfrakt);
    }
    if facts.machine_id.is_some() && facts.machine_id == machine_id_in(Path::new("/etc/machine-id"))? {
        reasons.push(ProtectionReason::LocalMachineId);
    }
    let mut host_keys = facts.host_keys.clone();
    host_keys.extend(offered.cloned());
    if local_host_keys()?
        .iter()
        .any(|local| host_keys.iter().any(|key| key.is(local)))
    {
        reasons.push(ProtectionReason::LocalHostKey);
    }
    let read = Identity {
        machine_id: facts.machine_id.as_deref(),
        // Also of an engine that is not proven to be the machine's own: it may be the protected one's.
        engine_id: Some(facts.docker.id.as_str()).filter(|id| !id.is_empty()),
        ..Identity::default()
    };
    for reason in store.protection_of_identity(read, &host_keys, Some(server))? {
        // A marked row is itself one of the protected machines; one reason is enough.
        if !(server.is_infrakt_host && is_by_row_named(&reason, &server.name)) {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}

/// Why nothing may be destroyed at this address: a protected server that was never reached is known by its address only.
/// Asks the SSH configuration where its names lead, and the resolver where the addresses are names.
///
/// # Errors
/// If the inventory or the configuration can't be read.
pub fn reasons_of_address(store: &Store, server: &Server) -> Result<Vec<ProtectionReason>> {
    let unreached = |other: &Server| other.is_infrakt_host && other.id != server.id && other.machine_id.is_none();
    let mut reasons = Vec::new();
    let mut own: Option<Vec<String>> = None;
    for other in store.servers()?.iter().filter(|other| unreached(other)) {
        let own = match &own {
            Some(own) => own,
            None => own.insert(names(server)?),
        };
        if same_address(own, &names(other)?) {
            reasons.push(ProtectionReason::ProtectedAddress {
                server: other.name.clone(),
            });
        }
    }
    Ok(reasons)
}

fn is_by_row_named(reason: &ProtectionReason, name: &str) -> bool {
    match reason {
        ProtectionReason::ProtectedServer { server, .. } | ProtectionReason::RemovedServer { server, .. } => {
            server == name
        }
        ProtectionReason::MarkedRow
        | ProtectionReason::Marker
        | ProtectionReason::RunsThisInfrakt
        | ProtectionReason::LocalMachineId
        | ProtectionReason::LocalHostKey
        | ProtectionReason::ProtectedAddress { .. }
        | ProtectionReason::UnprovenEngine { .. } => false,
    }
}

/// What a row's machine is called here, and by the SSH configuration.
fn names(server: &Server) -> Result<Vec<String>> {
    let route = route_to(server)?;
    Ok(vec![server.host.clone(), route.target().host.clone()])
}

/// machine-id(5) of the computer that infrakt runs on, if it has one. One that is there and can't be read is an error:
/// this computer could not recognise itself.
fn machine_id_in(path: &Path) -> Result<Option<String>> {
    let id = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        id => id.map_err(Error::file("read", path))?,
    };
    let id = id.trim();
    Ok((!id.is_empty() && id != "uninitialized").then(|| id.to_owned()))
}

/// Whether the names of two rows lead to the same computer, as they are or by what they resolve to. Ports and jump hosts
/// don't count: ports may be forwarded, and jump hosts lead to one network by many ways. A name that does not resolve
/// here leads nowhere.
fn same_address(one: &[String], other: &[String]) -> bool {
    let addresses = |names: &[String]| -> Vec<IpAddr> {
        names
            .iter()
            .filter_map(|name| (name.as_str(), 22).to_socket_addrs().ok())
            .flatten()
            .map(|address| address.ip())
            .collect()
    };
    if one
        .iter()
        .any(|name| other.iter().any(|same| name.eq_ignore_ascii_case(same)))
    {
        return true;
    }
    let known = addresses(one);
    addresses(other).iter().any(|address| known.contains(address))
}

#[cfg(test)]
mod tests {
    use super::{machine_id_in, reasons_of_address};
    use crate::store::{Home, NewServer, Store};

    #[test]
    fn a_protected_server_that_was_never_reached_is_known_by_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Home::open(Some(folder.path().join("home"))).unwrap()).unwrap();
        let mut host = NewServer::new("host", "localhost");
        host.is_infrakt_host = true;
        store.add_server(&host).unwrap();
        for (name, address, reasons) in [("a", "LOCALHOST", 1), ("b", "127.0.0.1", 1), ("c", "192.0.2.1", 0)] {
            let other = store.add_server(&NewServer::new(name, address)).unwrap();
            assert_eq!(reasons_of_address(&store, &other).unwrap().len(), reasons, "{address}");
        }
    }

    #[test]
    fn this_computer_has_an_identity_or_none_or_nothing_is_assumed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("machine-id");
        assert_eq!(machine_id_in(&path).unwrap(), None);
        for (text, id) in [("0123\n", Some("0123")), ("uninitialized\n", None), ("\n", None)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(machine_id_in(&path).unwrap().as_deref(), id);
        }
        assert!(machine_id_in(folder.path()).is_err());
    }
}
