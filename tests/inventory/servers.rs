use crate::support::infrakt::Infrakt;
use std::fs;

const FINGERPRINT: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn a_server_is_added_listed_shown_changed_and_removed() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-1", "--host", "127.0.2.6", "--port", "1"]);
    infrakt.ok(&[
        "server",
        "add",
        "prod-2",
        "--host",
        "[::1]",
        "--port",
        "2222",
        "--user",
        "debian",
        "--tag",
        "web",
        "--host-key",
        FINGERPRINT,
        "--provider",
        "Hetzner",
    ]);

    let list = infrakt.ok(&["server", "list"]);
    assert!(list.contains("prod-1  127.0.2.6:1"), "{list}");
    assert!(list.contains("debian@[::1]:2222"), "{list}");
    let tagged = infrakt.json(&["server", "list", "--tag", "web"]);
    assert_eq!(tagged.as_array().map(Vec::len), Some(1));
    let shown = infrakt.json(&["server", "show", "prod-2"]);
    for (field, value) in [
        ("host", "::1"),
        ("user", "debian"),
        ("provider", "Hetzner"),
        ("host_key", FINGERPRINT),
    ] {
        assert_eq!(shown[field], value);
    }
    assert_eq!(
        (&shown["port"], &shown["is_infrakt_host"]),
        (&2222.into(), &false.into())
    );

    infrakt.ok(&[
        "server",
        "update",
        "prod-2",
        "--port",
        "22",
        "--provider",
        "",
        "--tag",
        "eu",
    ]);
    let shown = infrakt.json(&["server", "show", "prod-2"]);
    assert_eq!(
        (&shown["port"], &shown["provider"]),
        (&22.into(), &serde_json::Value::Null)
    );
    assert_eq!(shown["tags"], serde_json::json!(["eu", "web"]));
    infrakt.ok(&["server", "tag", "prod-2", "db", "--remove", "eu", "--remove", "web"]);
    assert_eq!(
        infrakt.json(&["server", "show", "prod-2"])["tags"],
        serde_json::json!(["db"])
    );

    infrakt.ok(&["server", "remove", "prod-2"]);
    let ended = infrakt.run(&["server", "show", "prod-2"]);
    assert_eq!(ended.exit, 2);
    assert!(
        ended.stderr.contains("error: there is no server 'prod-2'"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("hint: did you mean 'prod-1'? See: infrakt server list"),
        "{}",
        ended.stderr
    );
}

#[test]
fn bad_input_changes_nothing_and_says_what_to_do() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    let before = infrakt.ok(&["server", "list", "--json"]);
    let cases: [(&[&str], &str); 10] = [
        (
            &["server", "add", "../prod", "--host", "a"],
            "'../prod' is not a valid server name",
        ),
        (
            &["server", "add", "$(id)", "--host", "a"],
            "'$(id)' is not a valid server name",
        ),
        (&["server", "add", "--", "-rf", "--host"], "--host"),
        (
            &["server", "add", "x", "--host=-oProxyCommand=id"],
            "is not a valid host",
        ),
        (&["server", "add", "x", "--host", "root@example.org"], "--user USER"),
        (
            &["server", "add", "x", "--host", "a", "--port", "0"],
            "0 is not in 1..=65535",
        ),
        (
            &["server", "add", "x", "--host", "a", "--port", "65536"],
            "65536 is not in 1..=65535",
        ),
        (
            &["server", "add", "x", "--host", "a", "--key", "/nonexistent/key"],
            "the key file /nonexistent/key does not exist",
        ),
        (
            &["server", "add", "prod-2", "--host", "a"],
            "a server named 'prod-2' already exists",
        ),
        (&["server", "update", "prod-2"], "nothing to change"),
    ];
    for (words, text) in cases {
        let ended = infrakt.run(words);
        assert_eq!(ended.exit, 2, "{words:?}");
        assert!(ended.stderr.contains(text), "{words:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{words:?}");
    }
    assert_eq!(infrakt.ok(&["server", "list", "--json"]), before);
}

#[test]
fn a_key_is_recorded_by_its_absolute_path_and_a_public_key_is_refused() {
    let infrakt = Infrakt::new();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("id"), "").unwrap();
    fs::write(directory.path().join("id.pub"), "").unwrap();
    let add = |key: &str| {
        let mut command = infrakt.command(&[
            "server",
            "add",
            "prod-2",
            "--host",
            "127.0.2.7",
            "--port",
            "1",
            "--key",
            key,
        ]);
        command.current_dir(directory.path()).output().unwrap()
    };
    let refused = String::from_utf8(add("id.pub").stderr).unwrap();
    assert!(refused.contains("is a public key"), "{refused}");
    assert!(add("id").status.success());
    let path = infrakt.json(&["server", "show", "prod-2"])["ssh_key_path"].clone();
    assert_eq!(path, directory.path().join("id").to_str().unwrap());
}

#[test]
fn lifting_protection_without_a_terminal_needs_confirm_with_the_name() {
    let infrakt = Infrakt::new();
    infrakt.ok(&[
        "server",
        "add",
        "prod-1",
        "--host",
        "127.0.2.6",
        "--port",
        "1",
        "--host-key",
        FINGERPRINT,
        "--infrakt-host",
    ]);
    let acts: [&[&str]; 4] = [
        &["server", "update", "prod-1", "--no-infrakt-host"],
        &["server", "update", "prod-1", "--host", "127.0.2.9"],
        &["server", "update", "prod-1", "--port", "2222"],
        &["server", "remove", "prod-1"],
    ];
    for act in acts {
        let ended = infrakt.run_with(act, b"prod-1\n");
        assert_eq!(ended.exit, 3, "a piped name is no typed name: {act:?}");
        assert!(
            ended.stderr.contains("error: 'prod-1' is protected"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("--confirm prod-1"), "{}", ended.stderr);
        assert_eq!(infrakt.run(&[act, &["--confirm", "prod-2"]].concat()).exit, 3);
    }
    assert_eq!(infrakt.json(&["server", "show", "prod-1"])["host"], "127.0.2.6");

    infrakt.ok(&["server", "remove", "prod-1", "--confirm", "prod-1"]);
    infrakt.ok(&[
        "server",
        "add",
        "box",
        "--host",
        "127.0.2.6",
        "--port",
        "1",
        "--host-key",
        FINGERPRINT,
    ]);
    let protected = infrakt.json(&["server", "show", "box"])["protected"].clone();
    assert_eq!(protected[0]["code"], "removed_server", "{protected}");
    let reason = protected[0]["message"].as_str().unwrap();
    assert!(
        reason.starts_with("it has the host key of the protected server 'prod-1'"),
        "{reason}"
    );
    infrakt.ok(&["server", "update", "box", "--no-infrakt-host", "--confirm", "box"]);
    assert_eq!(
        infrakt.json(&["server", "show", "box"])["protected"],
        serde_json::json!([])
    );
}

/// The record of a marked row outlives the row. New host keys or a new machine-id would not remove it.
#[test]
fn a_server_with_the_identity_of_a_removed_one_is_refused_with_the_command_that_lifts_the_protection() {
    let infrakt = Infrakt::new();
    let address = ["--host", "127.0.2.6", "--port", "1", "--host-key", FINGERPRINT];
    infrakt.ok(&[&["server", "add", "prod-1", "--infrakt-host"], &address[..]].concat());
    infrakt.ok(&["server", "remove", "prod-1", "--confirm", "prod-1"]);
    infrakt.ok(&[&["server", "add", "box"], &address[..]].concat());
    let apply = || {
        let offline = [
            "--server",
            "box",
            "--offline",
            "--facts",
            "debian-13",
            "--out",
            "x.plan",
        ];
        infrakt.ok(&[&["plan", "wipe"], &offline[..]].concat());
        infrakt.run(&["apply", "x.plan"])
    };
    let refused = apply();
    assert_eq!(refused.exit, 3, "{refused}");
    assert!(refused.stderr.contains("'box' is protected"), "{refused}");
    let hint = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: "));
    let lift = "infrakt server update box --no-infrakt-host";
    assert_eq!(
        hint,
        Some(&*format!("if it no longer hosts infrakt: {lift}")),
        "{refused}"
    );

    let json = infrakt.run(&["apply", "x.plan", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let reason = &error["error"]["reasons"][0];
    assert_eq!(
        (&reason["code"], &reason["server"]),
        (&"removed_server".into(), &"prod-1".into())
    );
    assert_eq!(
        (&reason["identity"], &reason["in_row"]),
        (&"host_key".into(), &true.into())
    );

    let lift: Vec<&str> = lift.split(' ').skip(1).chain(["--confirm", "box"]).collect();
    infrakt.ok(&lift);
    let refused = apply();
    assert!(!refused.stderr.contains("is protected"), "{refused}");
    assert!(refused.stderr.contains("it was made offline"), "{refused}");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = infrakt.command(&["server", "list"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
}

#[test]
fn an_empty_inventory_says_how_to_begin() {
    let infrakt = Infrakt::new();
    let ended = infrakt.run(&["server", "list"]);
    assert_eq!((ended.exit, ended.stdout.as_str()), (0, ""));
    assert!(ended.stderr.contains("infrakt server add NAME --host HOST"));
    assert_eq!(infrakt.json(&["server", "list"]), serde_json::json!([]));
}

#[test]
fn home_is_the_option_then_the_variable_then_the_users_own() {
    let infrakt = Infrakt::new();
    let directory = tempfile::tempdir().unwrap();
    let chosen = directory.path().join("chosen");
    let add = ["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"];
    infrakt.ok(&[&["--home", chosen.to_str().unwrap()], &add[..]].concat());
    assert!(chosen.join("infrakt.db").exists() && !infrakt.home().exists());
    let mut command = infrakt.command(&add);
    command.env_remove("INFRAKT_HOME").env("HOME", directory.path());
    assert!(command.output().unwrap().status.success());
    assert!(directory.path().join(".infrakt/infrakt.db").exists());
    let nowhere = infrakt
        .command(&["server", "list"])
        .env_remove("INFRAKT_HOME")
        .env_remove("HOME")
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn a_newer_database_stops_every_command_and_stays_as_it_is() {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    let path = infrakt.home().join("infrakt.db");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    drop(newer);
    let before = fs::read(&path).unwrap();
    for words in [
        &["server", "list"][..],
        &["app", "list"],
        &["server", "remove", "prod-2"],
    ] {
        let ended = infrakt.run(words);
        assert_eq!(ended.exit, 2);
        assert!(ended.stderr.contains("made by a newer infrakt"), "{}", ended.stderr);
    }
    assert!(fs::read(&path).unwrap() == before);
}
