use crate::fixture::{Place, add, code};
use infrakt::plan::secret::Secret;
use infrakt::store::{Forgotten, Store};
use std::fs;

fn secret(name: &str, value: &str) -> (String, Secret) {
    (name.to_owned(), Secret::new(value))
}

/// Two servers with two apps each, everything that belongs to an app, and dependencies across the servers.
fn full(place: &Place) -> Store {
    let store = place.store();
    for (server, apps) in [("prod-1", ["blog", "shop"]), ("prod-2", ["web", "db"])] {
        add(&store, server);
        for app in apps {
            store.add_app(app, server, "nginx:1.27").unwrap();
            store.add_deployment(app, "nginx:1.27", "running").unwrap();
            store.set_env(app, &[secret("TOKEN", app)]).unwrap();
        }
    }
    store.add_dependency("web", "db").unwrap();
    store.add_dependency("blog", "db").unwrap();
    store.add_dependency("web", "shop").unwrap();
    store
}

fn count(place: &Place, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    place.database().query_row(&count, [], |row| row.get(0)).unwrap()
}

#[test]
fn forgetting_a_servers_apps_removes_only_their_data() {
    let place = Place::new();
    let store = full(&place);
    let server = store.server("prod-2").unwrap();
    let files: Vec<_> = ["web", "db"]
        .map(|app| place.env_file(store.app(app).unwrap().id))
        .into();

    let forgotten = store.forget_apps(server.id).unwrap();

    let expected = Forgotten {
        apps: 2,
        deployments: 2,
        env_files: 2,
    };
    assert_eq!(forgotten, expected);
    assert_eq!(store.apps(Some("prod-2")).unwrap(), []);
    assert!(files.iter().all(|file| !file.exists()));
    assert_eq!(
        (count(&place, "deployments"), count(&place, "app_dependencies")),
        (2, 0)
    );
    let names: Vec<String> = store.apps(None).unwrap().into_iter().map(|app| app.name).collect();
    assert_eq!(names, ["blog", "shop"]);
    for app in ["blog", "shop"] {
        assert_eq!(store.env_value(app, "TOKEN").unwrap().expose(), app);
        assert_eq!(store.deployments(app).unwrap().len(), 1);
    }
    assert_eq!(
        store.forget_apps(server.id).unwrap(),
        Forgotten::default(),
        "once more does no harm"
    );
}

#[test]
fn the_announced_losses_are_the_actual_ones() {
    let place = Place::new();
    let store = full(&place);
    let losses = store.losses_of(store.server("prod-2").unwrap().id).unwrap();
    let names = |losses: &[infrakt::plan::Loss]| losses.iter().map(|loss| loss.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&losses.apps), ["db", "web"]);
    assert_eq!(names(&losses.deployments), ["db #4", "web #3"]);
    assert_eq!(names(&losses.env_files), ["db", "web"]);
}

#[test]
fn an_interrupted_removal_is_finished_at_the_next_start() {
    let place = Place::new();
    let store = full(&place);
    let server = store.server("prod-2").unwrap();
    let web = store.app("web").unwrap().id;
    let file = place.env_file(web);
    let content = fs::read(&file).unwrap();
    // The file can't be removed, since it is a directory: the transaction has been committed when that is found out.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();

    assert_eq!(code(store.forget_apps(server.id)), "file");

    assert_eq!(store.apps(Some("prod-2")).unwrap(), []);
    fs::remove_dir(&file).unwrap();
    fs::write(&file, content).unwrap();
    drop(store);
    let store = place.store();
    assert!(!file.exists());
    assert_eq!(count(&place, "pending_env_removals"), 0);
    let again = store.add_app("web", "prod-2", "nginx:1.27").unwrap();
    assert!(again.id > web);
    assert!(store.env("web").unwrap().is_empty());
}

#[test]
fn a_file_of_another_database_is_never_read_as_a_new_apps() {
    let place = Place::new();
    let store = full(&place);
    let id = store.app("blog").unwrap().id;
    drop(store);
    for name in ["infrakt.db", "infrakt.db-wal", "infrakt.db-shm"] {
        let path = place.home.path().join(name);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    let store = place.store();
    add(&store, "prod-1");
    let error = store.add_app("new", "prod-1", "nginx:1.27").unwrap_err();
    assert_eq!(error.code(), "leftover_env_file");
    assert_eq!(store.apps(None).unwrap(), []);
    assert!(place.env_file(id).exists(), "only what was named is removed");
}

#[test]
fn removing_one_app_keeps_the_others() {
    let place = Place::new();
    let store = full(&place);
    let file = place.env_file(store.app("web").unwrap().id);
    store.remove_app("web").unwrap();
    assert!(!file.exists());
    assert_eq!(code(store.app("web")), "unknown_app");
    assert_eq!(store.env_value("db", "TOKEN").unwrap().expose(), "db");
    assert_eq!(store.dependencies("blog").unwrap(), ["db"]);
}

#[test]
fn bad_apps_are_refused() {
    let place = Place::new();
    let store = full(&place);
    assert_eq!(code(store.add_app("web", "prod-1", "nginx")), "exists");
    assert_eq!(code(store.add_app("x", "prod-9", "nginx")), "unknown_server");
    assert_eq!(code(store.add_app("../x", "prod-1", "nginx")), "invalid");
    assert_eq!(code(store.add_app("x", "prod-1", "--privileged")), "invalid");
    assert_eq!(code(store.add_dependency("web", "web")), "invalid");
    assert_eq!(code(store.apps(Some("prod-9"))), "unknown_server");
    let error = store.app("wbe").unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean 'web'? See: infrakt app list");
}
