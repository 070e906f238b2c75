use crate::fixture::{FINGERPRINT_ONE, KEY_ONE, KEY_TWO, MACHINE_ONE, Place, add, code, key};
use infrakt::store::{Identity, NameTyped, NewServer, ServerChange};

#[test]
fn a_server_is_read_as_it_was_added() {
    let place = Place::new();
    let mut new = NewServer::new("prod-2", "[2001:db8::7]");
    new.port = Some(2222);
    new.user = Some("debian".to_owned());
    new.ssh_key_path = Some("/home/alice/.ssh/id_ed25519".to_owned());
    new.provider = Some("Hetzner Cloud".to_owned());
    new.host_key = Some(format!("{KEY_ONE} root@prod-2"));
    new.tags = vec!["web".to_owned(), "eu".to_owned(), "web".to_owned()];
    place.store().add_server(&new).unwrap();

    let server = place.store().server("prod-2").unwrap();

    assert_eq!(server.host, "2001:db8::7");
    assert_eq!((server.port, server.user.as_deref()), (Some(2222), Some("debian")));
    assert_eq!(server.ssh_key_path.as_deref(), Some("/home/alice/.ssh/id_ed25519"));
    assert_eq!(server.provider.as_deref(), Some("Hetzner Cloud"));
    assert_eq!(server.host_key, Some(key(KEY_ONE)));
    assert_eq!(server.tags, ["eu", "web"]);
    assert!(!server.is_infrakt_host);
}

#[test]
fn invalid_values_are_refused_everywhere() {
    let place = Place::new();
    let store = place.store();
    add(&store, "prod-2");
    let spoil: [fn(&mut NewServer); 9] = [
        |new| new.name = "../prod".to_owned(),
        |new| new.host = "-oProxyCommand=id".to_owned(),
        |new| new.port = Some(0),
        |new| new.user = Some("-l".to_owned()),
        |new| new.ssh_key_path = Some("-i".to_owned()),
        |new| new.provider = Some("a\u{1b}[2Jb".to_owned()),
        |new| new.host_key = Some("nonsense".to_owned()),
        |new| new.tags = vec!["a b".to_owned()],
        |new| new.tags = vec![String::new()],
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let mut new = NewServer::new("prod-3", "192.0.2.7");
        spoil(&mut new);
        assert_eq!(code(store.add_server(&new)), "invalid", "case {number}");
    }
    let none = ServerChange::default;
    let changes = [
        ServerChange {
            host: Some("a;b".to_owned()),
            ..none()
        },
        ServerChange {
            port: Some(Some(0)),
            ..none()
        },
        ServerChange {
            user: Some(Some("$(id)".to_owned())),
            ..none()
        },
        ServerChange {
            ssh_key_path: Some(Some("relative".to_owned())),
            ..none()
        },
        ServerChange {
            provider: Some(Some("\n".to_owned())),
            ..none()
        },
        ServerChange {
            host_key: Some(Some("SHA256:short".to_owned())),
            ..none()
        },
        ServerChange {
            tags: vec!["-x".to_owned()],
            ..none()
        },
    ];
    let before = store.server("prod-2").unwrap();
    for change in changes {
        assert_eq!(
            code(store.update_server("prod-2", &change, None)),
            "invalid",
            "{change:?}"
        );
    }
    assert_eq!(store.servers().unwrap(), [before]);
}

#[test]
fn a_name_is_unique() {
    let place = Place::new();
    let store = place.store();
    let first = add(&store, "prod-2");
    assert_eq!(code(store.add_server(&NewServer::new("prod-2", "192.0.2.8"))), "exists");
    assert_eq!(store.servers().unwrap(), [first]);
}

#[test]
fn an_unknown_name_suggests_the_nearest_one() {
    let place = Place::new();
    let store = place.store();
    add(&store, "prod-2");
    let error = store.server("prdo-2").unwrap_err();
    assert_eq!(error.to_string(), "there is no server 'prdo-2'");
    assert_eq!(error.hint().unwrap(), "did you mean 'prod-2'? See: infrakt server list");
    assert_eq!(error.exit() as u8, 2);
}

#[test]
fn an_id_is_never_given_out_twice() {
    let place = Place::new();
    let store = place.store();
    let first = add(&store, "prod-2");
    store.remove_server("prod-2", None).unwrap();
    let second = add(&store, "prod-2");
    assert!(second.id > first.id);
}

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let place = Place::new();
    let store = place.store();
    let before = add(&store, "prod-2");
    let change = ServerChange {
        port: Some(Some(2222)),
        provider: Some(Some("Hetzner".to_owned())),
        tags: vec!["web".to_owned()],
        ..ServerChange::default()
    };
    let after = store.update_server("prod-2", &change, None).unwrap();
    assert_eq!((after.port, after.provider.as_deref()), (Some(2222), Some("Hetzner")));
    assert_eq!(
        (after.host, after.user, after.id),
        (before.host, before.user, before.id)
    );
    assert_eq!(after.tags, ["web"]);
    let cleared = ServerChange {
        provider: Some(None),
        ..ServerChange::default()
    };
    assert_eq!(store.update_server("prod-2", &cleared, None).unwrap().provider, None);
}

#[test]
fn tags_choose_servers() {
    let place = Place::new();
    let store = place.store();
    for (name, tags) in [
        ("prod-1", vec!["web"]),
        ("prod-2", vec!["web", "eu"]),
        ("prod-3", vec!["eu-west"]),
    ] {
        add(&store, name);
        let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
        store.retag(name, &tags, &[]).unwrap();
    }
    let names = |tag: &str| -> Vec<String> {
        let found = store.servers_tagged(tag).unwrap();
        found.into_iter().map(|server| server.name).collect()
    };
    assert_eq!(names("web"), ["prod-1", "prod-2"]);
    assert_eq!(names("eu"), ["prod-2"]);
    assert!(names("none").is_empty());

    let remove = ["web".to_owned(), "ue".to_owned()];
    assert_eq!(code(store.retag("prod-2", &[], &remove)), "unknown_tag");
    assert_eq!(names("web"), ["prod-1", "prod-2"], "a failed call takes nothing away");
    store.retag("prod-2", &[], &remove[..1]).unwrap();
    assert_eq!(names("web"), ["prod-1"]);
}

#[test]
fn a_seen_key_replaces_only_its_own_fingerprint() {
    let place = Place::new();
    let store = place.store();
    let mut new = NewServer::new("prod-2", "192.0.2.7");
    new.host_key = Some(FINGERPRINT_ONE.to_owned());
    let server = store.add_server(&new).unwrap();

    assert_eq!(
        code(store.record_identity(
            server.id,
            Identity {
                host_key: Some(&key(KEY_TWO)),
                ..Identity::default()
            }
        )),
        "host_key_differs"
    );
    assert_eq!(store.server("prod-2").unwrap().host_key, Some(key(FINGERPRINT_ONE)));

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
    let known = store.server("prod-2").unwrap();
    assert_eq!(
        (known.host_key.clone(), known.machine_id.as_deref()),
        (Some(key(KEY_ONE)), Some(MACHINE_ONE))
    );

    store
        .record_identity(
            server.id,
            Identity {
                host_key: Some(&key(FINGERPRINT_ONE)),
                ..Identity::default()
            },
        )
        .unwrap();
    assert_eq!(
        store.server("prod-2").unwrap(),
        known,
        "a fingerprint does not replace the key it belongs to"
    );
}

#[test]
fn another_host_key_means_another_machine() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
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
    let change = |key: &str| ServerChange {
        host_key: Some(Some(key.to_owned())),
        ..ServerChange::default()
    };
    let same = store.update_server("prod-2", &change(KEY_ONE), None).unwrap();
    assert_eq!(same.machine_id.as_deref(), Some(MACHINE_ONE));
    let other = store.update_server("prod-2", &change(KEY_TWO), None).unwrap();
    assert_eq!(other.machine_id, None);
}

#[test]
fn weakening_protection_or_trust_requires_the_name() {
    let place = Place::new();
    let store = place.store();
    let change = |change: fn(&mut ServerChange)| {
        let mut made = ServerChange::default();
        change(&mut made);
        made
    };
    let forget = change(|change| change.host_key = Some(None));
    let replace = change(|change| change.host_key = Some(Some(KEY_TWO.to_owned())));
    let moves = change(|change| change.host = Some("192.0.2.9".to_owned()));
    let unmark = change(|change| change.is_infrakt_host = Some(false));
    for (marked, change, needs_name) in [
        (false, &forget, true),
        (false, &replace, false),
        (false, &moves, false),
        (true, &forget, true),
        (true, &replace, true),
        (true, &moves, true),
        (true, &unmark, true),
    ] {
        let name = "prod-2";
        let mut new = NewServer::new(name, "192.0.2.7");
        new.host_key = Some(KEY_ONE.to_owned());
        new.is_infrakt_host = marked;
        let server = store.add_server(&new).unwrap();
        let refused = store.update_server(name, change, None).is_err();
        assert_eq!(refused, needs_name, "{marked}: {change:?}");
        if refused {
            assert_eq!(code(store.update_server(name, change, None)), "consent_missing");
            assert_eq!(store.server(name).unwrap(), server);
        }
        let typed = NameTyped::check(name, &store.server(name).unwrap());
        store.update_server(name, change, typed.as_ref()).unwrap();
        store.remove_server(name, typed.as_ref()).unwrap();
    }
}

#[test]
fn a_server_with_apps_is_not_removed() {
    let place = Place::new();
    let store = place.store();
    add(&store, "prod-2");
    store.add_app("web", "prod-2", "nginx:1.27").unwrap();
    let error = store.remove_server("prod-2", None).unwrap_err();
    assert_eq!(error.to_string(), "server 'prod-2' still has an app: web");
    assert_eq!(error.hint().unwrap(), "remove it first: infrakt app remove web");
    store.remove_app("web").unwrap();
    store.remove_server("prod-2", None).unwrap();
    assert_eq!(code(store.server("prod-2")), "unknown_server");
}

#[test]
fn two_writers_wait_for_each_other() {
    let place = Place::new();
    drop(place.store());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let store = place.store();
                for number in 0..25 {
                    add(&store, &format!("prod-{writer}-{number}"));
                    store.server(&format!("prod-{writer}-{number}")).unwrap();
                }
            });
        }
    });
    assert_eq!(place.store().servers().unwrap().len(), 100);
}
