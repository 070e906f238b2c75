//! Plans over HTTP: what a run would do, and why it would be refused.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use serde_json::{Value, json};

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
