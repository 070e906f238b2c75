//! Hints for protected servers: how to remove each reason.

use crate::reason::{IdentityKind, ProtectionReason};
use std::collections::{BTreeMap, BTreeSet};

/// What to do if all of these reasons hold.
pub(super) fn hint(server: &str, reasons: &[ProtectionReason]) -> String {
    if reasons.contains(&ProtectionReason::RunsThisInfrakt) {
        // No other reason matters: on this computer nothing can lift this one.
        return "infrakt never wipes the machine that it runs on; to wipe this one, run infrakt on another computer"
            .to_owned();
    }
    let mut ways = Vec::new();
    let unmark = reasons.iter().any(is_removed_with_the_mark);
    if unmark {
        ways.push(no_longer("it", server));
    }
    if reasons.contains(&ProtectionReason::Marker) && !unmark {
        // It may be another installation's. With a mark, the command above removes it, or says how.
        ways.push(format!(
            "if it no longer hosts infrakt, remove the marker: infrakt server ssh {server} -- sudo rm /etc/infrakt/host"
        ));
    }
    let mut others = BTreeSet::new();
    let mut clones: BTreeMap<String, BTreeSet<IdentityKind>> = BTreeMap::new();
    let mut clone_of = |original: String, identity| {
        clones.entry(original).or_default().insert(identity);
    };
    let mut last = Vec::new();
    for reason in reasons {
        match reason {
            ProtectionReason::LocalMachineId => clone_of("this computer".to_owned(), IdentityKind::MachineId),
            ProtectionReason::LocalHostKey => clone_of("this computer".to_owned(), IdentityKind::HostKey),
            ProtectionReason::ProtectedServer {
                identity,
                server: other,
                ..
            } => {
                others.insert(other);
                clone_of(format!("'{other}'"), *identity);
            }
            // The row can't remove the record of an identity that it does not have.
            ProtectionReason::RemovedServer {
                identity,
                server: other,
                in_row: false,
                ..
            } => clone_of(format!("'{other}'"), *identity),
            ProtectionReason::ProtectedAddress { server: other } => {
                others.insert(other);
                last.push(format!(
                    "if it is another machine than '{other}', let infrakt read the identity of '{other}': infrakt \
                     server status {other}"
                ));
            }
            ProtectionReason::UnprovenEngine { .. } => last.push(format!(
                "only the server's own dockerd may listen on /var/run/docker.sock; to see what does: infrakt server \
                 ssh {server} -- sudo ss -xlp"
            )),
            ProtectionReason::MarkedRow
            | ProtectionReason::Marker
            | ProtectionReason::RunsThisInfrakt
            | ProtectionReason::RemovedServer { in_row: true, .. } => {}
        }
    }
    ways.extend(others.into_iter().map(|other| no_longer(&format!("'{other}'"), other)));
    ways.extend(clones.into_iter().map(|(original, identities)| {
        let commands: Vec<&str> = identities.into_iter().map(renew).collect();
        format!(
            "if it is a clone of {original}, give it an identity of its own, on the server, as root: {}",
            commands.join(" && ")
        )
    }));
    ways.append(&mut last);
    ways.join("; ")
}

/// Whether `server update --no-infrakt-host` on the server itself removes the reason.
fn is_removed_with_the_mark(reason: &ProtectionReason) -> bool {
    matches!(
        reason,
        ProtectionReason::MarkedRow | ProtectionReason::RemovedServer { in_row: true, .. }
    )
}

fn no_longer(who: &str, server: &str) -> String {
    format!("if {who} no longer hosts infrakt: infrakt server update {server} --no-infrakt-host")
}

/// The command that gives a machine another identity, on the machine itself.
fn renew(identity: IdentityKind) -> &'static str {
    match identity {
        IdentityKind::MachineId => "rm -f /etc/machine-id && systemd-machine-id-setup",
        IdentityKind::HostKey => "rm -f /etc/ssh/ssh_host_* && ssh-keygen -A",
        IdentityKind::Engine => "rm -f /var/lib/docker/engine-id /etc/docker/key.json && systemctl try-restart docker",
    }
}

#[cfg(test)]
mod tests {
    use super::hint;
    use crate::reason::{IdentityKind, ProtectionReason};
    use jiff::civil::date;

    fn of_server(identity: IdentityKind) -> ProtectionReason {
        ProtectionReason::ProtectedServer {
            identity,
            server: "prod-1".to_owned(),
            marked_on: date(2026, 11, 2),
        }
    }

    fn of_removed(identity: IdentityKind, in_row: bool) -> ProtectionReason {
        ProtectionReason::RemovedServer {
            identity,
            server: "prod-1".to_owned(),
            marked_on: date(2026, 11, 2),
            in_row,
        }
    }

    #[test]
    fn each_reason_has_the_way_that_removes_it_and_nothing_else() {
        let lifted = "if it no longer hosts infrakt: infrakt server update box --no-infrakt-host";
        let other = "if 'prod-1' no longer hosts infrakt: infrakt server update prod-1 --no-infrakt-host";
        let new_id = "rm -f /etc/machine-id && systemd-machine-id-setup";
        let new_keys = "rm -f /etc/ssh/ssh_host_* && ssh-keygen -A";
        let new_engine = "rm -f /var/lib/docker/engine-id /etc/docker/key.json && systemctl try-restart docker";
        let clone = |of: &str, commands: &str| {
            format!("if it is a clone of {of}, give it an identity of its own, on the server, as root: {commands}")
        };
        let cases: [(&[ProtectionReason], String); 12] = [
            (&[ProtectionReason::MarkedRow], lifted.to_owned()),
            (
                &[ProtectionReason::MarkedRow, ProtectionReason::Marker],
                lifted.to_owned(),
            ),
            (
                &[
                    of_removed(IdentityKind::MachineId, true),
                    of_removed(IdentityKind::HostKey, true),
                ],
                lifted.to_owned(),
            ),
            (&[of_removed(IdentityKind::HostKey, false)], clone("'prod-1'", new_keys)),
            (
                &[ProtectionReason::Marker],
                "if it no longer hosts infrakt, remove the marker: infrakt server ssh box -- sudo rm /etc/infrakt/host"
                    .to_owned(),
            ),
            (
                &[
                    ProtectionReason::MarkedRow,
                    ProtectionReason::RunsThisInfrakt,
                    ProtectionReason::LocalMachineId,
                ],
                "infrakt never wipes the machine that it runs on; to wipe this one, run infrakt on another computer"
                    .to_owned(),
            ),
            (&[ProtectionReason::LocalMachineId], clone("this computer", new_id)),
            (&[ProtectionReason::LocalHostKey], clone("this computer", new_keys)),
            (
                &[of_server(IdentityKind::MachineId), of_server(IdentityKind::HostKey)],
                format!("{other}; {}", clone("'prod-1'", &format!("{new_id} && {new_keys}"))),
            ),
            (
                &[of_server(IdentityKind::Engine)],
                format!("{other}; {}", clone("'prod-1'", new_engine)),
            ),
            (
                &[ProtectionReason::ProtectedAddress {
                    server: "prod-1".to_owned(),
                }],
                format!(
                    "{other}; if it is another machine than 'prod-1', let infrakt read the identity of 'prod-1': \
                     infrakt server status prod-1"
                ),
            ),
            (
                &[ProtectionReason::UnprovenEngine {
                    problem: "it is not".to_owned(),
                }],
                "only the server's own dockerd may listen on /var/run/docker.sock; to see what does: infrakt server \
                 ssh box -- sudo ss -xlp"
                    .to_owned(),
            ),
        ];
        for (reasons, expected) in cases {
            assert_eq!(hint("box", reasons), expected);
        }
    }
}
