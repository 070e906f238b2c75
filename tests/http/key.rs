//! Who may call: the key, and the file that it is kept in.

use crate::fixture::Service;
use crate::support::ended::Ended;
use crate::support::infrakt::Infrakt;
use crate::support::terminal::on_a_terminal;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn key_file(infrakt: &Infrakt) -> std::path::PathBuf {
    infrakt.home().join("api_key.txt")
}

#[test]
fn without_the_key_only_health_and_the_page_are_answered() {
    let service = Service::start();
    for path in ["/api/health", "/", "/servers/prod-2"] {
        let answer = service.call("GET", path).without("X-API-Key").send();
        assert_eq!(answer.status, 200, "{path}");
    }
    let servers = service.call("GET", "/api/servers").without("X-API-Key");
    let key = service.key();
    for (what, call) in [
        ("none", servers.clone()),
        ("a wrong one", servers.clone().header("X-API-Key", "guess")),
        ("an empty one", servers.clone().header("X-API-Key", "")),
        ("a part", servers.clone().header("X-API-Key", &format!("{key:.42}"))),
        ("more", servers.clone().header("X-API-Key", &format!("{key}A"))),
        ("another case", servers.clone().header("X-API-Key", &key.to_lowercase())),
        (
            "two",
            servers.clone().header("X-API-Key", &key).and_header("X-API-Key", &key),
        ),
        (
            "one that is right and one that is wrong",
            servers
                .clone()
                .header("X-API-Key", "guess")
                .and_header("X-API-Key", &key),
        ),
        (
            "in the query",
            service
                .call("GET", &format!("/api/servers?key={key}"))
                .without("X-API-Key"),
        ),
        ("not ASCII", servers.clone().header("X-API-Key", "schlüssel")),
    ] {
        let answer = call.send();
        let error = answer.refuses(401, "unauthorized");
        assert!(!error.to_string().contains(&key), "{what}");
        assert!(
            error["hint"].as_str().expect("a hint").contains("--print-key"),
            "{what}"
        );
        assert!(answer.header("www-authenticate").is_some(), "{what}");
    }
    assert_eq!(servers.header("x-api-key", &key).send().status, 200);
    // A caller without the key does not learn which routes exist, either.
    service
        .call("GET", "/api/nothing")
        .without("X-API-Key")
        .send()
        .refuses(401, "unauthorized");
    service
        .call("GET", "/api")
        .without("X-API-Key")
        .send()
        .refuses(401, "unauthorized");
    service
        .call("GET", "/%61pi/servers")
        .without("X-API-Key")
        .send()
        .refuses(401, "unauthorized");
}

#[test]
fn the_first_start_creates_a_private_key_and_says_where_it_is() {
    let mut service = Service::start();
    let (file, key) = (key_file(&service.infrakt), service.key());
    assert_eq!(
        fs::metadata(&file).expect("the file").permissions().mode() & 0o7777,
        0o600
    );
    assert!(key.len() >= 43, "too short for 256 bits");
    assert!(
        key.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    );
    assert_eq!(
        fs::read_to_string(&file).expect("text"),
        key,
        "the key and nothing else"
    );
    service.signal("TERM");
    // No terminal, no key: a log keeps what it reads.
    let ended = service
        .ends()
        .exits(0)
        .says(&file.display().to_string())
        .keeps_silent_about(&key);
    assert!(ended.stderr.contains("--print-key"), "{ended}");

    // The next start has nothing to say about it.
    let infrakt = Infrakt::at_home(service.infrakt.home());
    let mut again = Service::start_in(infrakt, &[]);
    assert_eq!(again.key(), key);
    again.signal("TERM");
    again.ends().exits(0).keeps_silent_about("key");
}

#[test]
fn the_first_start_on_a_terminal_shows_the_key_once() {
    let infrakt = Infrakt::new();
    let start = || {
        let command = infrakt.command(&["serve", "--bind", "127.0.0.1:0"]);
        on_a_terminal(command)
    };
    let mut first = start();
    let before = first.exp_string("listening on http://").expect("it listens");
    let key = fs::read_to_string(key_file(&infrakt)).expect("the key");
    assert!(before.contains(&key), "{before}");
    assert!(before.contains("--print-key"), "{before}");
    first.send_control('c').expect("sent");
    let after = first.exp_eof().expect("it ends");
    assert!(!after.contains(&key), "{after}");
    let mut second = start();
    let before = second.exp_string("listening on http://").expect("it listens");
    second.send_control('c').expect("sent");
    let after = second.exp_eof().expect("it ends");
    assert!(!before.contains(&key) && !after.contains(&key), "{before} {after}");
}

#[test]
fn print_key_prints_the_key_and_concurrent_calls_create_it_once() {
    let infrakt = Infrakt::new();
    let asking: Vec<_> = (0..8).map(|_| infrakt.start(&["serve", "--print-key"])).collect();
    let printed: Vec<String> = asking
        .into_iter()
        .map(|child| Ended::of(child).exits(0).stdout)
        .collect();
    let key = fs::read_to_string(key_file(&infrakt)).expect("the key");
    assert_eq!(printed, vec![format!("{key}\n"); 8]);
    assert_eq!(infrakt.json(&["serve", "--print-key"])["api_key"], key);
    // It is what the service takes, and nothing else was left in the home.
    let service = Service::start_in(infrakt, &[]);
    service.get("/api/servers").answers(200);
    let names = fs::read_dir(service.infrakt.home()).expect("the home");
    let strange: Vec<_> = names
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn an_invalid_or_readable_key_file_is_an_error_with_a_hint() {
    let infrakt = Infrakt::new();
    infrakt.run(&["serve", "--print-key"]).exits(0);
    let file = key_file(&infrakt);
    let good = fs::read_to_string(&file).expect("the key");
    let refused = |says: &str| {
        for words in [&["serve", "--print-key"][..], &["serve", "--bind", "127.0.0.1:0"]] {
            let ended = infrakt
                .run(words)
                .exits(2)
                .says(says)
                .says(&file.display().to_string())
                .says("hint: ");
            assert!(ended.stdout.is_empty(), "{ended}");
        }
    };
    for (text, says) in [
        ("", "empty"),
        ("\n", "empty"),
        ("short", "characters"),
        ("two words that are long enough to be a key", "letters"),
        (&format!("{good}\n{good}"), "letters"),
        (&"a".repeat(300), "characters"),
    ] {
        fs::write(&file, text).expect("written");
        refused(says);
    }
    fs::write(&file, [0xff; 43]).expect("written");
    refused("not text");
    fs::write(&file, &good).expect("written");
    for mode in [0o644, 0o640, 0o660, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
        refused("others may read it");
    }
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("a directory in its place");
    refused("not a file");
    fs::remove_dir(&file).expect("removed");
    // Nothing is written through what points elsewhere.
    let elsewhere = infrakt.directory.path().join("elsewhere");
    symlink(&elsewhere, &file).expect("a link");
    infrakt.run(&["serve", "--print-key"]).exits(2);
    assert!(!elsewhere.exists());
    // An editor may have added a line end, and a person may have made it.
    fs::remove_file(&file).expect("removed");
    fs::write(&file, format!("{good}\n")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("a mode");
    assert_eq!(
        infrakt.run(&["serve", "--print-key"]).exits(0).stdout,
        format!("{good}\n")
    );
}
