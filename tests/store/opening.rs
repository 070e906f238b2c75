use crate::fixture::{Place, add, code};
use include_dir::{Dir, include_dir};
use infrakt::store::{Home, Store};
use rusqlite::Connection;
use rusqlite_migration::Migrations;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The home is made, and an old database put into it, by the migrations up to `version`.
fn database_of_version(place: &Place, version: usize) -> Connection {
    let mut connection = place.database();
    let migrations = Migrations::from_directory(&MIGRATIONS).unwrap();
    migrations.to_version(&mut connection, version).unwrap();
    connection
}

fn schema(connection: &Connection) -> String {
    let mut statement = connection
        .prepare(
            "SELECT type || ' ' || name || '\n' || coalesce(sql, '(automatic)') FROM sqlite_schema ORDER BY type, name",
        )
        .unwrap();
    let entries = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    entries.map(Result::unwrap).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_home_is_readable_only_by_its_owner() {
    let place = Place::new();
    add(&place.store(), "prod-2");
    assert_eq!(mode(place.home.path()), 0o700);
    assert_eq!(mode(&place.home.database_path()), 0o600);
}

#[test]
fn a_readable_home_is_made_private() {
    let place = Place::new();
    drop(place.store());
    fs::set_permissions(place.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = Home::open(Some(place.home.path().to_owned())).unwrap();
    assert_eq!(mode(home.path()), 0o700);
}

#[test]
fn a_directory_with_other_files_is_not_made_private() {
    let place = Place::new();
    let shared = place.outside().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(shared.join("report.txt"), "ours").unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(code(Home::open(Some(shared.clone()))), "home");
    assert_eq!(mode(&shared), 0o755);
}

#[test]
#[ignore = "needs root"]
fn a_home_of_another_user_is_refused_also_behind_a_link_and_by_root() {
    let directory = tempfile::tempdir().unwrap();
    let (theirs, link) = (directory.path().join("theirs"), directory.path().join("link"));
    fs::create_dir(&theirs).unwrap();
    std::os::unix::fs::chown(&theirs, Some(4711), None).unwrap();
    std::os::unix::fs::symlink(&theirs, &link).unwrap();
    for home in [&theirs, &link] {
        for opened in [Home::open(Some(home.clone())), Home::find(Some(home.clone()))] {
            let error = opened.unwrap_err();
            assert!(
                error.to_string().contains("belongs to the user with the id 4711"),
                "{error}"
            );
            assert!(error.hint().unwrap().contains("--home"), "{error}");
        }
    }
    assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0, "nothing was written into it");
    assert_eq!(mode(&theirs) & 0o777, 0o755, "its mode was not changed either");
}

#[test]
fn a_home_that_cannot_be_made_is_a_clear_error() {
    let place = Place::new();
    let file = place.outside().join("file");
    fs::write(&file, "").unwrap();
    let error = Home::open(Some(file.join("home"))).unwrap_err();
    assert_eq!(error.code(), "home");
    assert!(error.to_string().contains("can't be used as infrakt's home"));
    assert!(error.hint().unwrap().contains("--home"));
    assert_eq!(code(Home::open(Some(file))), "home");
}

#[test]
fn many_processes_at_first_start_all_succeed() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let start = |number: usize| -> Child {
            Command::new(env!("CARGO_BIN_EXE_infrakt"))
                .args(["server", "add", &format!("prod-{number}"), "--host", "192.0.2.7"])
                .env("INFRAKT_HOME", directory.path().join("home"))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let children: Vec<Child> = (0..6).map(start).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let home = Home::open(Some(directory.path().join("home"))).unwrap();
        assert_eq!(Store::open(&home).unwrap().servers().unwrap().len(), 6);
    }
}

#[test]
fn every_old_database_becomes_the_same_as_a_new_one() {
    let new = Place::new();
    drop(new.store());
    let expected = schema(&new.database());
    for version in 1..MIGRATIONS.dirs().count() {
        let old = Place::new();
        drop(database_of_version(&old, version));
        drop(old.store());
        assert_eq!(schema(&old.database()), expected, "migrated from version {version}");
    }
    // A new migration changes this. Without one, a difference means that a migration was edited which has landed.
    insta::assert_snapshot!(expected);
}

#[test]
fn migrations_keep_what_is_there() {
    let place = Place::new();
    database_of_version(&place, 1)
        .execute_batch(
            "INSERT INTO servers (name, host, port, user, created_at, updated_at)
             VALUES ('prod-2', '192.0.2.7', 22, 'root', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z');
             INSERT INTO server_tags VALUES (1, 'web');",
        )
        .unwrap();

    let server = place.store().server("prod-2").unwrap();

    assert_eq!(
        (server.host.as_str(), server.tags),
        ("192.0.2.7", vec!["web".to_owned()])
    );
    assert_eq!(server.created_at.to_string(), "2026-01-02T03:04:05Z");
    assert!(!server.is_infrakt_host, "only a server that was marked is protected");
    assert_eq!(
        (server.port, server.user.as_deref()),
        (Some(22), Some("root")),
        "it is reached as before, whatever an SSH configuration says"
    );
}

fn journal_mode(place: &Place) -> String {
    place
        .database()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap()
}

#[test]
fn the_database_is_in_wal_mode() {
    let place = Place::new();
    drop(place.store());
    assert_eq!(journal_mode(&place), "wal");
}

#[test]
fn a_restored_backup_is_put_into_wal_mode() {
    let place = Place::new();
    add(&place.store(), "prod-2");
    let backup = place.outside().join("backup.db");
    let copy = format!("VACUUM INTO '{}'", backup.display());
    place.database().execute_batch(&copy).unwrap();
    std::fs::copy(backup, place.home.database_path()).unwrap();
    assert_eq!(journal_mode(&place), "delete", "as SQLite's own tools leave it");

    assert_eq!(place.store().servers().unwrap().len(), 1);

    assert_eq!(journal_mode(&place), "wal");
}

#[test]
fn a_newer_database_is_refused_and_not_touched() {
    let place = Place::new();
    add(&place.store(), "prod-2");
    place.database().pragma_update(None, "user_version", 1000).unwrap();
    let before = fs::read(place.home.database_path()).unwrap();

    let error = Store::open(&place.home).err().unwrap();

    assert_eq!(error.code(), "database_newer");
    let known = MIGRATIONS.dirs().count();
    assert!(
        error
            .to_string()
            .contains(&format!("its version is 1000, this infrakt supports {known}")),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("newer infrakt"));
    assert_eq!(fs::read(place.home.database_path()).unwrap(), before);
}

#[test]
fn a_newer_database_with_changes_in_its_log_is_not_touched() {
    let place = Place::new();
    drop(place.store());
    let other = place.database();
    other.pragma_update(None, "user_version", 1000).unwrap();
    // Copied while it is open, as a crash would leave it: with a write-ahead log that holds the last commit.
    let copy = Home::open(Some(place.outside().join("copy"))).unwrap();
    for name in ["infrakt.db", "infrakt.db-wal"] {
        fs::copy(place.home.path().join(name), copy.path().join(name)).unwrap();
    }
    let read = |name: &str| fs::read(copy.path().join(name)).unwrap();
    let before = (read("infrakt.db"), read("infrakt.db-wal"));

    assert_eq!(code(Store::open(&copy)), "database_newer");

    assert!(
        before == (read("infrakt.db"), read("infrakt.db-wal")),
        "bytes of the database or its log have changed"
    );
}

#[test]
fn a_file_that_is_not_a_database_is_reported_as_corrupt_and_not_touched() {
    let place = Place::new();
    fs::write(
        place.home.database_path(),
        "this is a letter, and no database".repeat(100),
    )
    .unwrap();
    let before = fs::read(place.home.database_path()).unwrap();
    assert_eq!(code(Store::open(&place.home)), "database_corrupt");
    assert_eq!(fs::read(place.home.database_path()).unwrap(), before);
}

#[test]
fn a_corrupt_page_is_an_error_and_not_a_panic() {
    let place = Place::new();
    let store = place.store();
    for number in 0..50 {
        add(&store, &format!("prod-{number}"));
    }
    drop(store);
    let mut bytes = fs::read(place.home.database_path()).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(place.home.database_path(), bytes).unwrap();
    let result = Store::open(&place.home).and_then(|store| store.servers());
    assert_eq!(code(result), "database_corrupt");
}
