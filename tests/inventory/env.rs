use crate::support::infrakt::Infrakt;

fn with_app() -> Infrakt {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    infrakt.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx:1.27"]);
    infrakt
}

#[test]
fn values_are_set_read_listed_and_removed() {
    let infrakt = with_app();
    infrakt.ok(&["env", "set", "web", "URL=postgres://a=b", "EMPTY="]);
    let from_stdin = infrakt.run_with(&["env", "set", "web", "TOKEN=-"], "s3cret ä\n".as_bytes());
    assert_eq!((from_stdin.exit, from_stdin.stdout.contains("s3cret")), (0, false));
    assert_eq!(infrakt.ok(&["env", "get", "web", "URL"]), "postgres://a=b\n");
    assert_eq!(infrakt.ok(&["env", "get", "web", "TOKEN"]), "s3cret ä\n");
    assert_eq!(infrakt.ok(&["env", "list", "web"]), "EMPTY\nTOKEN\nURL\n");
    assert!(
        infrakt
            .ok(&["env", "list", "web", "--show"])
            .contains("URL    postgres://a=b")
    );
    assert_eq!(
        infrakt.json(&["env", "get", "web", "EMPTY"]),
        serde_json::json!({"EMPTY": ""})
    );
    infrakt.ok(&["env", "unset", "web", "URL", "EMPTY"]);
    assert_eq!(infrakt.json(&["env", "list", "web"]), serde_json::json!(["TOKEN"]));
    let gone = infrakt.run(&["env", "get", "web", "TOKN"]);
    assert_eq!(gone.exit, 2);
    assert!(gone.stderr.contains("did you mean 'TOKEN'?"), "{}", gone.stderr);
}

#[test]
fn bad_variables_are_refused_without_repeating_a_value() {
    let infrakt = with_app();
    let cases: [(&[&str], &str); 6] = [
        (&["hunter2"], "a variable is missing its value"),
        (&["1A=hunter2"], "'1A' is not a valid variable name"),
        (&["A B=hunter2"], "'A B' is not a valid variable name"),
        (&["=hunter2"], "'' is not a valid variable name"),
        (&["A=hunter2", "A=2"], "A is given twice"),
        (&["A=-", "B=-"], "can't both be read from standard input"),
    ];
    for (words, text) in cases {
        let ended = infrakt.run(&[&["env", "set", "web"], words].concat());
        assert_eq!(ended.exit, 2, "{words:?}");
        assert!(ended.stderr.contains(text), "{}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
    assert_eq!(infrakt.json(&["env", "list", "web"]), serde_json::json!([]));
    let bytes = infrakt.run_with(&["env", "set", "web", "A=-"], b"\xff\xfe");
    assert_eq!(bytes.exit, 2);
    assert!(bytes.stderr.contains("base64 -w0"), "{}", bytes.stderr);
}

#[test]
fn a_missing_or_wrong_key_is_an_error_with_a_hint() {
    let infrakt = with_app();
    infrakt.ok(&["env", "set", "web", "A=1"]);
    let key = infrakt.home().join("master.key");
    std::fs::remove_file(&key).unwrap();
    for words in [&["env", "get", "web", "A"][..], &["env", "set", "web", "B=2"]] {
        let ended = infrakt.run(words);
        assert_eq!(ended.exit, 2);
        assert!(ended.stderr.contains("master.key, is missing"), "{}", ended.stderr);
        assert!(!key.exists(), "no new key in the place of the old one");
    }
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let ended = infrakt.run(&["env", "get", "web", "A"]);
    assert!(ended.stderr.contains("encrypted with a key other"), "{}", ended.stderr);
}
