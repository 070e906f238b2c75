//! Plans over HTTP: what a run would do, and why it would be refused.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_says_what_would_be_done_and_does_none_of_it() {
    let stage = Stage::set();
    let plan = stage.plan("hello");
    fits("get", "/api/servers/{name}/plan", 200, &plan);
    assert_eq!(plan["recipe"]["name"], "hello.rhai");
    assert_eq!(plan["printed"], json!(["about to greet"]));
    assert_eq!(
        (&plan["needs_consent"], &plan["refused"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(plan["marks"], json!(["would_change", "check"]));
    assert_eq!(plan["parameters"]["greeting"], "hello");
    // But for what only the API says, it is what the command line prints.
    let mut printed = stage.service.infrakt.json(&["plan", "hello", "--server", "prod-2"]);
    for field in ["printed", "needs_consent", "refused"] {
        printed[field] = plan[field].clone();
    }
    assert_eq!(plan, printed);

    let destroying = stage.plan("erase");
    fits("get", "/api/servers/{name}/plan", 200, &destroying);
    assert_eq!(destroying["needs_consent"], true);
    assert_eq!(stage.plan("provision")["needs_consent"], true);
    assert_eq!(stage.plan("provision&keep_data=true")["needs_consent"], false);
    assert_eq!(stage.plan("provision&keep_data=false")["needs_consent"], true);
    stage.nothing_ran();
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_takes_parameters() {
    let stage = Stage::set();
    let path = "/api/servers/prod-2/plan";
    let body = json!({ "recipe": "hello", "parameters": { "greeting": "good morning" } });
    let plan = stage.service.post(path, &body).answers(200);
    fits("post", "/api/servers/{name}/plan", 200, &plan);
    assert!(
        plan["steps"][0]["action"]["command"]
            .as_str()
            .is_some_and(|command| command.contains("good morning"))
    );
    assert_ne!(plan["digest"], stage.digest("hello"));

    let refuse = |body: Value, status, code: &str, field: Value| {
        let error = stage.service.post(path, &body).refuses(status, code);
        assert_eq!(error["field"], field, "{error}");
    };
    refuse(
        json!({ "recipe": "hello", "parameters": { "greetng": "x" } }),
        422,
        "parameter",
        json!("parameters"),
    );
    refuse(
        json!({ "recipe": "hello", "parameters": [] }),
        422,
        "invalid_body",
        json!("parameters"),
    );
    refuse(
        json!({ "recipe": "hello", "params": {} }),
        422,
        "invalid_body",
        json!("params"),
    );
    refuse(json!({ "parameters": {} }), 422, "invalid_body", json!("recipe"));
    refuse(json!({ "recipe": "nothing" }), 404, "unknown_recipe", Value::Null);
    refuse(json!({ "recipe": "./hello.rhai" }), 404, "unknown_recipe", Value::Null);
    refuse(json!({ "recipe": "broken" }), 422, "recipe", Value::Null);
    for greeting in [json!(7), json!(["a"]), json!("a\u{0}b")] {
        let body = json!({ "recipe": "hello", "parameters": { "greeting": greeting } });
        let error = stage.service.post(path, &body).refuses(422, "recipe");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains("(hello.rhai:2:")),
            "{error}"
        );
    }
    let get = |rest: &str| stage.service.get(&format!("{path}{rest}"));
    assert_eq!(get("").refuses(422, "invalid_query")["field"], "recipe");
    assert_eq!(
        get("?recipe=hello&keep_data=true").refuses(422, "invalid_query")["field"],
        "keep_data"
    );
    assert_eq!(
        get("?recipe=provision&keep_data=maybe").refuses(422, "invalid_query")["field"],
        "keep_data"
    );
    get("?recipe=/etc/passwd").refuses(404, "unknown_recipe");
    stage
        .service
        .get("/api/servers/prod-3/plan?recipe=hello")
        .refuses(404, "unknown_server");
    stage.nothing_ran();
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_says_why_a_run_of_it_would_be_refused() {
    let stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let refused = stage.plan("hello")["refused"].clone();
    assert_eq!(refused["code"], "locked");
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|message| message.contains(&format!("run {run} of wait.rhai")))
    );
    stage.make("go");
    assert_eq!(stage.ended(run)["state"], "done");
    assert_eq!(stage.plan("hello")["refused"], Value::Null);

    stage.protect();
    let plan = stage.plan("erase");
    fits("get", "/api/servers/{name}/plan", 200, &plan);
    assert_eq!(plan["refused"]["code"], "protected");
    assert_eq!(stage.plan("hello")["refused"], Value::Null);
    // What is protected is provisioned without a wipe.
    let plan = stage.plan("provision");
    assert_eq!(
        (&plan["refused"], &plan["needs_consent"]),
        (&Value::Null, &json!(false))
    );
    let begun = stage
        .service
        .call("POST", "/api/servers/prod-2/provision")
        .send()
        .answers(202);
    assert_eq!(stage.ended(number(&begun))["state"], "done");
    assert!(stage.here("data").exists() && stage.here("provisioned").exists());
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_says_how_files_would_change_and_shows_nothing_that_others_can_not_read() {
    let stage = Stage::set();
    let folder = stage.here("etc");
    std::fs::create_dir(&folder).expect("a folder");
    let write = |name: &str, content: &str, mode: u32| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("a file");
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its mode");
    };
    write("shown", "one\ndeux\nthree\n", 0o664);
    write("private", "user = a\npassword = hunter2\n", 0o600);
    write("token", "hunter2", 0o600);
    write("same", "same\n", 0o644);
    let open_to = |mode: u32| {
        std::fs::set_permissions(&folder, Permissions::from_mode(mode)).expect("its mode");
    };
    let everything = |plan: &Value| {
        let whole = ["plan", "writes", "--server", "prod-2", "--full"];
        format!("{plan}{}", stage.service.infrakt.ok(&whole))
    };
    // A file is private too if others can't enter its directory.
    open_to(0o700);
    let closed = stage.plan("writes");
    assert_eq!(closed["changes"][0]["limit"], "private", "{closed}");
    assert!(!everything(&closed).contains("deux"), "{closed}");
    open_to(0o755);

    let plan = stage.plan("writes");
    fits("get", "/api/servers/{name}/plan", 200, &plan);
    let line = |kind: &str, text: &str| json!({ "kind": kind, "text": text });
    let path = |name: &str| folder.join(name).display().to_string();
    assert_eq!(
        plan["changes"],
        json!([
            {
                "step": 1, "path": path("shown"), "new": false, "mode": { "from": "0664", "to": "0644" },
                "lines": { "added": 1, "removed": 1 },
                "hunks": [{ "from_line": 1, "to_line": 1, "lines": [
                    line("same", "one"), line("removed", "deux"), line("added", "zwei"), line("same", "three")
                ] }]
            },
            {
                "step": 2, "path": path("new"), "new": true, "lines": { "added": 1, "removed": 0 },
                "hunks": [{ "from_line": 1, "to_line": 1, "lines": [line("added", "new")] }]
            },
            {
                "step": 3, "path": path("private"), "new": false, "limit": "private",
                "lines": { "added": 1, "removed": 1 },
                "hunks": [{ "from_line": 1, "to_line": 1, "lines": [
                    line("same", "user = a"), { "kind": "removed", "text": null }, line("added", "password = ask")
                ] }]
            },
            { "step": 4, "path": path("token"), "new": false, "limit": "secret" }
        ])
    );
    assert!(!everything(&plan).contains("hunter2"), "{plan}");
    assert_eq!(plan["marks"][4], "no_change");
    let shown = stage
        .service
        .infrakt
        .ok(&["plan", "writes", "--server", "prod-2", "--diff"]);
    for part in [
        "Change it (+1 -1, mode 0664 to 0644)",
        "Make it (new file, +1)",
        "Keep it secret (a secret, not compared)",
        "      @@ -1,3 +1,3 @@\n        one\n      - deux\n      + zwei\n        three\n",
        "      - (1 line that is not shown)\n      + password = ask\n",
        "      + new\n",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert_eq!(
        std::fs::read_to_string(folder.join("shown")).expect("a file"),
        "one\ndeux\nthree\n"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_query_that_fails_is_shown_with_its_line_and_with_what_was_printed_before() {
    let stage = Stage::set();
    let error = stage
        .service
        .get("/api/servers/prod-2/plan?recipe=asks")
        .refuses(502, "query_failed");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.contains("E: not here")),
        "{error}"
    );
    let ended = stage
        .service
        .infrakt
        .run(&["plan", "asks", "--server", "prod-2"])
        .exits(4);
    for part in [
        "on 'prod-2' with exit status 3: E: not here",
        "asks.rhai:2:",
        "asked here",
        "asking now",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let error = stage
        .service
        .infrakt
        .run(&["plan", "asks", "--server", "prod-2", "--json"])
        .exits(4);
    assert!(error.stdout.contains(r#""line":2"#), "{}", error.stdout);
}
