//! What a person consents to over the API: exactly the plan that was shown, by its digest and the server's name.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use serde_json::{Value, json};

#[test]
#[ignore = "needs root and sshd"]
fn destructive_steps_run_only_for_the_plan_that_was_shown_and_the_name_that_was_typed() {
    let stage = Stage::set();
    let digest = stage.digest("erase");
    let old = stage.digest("hello");
    let refuse = |body: Value, status, code: &str, field: Value| {
        let error = stage.run(&body).refuses(status, code);
        assert_eq!(error["field"], field, "{body}: {error}");
        stage.nothing_ran();
    };
    for (confirm, digest, code, field) in [
        (Value::Null, Value::Null, "consent_missing", "confirm"),
        (Value::Null, digest.clone(), "consent_missing", "confirm"),
        (json!("prod-2"), Value::Null, "consent_missing", "digest"),
        (json!("prod-1"), digest.clone(), "consent_mismatch", "confirm"),
        (json!("Prod-2"), digest.clone(), "consent_mismatch", "confirm"),
        (json!("prod-2 "), digest.clone(), "consent_mismatch", "confirm"),
        (json!(""), digest.clone(), "consent_mismatch", "confirm"),
        (json!("prod-2"), old.clone(), "stale_plan", "digest"),
        (json!("prod-2"), json!(""), "stale_plan", "digest"),
    ] {
        refuse(
            json!({ "recipe": "erase", "confirm": confirm, "digest": digest }),
            422,
            code,
            json!(field),
        );
    }
    // A digest that is given must fit, whatever the plan does.
    refuse(
        json!({ "recipe": "hello", "digest": digest }),
        422,
        "stale_plan",
        json!("digest"),
    );
    // The body's shape comes first, then what there is not, then what is asked of a person.
    refuse(
        json!({ "recipe": "erase", "confirm": 7, "server": "x" }),
        422,
        "invalid_body",
        json!("confirm"),
    );
    refuse(
        json!({ "recipe": "erase", "force": true }),
        422,
        "invalid_body",
        json!("force"),
    );
    refuse(
        json!({ "recipe": "erase", "confirm": "c".repeat(201) }),
        422,
        "invalid_body",
        json!("confirm"),
    );
    refuse(
        json!({ "recipe": "nothing", "confirm": "x" }),
        404,
        "unknown_recipe",
        Value::Null,
    );
    let elsewhere = json!({ "recipe": "erase", "server": "prod-3", "confirm": "x" });
    stage
        .service
        .post("/api/runs", &elsewhere)
        .refuses(404, "unknown_server");
    stage.nothing_ran();

    let begun = stage
        .run(&json!({ "recipe": "erase", "confirm": "prod-2", "digest": digest }))
        .answers(202);
    fits("post", "/api/runs", 202, &begun);
    let run = stage.ended(number(&begun));
    fits("get", "/api/runs/{id}", 200, &run);
    assert_eq!(run["state"], "done");
    assert_eq!(
        (&run["consent"]["how"], &run["consent"]["digest"]),
        (&json!("api"), &digest)
    );
    assert_eq!(run["consent"]["server"], "prod-2");
    assert!(!stage.here("data").exists());
    assert_eq!(
        run,
        stage.service.infrakt.json(&["runs", "show", &run["id"].to_string()])
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn what_was_shown_is_what_runs_or_nothing() {
    let stage = Stage::set();
    let digest = stage.digest("provision");
    let body = json!({ "confirm": "prod-2", "digest": digest });
    let path = stage.service.infrakt.home().join("recipes/provision.rhai");
    let text = std::fs::read_to_string(&path).expect("the recipe");
    std::fs::write(
        &path,
        format!(
            "{text}\nssh::run(\"More\", \"touch {}\");\n",
            stage.here("more").display()
        ),
    )
    .expect("another recipe");
    let error = stage
        .service
        .post("/api/servers/prod-2/provision", &body)
        .refuses(422, "stale_plan");
    assert_eq!(error["field"], "digest");
    stage.nothing_ran();
    std::fs::write(&path, text).expect("the recipe as it was");
    let kept = json!({ "keep_data": true, "confirm": "prod-2", "digest": digest });
    stage
        .service
        .post("/api/servers/prod-2/provision", &kept)
        .refuses(422, "stale_plan");
    stage.nothing_ran();
    let begun = stage.service.post("/api/servers/prod-2/provision", &body).answers(202);
    fits("post", "/api/servers/{name}/provision", 202, &begun);
    assert_eq!(stage.ended(number(&begun))["state"], "done");
    assert!(!stage.here("data").exists() && stage.here("provisioned").exists());
}

#[test]
#[ignore = "needs root and sshd"]
fn what_is_protected_or_locked_is_refused_before_anything_about_consent() {
    let stage = Stage::set();
    stage.make("go");
    let digest = stage.digest("erase");
    stage.protect();
    let named = json!({ "recipe": "erase", "confirm": "prod-2", "digest": digest });
    for body in [
        &named,
        &json!({ "recipe": "erase" }),
        &json!({ "recipe": "erase", "confirm": "x" }),
    ] {
        stage.run(body).refuses(409, "protected");
    }
    // A second row for the same machine does not help.
    let server = &stage.server;
    let second = json!({ "name": "second", "host": "127.0.0.1", "port": server.port, "ssh_key_path": server.key() });
    stage.service.post("/api/servers", &second).answers(201);
    let body = json!({ "recipe": "erase", "server": "second", "confirm": "second" });
    stage.service.post("/api/runs", &body).refuses(409, "protected");
    stage.nothing_ran();
}

#[test]
#[ignore = "needs root and sshd"]
fn a_plan_that_was_shown_begins_one_run_and_one_that_was_not_begins_none() {
    let stage = Stage::set();
    // The command line knows the digest too, but this service has not shown the plan.
    let plan = stage.service.infrakt.json(&["plan", "erase", "--server", "prod-2"]);
    let body = json!({ "recipe": "erase", "confirm": "prod-2", "digest": plan["digest"] });
    let error = stage.run(&body).refuses(422, "stale_plan");
    assert_eq!(error["field"], "digest");
    stage.nothing_ran();
    assert_eq!(stage.digest("erase"), plan["digest"]);
    // What is refused for another reason uses nothing up.
    stage
        .run(&json!({ "recipe": "erase", "confirm": "prod-1", "digest": plan["digest"] }))
        .refuses(422, "consent_mismatch");
    let run = number(&stage.run(&body).answers(202));
    stage.ended(run);
    std::fs::create_dir(stage.here("data")).expect("it is gone");
    stage.run(&body).refuses(422, "stale_plan");
    assert!(stage.here("data").exists());
}
