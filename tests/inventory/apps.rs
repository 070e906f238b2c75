use crate::support::infrakt::Infrakt;

fn with_app() -> Infrakt {
    let infrakt = Infrakt::new();
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.2.7", "--port", "1"]);
    infrakt.ok(&["app", "add", "web", "--server", "prod-2", "--image", "nginx:1.27"]);
    infrakt
}

#[test]
fn an_app_is_added_listed_shown_and_removed() {
    let infrakt = with_app();
    infrakt.ok(&["env", "set", "web", "TOKEN=abc"]);
    assert_eq!(
        infrakt.ok(&["app", "list"]),
        "NAME  SERVER  IMAGE\nweb   prod-2  nginx:1.27\n"
    );
    let shown = infrakt.json(&["app", "show", "web"]);
    assert_eq!(
        (&shown["image"], &shown["variables"]),
        (&"nginx:1.27".into(), &serde_json::json!(["TOKEN"]))
    );
    assert!(infrakt.home().join("envs/1.json").exists());
    infrakt.ok(&["app", "remove", "web", "--yes"]);
    assert!(!infrakt.home().join("envs/1.json").exists());
    assert_eq!(
        infrakt.json(&["app", "list", "--server", "prod-2"]),
        serde_json::json!([])
    );
}

#[test]
fn removing_an_app_without_a_terminal_needs_yes() {
    let infrakt = with_app();
    let ended = infrakt.run_with(&["app", "remove", "web"], b"y\n");
    assert_eq!(ended.exit, 3);
    assert!(
        ended.stderr.contains("infrakt app remove web --yes"),
        "{}",
        ended.stderr
    );
    infrakt.ok(&["app", "show", "web"]);
}

#[test]
fn a_server_with_apps_says_how_to_remove_them() {
    let infrakt = with_app();
    let ended = infrakt.run(&["server", "remove", "prod-2"]);
    assert_eq!(ended.exit, 2);
    assert!(ended.stderr.contains("infrakt app remove web"), "{}", ended.stderr);
    infrakt.ok(&["app", "show", "web"]);
}
