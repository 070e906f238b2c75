//! The inventory over HTTP.

use crate::fixture::Service;
use crate::openapi::fits;
use crate::stage::Stage;
use serde_json::{Value, json};

/// A host key that no server of these tests has.
const OTHER_KEY: &str = "SHA256:1NRdIBgTg/VDbf3mLc0kwzGlrmpV7SIwDQD96yoNLm4";

#[test]
fn a_server_is_added_shown_changed_and_removed() {
    let service = Service::start();
    let new = json!({ "name": "prod-2", "host": "127.0.0.1", "port": 9, "user": "deploy", "tags": ["web", "eu"] });
    let added = service.post("/api/servers", &new).answers(201);
    fits("post", "/api/servers", 201, &added);
    assert_eq!(added["reached"], false);
    assert!(
        added["problem"]
            .as_str()
            .is_some_and(|problem| problem.contains("cannot reach 'prod-2'"))
    );

    let listed = service.get("/api/servers").answers(200);
    fits("get", "/api/servers", 200, &listed);
    assert_eq!(listed[0]["tags"], json!(["eu", "web"]));
    assert_eq!(listed[0]["protected"], json!([]));
    assert_eq!(service.get("/api/servers?tag=db").answers(200), json!([]));
    assert_eq!(service.get("/api/servers?tag=web").answers(200)[0]["name"], "prod-2");

    let shown = service.get("/api/servers/prod-2").answers(200);
    fits("get", "/api/servers/{name}", 200, &shown);
    assert_eq!(shown["route"]["user"], "deploy");
    // The command line prints the same.
    assert_eq!(shown, service.infrakt.json(&["server", "show", "prod-2"]));
    assert_eq!(listed, service.infrakt.json(&["server", "list"]));

    let change = json!({ "user": null, "port": 2222, "provider": "hetzner", "tags": ["db"] });
    let changed = service.patch("/api/servers/prod-2", &change).answers(200);
    fits("patch", "/api/servers/{name}", 200, &changed);
    assert_eq!((&changed["user"], &changed["port"]), (&Value::Null, &json!(2222)));
    assert_eq!((&changed["tags"], &changed["notes"]), (&json!(["db"]), &json!([])));
    // What was not said stays.
    assert_eq!(
        (&changed["host"], &changed["provider"]),
        (&json!("127.0.0.1"), &json!("hetzner"))
    );

    let removed = service.delete("/api/servers/prod-2");
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    service.get("/api/servers/prod-2").refuses(404, "unknown_server");
    service.delete("/api/servers/prod-2").refuses(404, "unknown_server");
}

#[test]
fn variables_of_servers_and_tags_are_set_and_removed() {
    let service = Service::start();
    let new = json!({ "name": "prod-2", "host": "127.0.0.1", "port": 9, "tags": ["web"] });
    service.post("/api/servers", &new).answers(201);
    let set = json!({ "vars": { "region": "eu", "disks": ["sda", 2, true] } });
    let changed = service.patch("/api/servers/prod-2", &set).answers(200);
    assert_eq!(changed["vars"], set["vars"]);
    let changed = service.patch("/api/tags/web", &json!({ "vars": { "region": "us", "port": 80 } }));
    fits("patch", "/api/tags/{name}", 200, &changed.answers(200));
    let shown = service.get("/api/servers/prod-2").answers(200);
    fits("get", "/api/servers/{name}", 200, &shown);
    assert_eq!(
        shown["variables"]["region"],
        json!({ "value": "eu", "own": true, "tags": { "web": "us" } })
    );
    let removed = service.patch("/api/servers/prod-2", &json!({ "vars": { "disks": null } }));
    assert_eq!(removed.answers(200)["vars"], json!({ "region": "eu" }));

    let tags = service.get("/api/tags").answers(200);
    fits("get", "/api/tags", 200, &tags);
    assert_eq!(tags, service.infrakt.json(&["tag", "list"]));
    let tag = service.get("/api/tags/web").answers(200);
    fits("get", "/api/tags/{name}", 200, &tag);
    assert_eq!(
        (&tag["servers"], &tag["vars"]["port"]),
        (&json!(["prod-2"]), &json!(80))
    );

    service.get("/api/tags/wbe").refuses(404, "unknown_tag");
    service
        .patch("/api/tags/web", &json!({ "vars": {} }))
        .refuses(422, "invalid_body");
    service
        .patch("/api/tags/web", &json!({ "vars": { "gone": null } }))
        .refuses(404, "unknown_variable");
    service
        .patch("/api/tags/web", &json!({ "vars": { "a b": 1 } }))
        .refuses(422, "invalid");
    service
        .patch("/api/servers/prod-2", &json!({ "vars": { "a.b": 1 } }))
        .refuses(422, "invalid");
}

#[test]
fn an_invalid_server_is_refused_with_its_field_and_not_saved() {
    let service = Service::start();
    let long = "a".repeat(101);
    for (field, code, value) in [
        ("name", "invalid", json!("../etc")),
        ("name", "invalid", json!("")),
        ("name", "invalid", json!(long)),
        ("name", "invalid_body", json!(7)),
        ("host", "invalid", json!("a b")),
        ("host", "invalid", json!("-oProxyCommand=x")),
        ("host", "invalid", json!("h".repeat(300))),
        ("host", "invalid_body", json!(null)),
        ("user", "invalid", json!("root;id")),
        ("port", "invalid", json!(0)),
        ("port", "invalid_body", json!(65536)),
        ("port", "invalid_body", json!("22")),
        ("ssh_key_path", "usage", json!("/nowhere/key")),
        ("ssh_key_path", "usage", json!("")),
        ("provider", "invalid", json!("p".repeat(101))),
        ("host_key", "invalid", json!("no key")),
        ("tags", "invalid", json!(["a b"])),
        ("tags", "invalid_body", json!("web")),
        ("tags", "invalid_body", json!(vec!["t"; 101])),
        ("is_infrakt_host", "invalid_body", json!("yes")),
        ("colour", "invalid_body", json!("red")),
    ] {
        let mut body = json!({ "name": "prod-2", "host": "192.0.2.7" });
        body[field] = value.clone();
        let error = service.post("/api/servers", &body).refuses(422, code);
        assert!(
            error["field"].as_str().is_some_and(|named| named.starts_with(field)),
            "{field} {value}: {error}"
        );
    }
    let huge = json!({ "name": "a".repeat(900_000), "host": "192.0.2.7" });
    let error = service.post("/api/servers", &huge).refuses(422, "invalid");
    assert!(error.to_string().len() < 1000, "it repeats all of it");
    let error = service
        .post("/api/servers", &json!({ "name": "prod-2" }))
        .refuses(422, "invalid_body");
    assert_eq!(error["field"], "host");
    assert_eq!(service.get("/api/servers").answers(200), json!([]));

    service
        .infrakt
        .run(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"])
        .exits(0);
    let before = service.get("/api/servers").answers(200);
    let again = json!({ "name": "prod-2", "host": "192.0.2.8" });
    service.post("/api/servers", &again).refuses(409, "exists");
    for (body, field) in [
        (json!({ "host": null }), json!("host")),
        (json!({ "name": "prod-3" }), json!("name")),
        (json!({ "tags": null }), json!("tags")),
        (json!({ "is_infrakt_host": null }), json!("is_infrakt_host")),
        (json!({ "tags": ["fine", "not fine"] }), json!("tags")),
        (json!({ "confirm": "c".repeat(201), "port": 1 }), json!("confirm")),
        (json!({}), Value::Null),
    ] {
        let refused = service.patch("/api/servers/prod-2", &body);
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.json()["error"]["field"], field, "{body}");
    }
    for (query, field) in [
        ("servers?tag", "tag"),
        ("runs?server", "server"),
        ("apps?server", "server"),
    ] {
        let error = service
            .get(&format!("/api/{query}={}", "x".repeat(201)))
            .refuses(422, "invalid_query");
        assert_eq!(error["field"], field);
    }
    service.get("/api/servers?colour=red").refuses(422, "invalid_query");
    service.get("/api/servers/prod-2?all=yes").refuses(422, "invalid_query");
    assert_eq!(service.get("/api/servers").answers(200), before);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_server_says_itself_how_it_is() {
    let stage = Stage::set();
    let status = stage.service.get("/api/servers/prod-2/status").answers(200);
    fits("get", "/api/servers/{name}/status", 200, &status);
    assert_eq!(status["server"], "prod-2");
    assert!(status["usage"]["memory"]["total_bytes"].as_u64() > Some(0));
    assert!(status["usage"]["processors"].as_u64() > Some(0));
    assert!(status["facts"]["docker"]["containers"].is_array());
    let printed = stage.service.infrakt.json(&["server", "status", "prod-2"]);
    assert_eq!(printed["facts"]["machine_id"], status["facts"]["machine_id"]);
    stage
        .service
        .infrakt
        .run(&["server", "status", "prod-2"])
        .exits(0)
        .says("processor");

    stage
        .service
        .get("/api/servers/prod-3/status")
        .refuses(404, "unknown_server");
    stage
        .service
        .patch("/api/servers/prod-2", &json!({ "port": 9 }))
        .answers(200);
    stage
        .service
        .get("/api/servers/prod-2/status")
        .refuses(502, "unreachable");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_host_key_that_is_seen_for_the_first_time_is_recorded() {
    let stage = Stage::set();
    let server = &stage.server;
    let new = json!({ "name": "new", "host": "127.0.0.1", "port": server.port, "ssh_key_path": server.key() });
    let added = stage.service.post("/api/servers", &new).answers(201);
    assert_eq!(added["reached"], true, "{added}");
    assert!(
        added["host_key"]
            .as_str()
            .is_some_and(|key| key.starts_with("ssh-ed25519 "))
    );
    assert!(added["machine_id"].is_string());
}

#[test]
fn removing_a_host_key_requires_the_name_even_without_protection() {
    let service = Service::start();
    let path = "/api/servers/prod-2";
    let row = json!({ "name": "prod-2", "host": "127.0.0.1", "port": 9, "host_key": OTHER_KEY });
    service.post("/api/servers", &row).answers(201);
    for (body, code) in [
        (json!({ "host_key": null }), "consent_missing"),
        (json!({ "host_key": null, "confirm": "prod-1" }), "consent_mismatch"),
    ] {
        assert_eq!(service.patch(path, &body).refuses(422, code)["field"], "confirm");
        assert_eq!(service.get(path).answers(200)["host_key"], OTHER_KEY);
    }
    let removed = service.patch(path, &json!({ "host_key": null, "confirm": "prod-2" }));
    assert_eq!(removed.answers(200)["host_key"], Value::Null);
    // There is no key left to remove, and to give one makes infrakt trust no other machine.
    service.patch(path, &json!({ "host_key": null })).answers(200);
    service.patch(path, &json!({ "host_key": OTHER_KEY })).answers(200);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_mark_is_put_on_the_machine_and_lifting_it_takes_the_name() {
    let stage = Stage::set();
    let (service, server) = (&stage.service, &stage.server);
    let marked = service
        .patch("/api/servers/prod-2", &json!({ "is_infrakt_host": true }))
        .answers(200);
    assert_eq!(marked["is_infrakt_host"], true);
    assert_eq!(
        marked["protected"],
        json!([{ "code": "marked_row", "message": "its row says that it hosts infrakt" }])
    );
    assert_eq!(marked["notes"], json!(["'prod-2' has the marker /etc/infrakt/host"]));
    assert!(server.holds("test -s /etc/infrakt/host"));

    let path = "/api/servers/prod-2";
    let unmark = |confirm: Option<&str>| {
        let mut body = json!({ "is_infrakt_host": false });
        if let Some(confirm) = confirm {
            body["confirm"] = confirm.into();
        }
        service.patch(path, &body)
    };
    for (refused, code) in [
        (unmark(None), "consent_missing"),
        (unmark(Some("prod-1")), "consent_mismatch"),
        (unmark(Some("")), "consent_mismatch"),
        (service.patch(path, &json!({ "host": "192.0.2.9" })), "consent_missing"),
        (service.patch(path, &json!({ "port": 2222 })), "consent_missing"),
        (service.patch(path, &json!({ "host_key": null })), "consent_missing"),
        (
            service.patch(path, &json!({ "host_key": null, "confirm": "prod-1" })),
            "consent_mismatch",
        ),
        (
            service.patch(path, &json!({ "host_key": OTHER_KEY, "provider": "x" })),
            "consent_missing",
        ),
        (service.delete(path), "consent_missing"),
        (
            service
                .call("DELETE", path)
                .json(&json!({ "confirm": "PROD-2" }))
                .send(),
            "consent_mismatch",
        ),
    ] {
        assert_eq!(refused.refuses(422, code)["field"], "confirm");
    }
    let kept = service.get(path).answers(200);
    assert_eq!(
        (&kept["host"], &kept["host_key"]),
        (&json!("127.0.0.1"), &marked["host_key"])
    );
    assert!(server.holds("test -s /etc/infrakt/host"));

    let lifted = unmark(Some("prod-2")).answers(200);
    assert_eq!(lifted["protected"], json!([]));
    assert_eq!(
        lifted["notes"],
        json!(["'prod-2' no longer has the marker /etc/infrakt/host"])
    );
    assert!(!server.holds("test -e /etc/infrakt/host"));

    // A marker that no row stands for is not taken away by saying nothing but that there is none.
    service.patch(path, &json!({ "is_infrakt_host": true })).answers(200);
    server.root("cp /etc/infrakt/host /etc/infrakt/kept");
    unmark(Some("prod-2")).answers(200);
    server.root("mv /etc/infrakt/kept /etc/infrakt/host");
    let left = unmark(None).answers(200);
    assert!(
        left["notes"][0]
            .as_str()
            .is_some_and(|note| note.contains("on the machine stays")),
        "{left}"
    );
    assert!(server.holds("test -s /etc/infrakt/host"));
    let plan = service.get("/api/servers/prod-2/plan?recipe=wipe").answers(200);
    assert_eq!(plan["refused"]["code"], "protected");

    service.patch(path, &json!({ "is_infrakt_host": true })).answers(200);
    let removed = service
        .call("DELETE", path)
        .json(&json!({ "confirm": "prod-2" }))
        .send();
    assert_eq!(removed.status, 204);
}

#[test]
fn a_server_is_protected_even_if_its_machine_is_unreachable() {
    let service = Service::start();
    service
        .infrakt
        .run(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"])
        .exits(0);
    let marked = service
        .patch("/api/servers/prod-2", &json!({ "is_infrakt_host": true }))
        .answers(200);
    assert_eq!(marked["is_infrakt_host"], true);
    let note = marked["notes"][0].as_str().expect("a note");
    assert!(note.contains("did not get the marker"), "{note}");
}

#[test]
fn recipes_and_apps_are_listed() {
    let service = Service::start();
    let folder = service.infrakt.home().join("recipes");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("mine.rhai"), "//! Mine.\nparam(\"n\", 3, \"How many\");\n").expect("a recipe");
    std::fs::write(folder.join("bad.rhai"), b"\xff\xfe").expect("a file that is no recipe");
    let listed = service.get("/api/recipes").answers(200);
    fits("get", "/api/recipes", 200, &listed);
    let of = |name: &str| {
        let recipes = listed.as_array().expect("a list").iter();
        recipes.filter(|one| one["name"] == name).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("mine")[0]["kept_by"], "user");
    assert_eq!(of("wipe")[0]["kept_by"], "shipped");
    assert!(of("bad")[0]["problem"]["message"].is_string());

    let shown = service.get("/api/recipes/mine").answers(200);
    fits("get", "/api/recipes/{name}", 200, &shown);
    assert_eq!(shown["parameters"][0]["default"], 3);
    assert!(
        shown["source"]
            .as_str()
            .is_some_and(|source| source.starts_with("//! Mine."))
    );
    assert_eq!(shown, service.infrakt.json(&["recipe", "show", "mine"]));
    for path in ["nothing", "..%2Fmine", "%2Fetc%2Fpasswd", ".%2Fmine.rhai"] {
        service
            .get(&format!("/api/recipes/{path}"))
            .refuses(404, "unknown_recipe");
    }

    service
        .infrakt
        .run(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"])
        .exits(0);
    service
        .infrakt
        .run(&["app", "add", "shop", "--server", "prod-2", "--image", "nginx:1.27"])
        .exits(0);
    let apps = service.get("/api/apps?server=prod-2").answers(200);
    fits("get", "/api/apps", 200, &apps);
    assert_eq!(apps[0]["name"], "shop");
    assert_eq!(apps, service.infrakt.json(&["app", "list"]));
    service.get("/api/apps?server=prod-3").refuses(404, "unknown_server");
    // A server with apps is not removed.
    service.delete("/api/servers/prod-2").refuses(409, "server_has_apps");
}

/// Each of them alone would end a process that evaluates it itself.
#[test]
fn recipes_that_exceed_the_limits_are_refused_and_the_service_continues() {
    let service = Service::start();
    let folder = service.infrakt.home().join("recipes");
    std::fs::create_dir_all(&folder).expect("a folder");
    let texts = "let s = \"a\"; for i in 0..22 { s += s; }\nlet t = \"0123456789abcdef\"; for i in 0..7 { t += t; }\n";
    std::fs::write(folder.join("large.rhai"), format!("{texts}s.replace(\"a\", t);")).expect("a recipe");
    std::fs::write(folder.join("fine.rhai"), "param(\"port\", 80, \"Where it listens\");").expect("a recipe");
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let refused = service.get("/api/recipes/large").refuses(422, "recipe");
                let message = refused["message"].as_str().expect("a message").to_owned();
                assert!(
                    message.contains("the evaluation of large.rhai was stopped"),
                    "{message}"
                );
            });
        }
    });
    let fine = service.get("/api/recipes/fine").answers(200);
    assert_eq!(fine["parameters"][0]["name"], "port");
}
