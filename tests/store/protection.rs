use crate::fixture::{FINGERPRINT_ONE, KEY_ONE, KEY_TWO, MACHINE_ONE, MACHINE_TWO, Place, add, code, key, typed};
use infrakt::host_key::HostKey;
use infrakt::reason::{IdentityKind, ProtectionReason};
use infrakt::store::{Identity, NameTyped, NewServer, Server, ServerChange, Store};

fn mark() -> ServerChange {
    ServerChange {
        is_infrakt_host: Some(true),
        ..ServerChange::default()
    }
}

fn unmark() -> ServerChange {
    ServerChange {
        is_infrakt_host: Some(false),
        ..ServerChange::default()
    }
}

/// A marked server whose identity is known.
fn protected(store: &Store) -> Server {
    let server = add(store, "prod-1");
    store
        .record_identity(
            server.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    store.update_server("prod-1", &mark(), None).unwrap()
}

fn reasons(store: &Store, machine_id: Option<&str>, host_keys: &[&str]) -> Vec<String> {
    let host_keys: Vec<HostKey> = host_keys.iter().map(|text| key(text)).collect();
    let read = Identity {
        machine_id,
        ..Identity::default()
    };
    reasons_of(store, read, &host_keys)
}

fn reasons_of(store: &Store, read: Identity<'_>, host_keys: &[HostKey]) -> Vec<String> {
    let reasons = store.protection_of_identity(read, host_keys, None).unwrap();
    reasons.iter().map(ToString::to_string).collect()
}

fn assert_both_known(store: &Store) {
    assert_eq!(reasons(store, Some(MACHINE_ONE), &[]).len(), 1);
    assert_eq!(reasons(store, None, &[KEY_ONE]).len(), 1);
    assert_eq!(reasons(store, Some(MACHINE_ONE), &[KEY_TWO, KEY_ONE]).len(), 2);
}

#[test]
fn a_marked_machine_is_recognised_by_its_identity() {
    let place = Place::new();
    let store = place.store();
    assert!(reasons(&store, Some(MACHINE_ONE), &[KEY_ONE]).is_empty());
    protected(&store);
    assert_both_known(&store);
    assert!(reasons(&store, Some(MACHINE_TWO), &[KEY_TWO]).is_empty());
    assert!(reasons(&store, None, &[]).is_empty());
    let reason = &reasons(&store, Some(MACHINE_ONE), &[])[0];
    assert!(
        reason.starts_with("it has the machine-id of the protected server 'prod-1' (marked 20"),
        "{reason}"
    );
}

#[test]
fn the_form_of_a_machine_id_or_a_key_makes_no_difference() {
    let place = Place::new();
    let store = place.store();
    protected(&store);
    store
        .record_identity(
            add(&store, "abc").id,
            Identity {
                machine_id: Some("abcdefabcdefabcdefabcdefabcdefab"),
                ..Identity::default()
            },
        )
        .unwrap();
    store.update_server("abc", &mark(), None).unwrap();
    assert_eq!(
        reasons(&store, Some("ABCDEFABCDEFABCDEFABCDEFABCDEFAB\n"), &[]).len(),
        1
    );
    assert_eq!(reasons(&store, None, &[FINGERPRINT_ONE]).len(), 1);
    assert_eq!(reasons(&store, None, &[&format!("{KEY_ONE} a comment")]).len(), 1);
}

#[test]
fn an_identity_that_becomes_known_later_is_protected_too() {
    let place = Place::new();
    let store = place.store();
    let mut new = NewServer::new("prod-1", "192.0.2.7");
    new.is_infrakt_host = true;
    let server = store.add_server(&new).unwrap();
    assert!(reasons(&store, Some(MACHINE_ONE), &[KEY_ONE]).is_empty());
    store
        .record_identity(
            server.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                ..Identity::default()
            },
        )
        .unwrap();
    store
        .record_identity(
            server.id,
            Identity {
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    assert_both_known(&store);
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    assert_both_known(&store);
}

#[test]
fn a_key_given_when_a_protected_server_is_added_counts_at_once() {
    let place = Place::new();
    let store = place.store();
    let mut new = NewServer::new("prod-1", "192.0.2.7");
    new.is_infrakt_host = true;
    new.host_key = Some(FINGERPRINT_ONE.to_owned());
    let server = store.add_server(&new).unwrap();
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    assert_eq!(reasons(&store, None, &[KEY_ONE]).len(), 1);
}

#[test]
fn a_removed_row_leaves_its_machine_protected() {
    let place = Place::new();
    let store = place.store();
    let server = protected(&store);
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    assert_both_known(&store);
    let again = add(&store, "prod-1");
    store
        .record_identity(
            again.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    assert_both_known(&store);
    assert!(reasons(&store, Some(MACHINE_ONE), &[])[0].contains("removed since"));
}

#[test]
fn a_new_host_key_does_not_lift_the_protection_of_the_old_one() {
    let place = Place::new();
    let store = place.store();
    let server = protected(&store);
    let change = ServerChange {
        host_key: Some(Some(KEY_TWO.to_owned())),
        ..ServerChange::default()
    };
    store.update_server("prod-1", &change, Some(&typed(&server))).unwrap();
    assert_both_known(&store);
    assert_eq!(reasons(&store, None, &[KEY_TWO]).len(), 1);
}

#[test]
fn removing_protection_requires_the_typed_name() {
    let place = Place::new();
    let store = place.store();
    let server = protected(&store);
    let other = add(&store, "prod-2");
    let elsewhere = ServerChange {
        host: Some("192.0.2.99".to_owned()),
        ..ServerChange::default()
    };
    let other_port = ServerChange {
        port: Some(Some(2222)),
        ..ServerChange::default()
    };
    for proof in [None, Some(&typed(&other))] {
        for change in [&unmark(), &elsewhere, &other_port] {
            assert_eq!(code(store.update_server("prod-1", change, proof)), "consent_missing");
        }
        assert_eq!(code(store.remove_server("prod-1", proof)), "consent_missing");
    }
    assert_eq!(store.server("prod-1").unwrap(), server, "nothing has changed");
    for wrong in ["", "prod", "prod-1 ", "PROD-1", "prod-2", "y", "yes"] {
        assert!(NameTyped::check(wrong, &server).is_none(), "{wrong:?}");
    }

    let harmless = ServerChange {
        user: Some(Some("debian".to_owned())),
        host: Some(server.host.clone()),
        is_infrakt_host: Some(true),
        ..ServerChange::default()
    };
    store.update_server("prod-1", &harmless, None).unwrap();

    store
        .update_server("prod-1", &elsewhere, Some(&typed(&server)))
        .unwrap();
    assert_both_known(&store);
    store.update_server("prod-1", &unmark(), Some(&typed(&server))).unwrap();
    assert!(reasons(&store, Some(MACHINE_ONE), &[KEY_ONE]).is_empty());
    store.remove_server("prod-1", None).unwrap();
}

#[test]
fn clearing_one_row_keeps_the_protection_of_another_row() {
    let place = Place::new();
    let store = place.store();
    let first = protected(&store);
    let second = add(&store, "prod-1b");
    store
        .record_identity(
            second.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    store.update_server("prod-1b", &mark(), None).unwrap();
    store.update_server("prod-1", &unmark(), Some(&typed(&first))).unwrap();
    assert_both_known(&store);
    store.remove_server("prod-1b", Some(&typed(&second))).unwrap();
    assert_both_known(&store);
}

#[test]
fn protection_of_a_removed_row_is_removed_only_with_the_typed_name() {
    let place = Place::new();
    let store = place.store();
    let server = protected(&store);
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    let again = add(&store, "box");
    store
        .record_identity(
            again.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    assert_eq!(code(store.update_server("box", &unmark(), None)), "consent_missing");
    assert_both_known(&store);
    store.update_server("box", &unmark(), Some(&typed(&again))).unwrap();
    assert!(reasons(&store, Some(MACHINE_ONE), &[KEY_ONE]).is_empty());
}

/// Only a record of an identity that the row itself has can be removed through the row.
#[test]
fn a_reason_of_a_removed_row_says_whether_the_own_row_can_remove_it() {
    let place = Place::new();
    let store = place.store();
    let server = protected(&store);
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    let id = add(&store, "box").id;
    let in_row = |row: &Server| -> Vec<(IdentityKind, bool)> {
        let read = Identity {
            machine_id: Some(MACHINE_ONE),
            ..Identity::default()
        };
        let reasons = store.protection_of_identity(read, &[key(KEY_ONE)], Some(row)).unwrap();
        let of_removed = reasons.into_iter().map(|reason| match reason {
            ProtectionReason::RemovedServer { identity, in_row, .. } => (identity, in_row),
            other => panic!("{other}"),
        });
        of_removed.collect()
    };
    // The machine has this key too, but infrakt logged in with another one.
    let read = Identity {
        host_key: Some(&key(KEY_TWO)),
        machine_id: Some(MACHINE_ONE),
        ..Identity::default()
    };
    store.record_identity(id, read).unwrap();
    let row = store.server("box").unwrap();
    let found = in_row(&row);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&(IdentityKind::MachineId, true)), "{found:?}");
    assert!(found.contains(&(IdentityKind::HostKey, false)), "{found:?}");
    store.update_server("box", &unmark(), Some(&typed(&row))).unwrap();
    assert_eq!(in_row(&row), [(IdentityKind::HostKey, false)]);
}

#[test]
fn a_mark_that_was_set_in_the_database_protects_too() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-1");
    store
        .record_identity(
            server.id,
            Identity {
                host_key: Some(&key(KEY_ONE)),
                machine_id: Some(MACHINE_ONE),
                ..Identity::default()
            },
        )
        .unwrap();
    place
        .database()
        .execute("UPDATE servers SET is_infrakt_host = 1", [])
        .unwrap();
    assert_both_known(&store);
}

#[test]
fn the_engine_of_a_protected_machine_is_protected_under_every_row() {
    const ENGINE: &str = "9427bc08-d8c9-4a1d-b47d-72f96099001a";
    let place = Place::new();
    let store = place.store();
    let engine = Identity {
        engine_id: Some(ENGINE),
        ..Identity::default()
    };
    let server = protected(&store);
    assert!(reasons_of(&store, engine, &[]).is_empty());
    store.record_identity(server.id, engine).unwrap();
    let found = reasons_of(&store, engine, &[]);
    assert!(
        found[0].starts_with("it has the Docker engine of the protected server 'prod-1'"),
        "{found:?}"
    );

    // Also when the row is gone.
    store.remove_server("prod-1", Some(&typed(&server))).unwrap();
    assert_eq!(reasons_of(&store, engine, &[]).len(), 1);
    let other = Identity {
        engine_id: Some("another"),
        ..Identity::default()
    };
    assert!(reasons_of(&store, other, &[]).is_empty());
}
