use crate::fixture::{Place, add, code};
use infrakt::plan::secret::Secret;
use infrakt::store::Store;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

fn set(store: &Store, app: &str, name: &str, value: &str) -> infrakt::error::Result<()> {
    store.set_env(app, &[(name.to_owned(), Secret::new(value))])
}

fn with_app(place: &Place) -> Store {
    let store = place.store();
    add(&store, "prod-2");
    store.add_app("web", "prod-2", "nginx:1.27").unwrap();
    store.add_app("db", "prod-2", "postgres:17").unwrap();
    store
}

/// Everything in the home but locks and the database, to see that a failed call has written nothing.
fn contents(place: &Place) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for directory in [place.home.path().to_owned(), place.home.envs_dir()] {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_file() && !name.starts_with("infrakt.db") {
                files.push((name, fs::read(entry.path()).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn values_can_be_read_back_and_are_stored_encrypted() {
    let place = Place::new();
    let store = with_app(&place);
    let value = "correct horse\nbattery staple é";
    set(&store, "web", "DATABASE_URL", value).unwrap();
    set(&store, "web", "EMPTY", "").unwrap();
    assert_eq!(store.env_value("web", "DATABASE_URL").unwrap().expose(), value);
    assert_eq!(store.env_value("web", "EMPTY").unwrap().expose(), "");
    assert_eq!(store.env_names("web").unwrap(), ["DATABASE_URL", "EMPTY"]);
    drop(store);
    for (name, bytes) in contents(&place) {
        assert!(!bytes.windows(7).any(|window| window == b"battery"), "{name}");
    }
    for path in [place.env_file(1), place.home.master_key_path()] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_same_value_is_encrypted_differently_each_time() {
    let place = Place::new();
    let store = with_app(&place);
    set(&store, "web", "A", "same").unwrap();
    let first = fs::read(place.env_file(1)).unwrap();
    set(&store, "web", "A", "same").unwrap();
    assert_ne!(fs::read(place.env_file(1)).unwrap(), first);
}

#[test]
fn a_key_that_is_gone_is_not_replaced() {
    let place = Place::new();
    let store = with_app(&place);
    set(&store, "web", "A", "1").unwrap();
    let key = fs::read(place.home.master_key_path()).unwrap();
    fs::remove_file(place.home.master_key_path()).unwrap();
    let before = contents(&place);
    assert_eq!(code(store.env("web")), "master_key_gone");
    assert_eq!(code(set(&store, "web", "B", "2")), "master_key_gone");
    assert_eq!(
        code(set(&store, "db", "B", "2")),
        "master_key_gone",
        "nor for an app without a file"
    );
    assert_eq!(contents(&place), before);
    assert_eq!(store.env_names("web").unwrap(), ["A"], "names need no key");
    fs::write(place.home.master_key_path(), key).unwrap();
    assert_eq!(store.env_value("web", "A").unwrap().expose(), "1");
}

#[test]
fn a_wrong_key_is_distinguished_from_a_corrupt_file() {
    let place = Place::new();
    let store = with_app(&place);
    set(&store, "web", "A", "1").unwrap();
    set(&store, "web", "B", "2").unwrap();
    let key = fs::read(place.home.master_key_path()).unwrap();
    fs::write(
        place.home.master_key_path(),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    )
    .unwrap();
    let before = contents(&place);
    assert_eq!(code(store.env("web")), "master_key_wrong");
    assert_eq!(code(set(&store, "web", "C", "3")), "master_key_wrong");
    assert_eq!(
        code(set(&store, "db", "C", "3")),
        "master_key_wrong",
        "one home has one key"
    );
    assert_eq!(contents(&place), before);

    fs::write(place.home.master_key_path(), key).unwrap();
    let text = fs::read_to_string(place.env_file(1)).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (a, b) = (file["values"]["A"].clone(), file["values"]["B"].clone());
    (file["values"]["A"], file["values"]["B"]) = (b, a);
    fs::write(place.env_file(1), file.to_string()).unwrap();
    assert_eq!(
        code(store.env("web")),
        "env_file",
        "values that were swapped are not believed"
    );
}

#[test]
fn the_file_of_one_app_can_not_be_used_for_another() {
    let place = Place::new();
    let store = with_app(&place);
    set(&store, "web", "A", "1").unwrap();
    fs::copy(place.env_file(1), place.env_file(2)).unwrap();
    assert_eq!(code(store.env("db")), "env_file");
    let edited = fs::read_to_string(place.env_file(1))
        .unwrap()
        .replace("\"app_id\": 1", "\"app_id\": 2");
    fs::write(place.env_file(2), edited).unwrap();
    assert_eq!(code(store.env("db")), "env_file");
}

#[test]
fn a_malformed_key_or_file_is_an_error_that_writes_nothing() {
    let place = Place::new();
    let store = with_app(&place);
    set(&store, "web", "A", "1").unwrap();
    let (key, file) = (
        fs::read(place.home.master_key_path()).unwrap(),
        fs::read(place.env_file(1)).unwrap(),
    );
    for bad in [&b""[..], b"not base64!", b"c2hvcnQ=", b"\xff\xfe"] {
        fs::write(place.home.master_key_path(), bad).unwrap();
        let before = contents(&place);
        assert_eq!(code(store.env("web")), "master_key_malformed");
        assert_eq!(code(set(&store, "web", "B", "2")), "master_key_malformed");
        assert_eq!(contents(&place), before);
    }
    fs::write(place.home.master_key_path(), key).unwrap();
    for bad in [&b""[..], b"{", b"{}", b"[]", b"\xff", &file[..file.len() / 2]] {
        fs::write(place.env_file(1), bad).unwrap();
        assert_eq!(code(store.env("web")), "env_file");
        assert_eq!(code(set(&store, "web", "B", "2")), "env_file");
        assert_eq!(fs::read(place.env_file(1)).unwrap(), bad);
    }
}

#[test]
fn a_call_sets_or_removes_all_of_its_variables_or_none() {
    let place = Place::new();
    let store = with_app(&place);
    let variables = [("A".to_owned(), Secret::new("1")), ("B-C".to_owned(), Secret::new("2"))];
    assert_eq!(code(store.set_env("web", &variables)), "invalid");
    assert!(store.env_names("web").unwrap().is_empty());
    assert!(!place.home.master_key_path().exists(), "no key is made for nothing");

    assert_eq!(code(set(&store, "web", "A", "a\0b")), "usage");
    assert_eq!(code(set(&store, "web", "A", &"x".repeat(200_000))), "usage");
    set(&store, "web", "A", "1").unwrap();
    set(&store, "web", "BETA", "2").unwrap();
    let names = ["A".to_owned(), "BEAT".to_owned()];
    let error = store.unset_env("web", &names).unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean 'BETA'? See: infrakt env list web");
    assert_eq!(store.env_names("web").unwrap(), ["A", "BETA"]);
    store.unset_env("web", &["A".to_owned()]).unwrap();
    store.unset_env("web", &["BETA".to_owned()]).unwrap();
    assert!(
        !place.env_file(1).exists(),
        "an app without variables has no file to lose"
    );
}

#[test]
fn two_processes_can_set_variables_at_once() {
    let place = Place::new();
    drop(with_app(&place));
    let start = |number: usize| {
        Command::new(env!("CARGO_BIN_EXE_infrakt"))
            .args(["env", "set", "web", &format!("V{number}={number}")])
            .env("INFRAKT_HOME", place.home.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..12).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let values = place.store().env("web").unwrap();
    assert_eq!(values.len(), 12);
    assert!(values.iter().all(|(name, value)| name.get(1..) == Some(value.expose())));
}
