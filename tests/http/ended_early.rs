//! Runs that end before their time: stopped on request, failed, or left by a process that died before it saw their end; and resumed.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use crate::support::wait::until;
use serde_json::{Value, json};

#[test]
#[ignore = "needs root and sshd"]
fn a_run_is_stopped_after_its_step_or_at_once() {
    let stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let stopped = stage
        .service
        .call("POST", &format!("/api/runs/{run}/stop"))
        .send()
        .answers(202);
    fits("post", "/api/runs/{id}/stop", 202, &stopped);
    assert_eq!((&stopped["id"], &stopped["state"]), (&json!(run), &json!("running")));
    stage.awaits_stop();
    stage.make("go");
    let ended = stage.ended(run);
    assert_eq!(ended["state"], "interrupted");
    assert!(
        ended["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("on request")),
        "{ended}"
    );
    let outcomes: Vec<&Value> = (0..3).map(|step| &ended["steps"][step]["outcome"]).collect();
    assert_eq!(outcomes, ["changed", "changed", "skipped"]);
    assert_eq!(ended["resumable"], true);
    let again = format!("/api/runs/{run}/stop");
    stage.service.post(&again, &json!({})).refuses(409, "not_running");
    stage
        .service
        .post("/api/runs/99/stop", &json!({}))
        .refuses(404, "unknown_run");
    stage
        .service
        .post("/api/runs/x/stop", &json!({}))
        .refuses(404, "unknown_run");
    assert_eq!(
        stage
            .service
            .post(&again, &json!({ "now": 1 }))
            .refuses(422, "invalid_body")["field"],
        "now"
    );

    std::fs::remove_file(stage.here("go")).expect("it was there");
    std::fs::remove_file(stage.here("waiting")).expect("it was there");
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    stage
        .service
        .post(&format!("/api/runs/{run}/stop"), &json!({ "now": true }))
        .answers(202);
    let ended = stage.ended(run);
    assert_eq!(ended["state"], "interrupted");
    assert_eq!(ended["steps"][2]["outcome"], "skipped");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_that_failed_is_resumed_from_where_it_stopped() {
    let stage = Stage::set();
    let run = stage.begin("fails");
    let failed = stage.ended(run);
    assert_eq!(
        (&failed["state"], &failed["resumable"]),
        (&json!("failed"), &json!(true))
    );
    let resume = format!("/api/runs/{run}/resume");
    assert_eq!(
        stage
            .service
            .post(&resume, &json!({ "unknown": "maybe" }))
            .refuses(422, "invalid_body")["field"],
        "unknown"
    );
    stage.make("needed");
    let resumed = stage.service.call("POST", &resume).send().answers(202);
    fits("post", "/api/runs/{id}/resume", 202, &resumed);
    assert_eq!(resumed, json!({ "run_id": run }));
    let done = stage.ended(run);
    fits("get", "/api/runs/{id}", 200, &done);
    assert_eq!((&done["state"], &done["resumable"]), (&json!("done"), &json!(false)));
    assert_eq!(
        done["steps"][0]["started_at"], failed["steps"][0]["started_at"],
        "the first step ran again"
    );
    assert!(
        done["notices"][0]
            .as_str()
            .is_some_and(|notice| notice.starts_with("resumed by "))
    );
    stage.service.post(&resume, &json!({})).refuses(409, "not_resumable");
    stage
        .service
        .post("/api/runs/99/resume", &json!({}))
        .refuses(404, "unknown_run");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_step_whose_end_was_not_seen_must_be_checked_by_a_person() {
    let mut stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    // The power goes off in the middle of the step.
    stage.server.restarts();
    let path = format!("/api/runs/{run}");
    until("the run ends", || {
        stage.service.get(&path).answers(200)["state"] != "running"
    });
    let resume = format!("{path}/resume");
    let error = stage.service.post(&resume, &json!({})).refuses(409, "unknown_step");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.contains("'Wait'")),
        "{error}"
    );
    assert_eq!(stage.ended(run)["state"], "interrupted");
    stage.make("go");
    stage.service.post(&resume, &json!({ "unknown": "done" })).answers(202);
    let done = stage.ended(run);
    assert_eq!(done["state"], "done");
    assert!(
        done["steps"][1]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("marked as done by"))
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn the_consent_of_a_run_holds_for_resuming_it_only_as_long_as_nothing_came_between() {
    let stage = Stage::set();
    let folder = stage.service.infrakt.home().join("recipes");
    let here = stage.here("").display().to_string();
    let text = format!(
        "//! For a story.\nssh::run(\"Needs a file\", \"test -e {here}needed\"); ssh::destroy(\"Erase\", \"rm -rf {here}data\");"
    );
    std::fs::write(folder.join("later.rhai"), text).expect("a recipe");
    let digest = stage.digest("later");
    let begun = stage
        .run(&json!({ "recipe": "later", "confirm": "prod-2", "digest": digest }))
        .answers(202);
    let run = number(&begun);
    assert_eq!(stage.ended(run)["state"], "failed");
    let between = stage.begin("hello");
    stage.ended(between);
    stage.make("needed");
    let resume = format!("/api/runs/{run}/resume");
    stage.service.post(&resume, &json!({})).refuses(422, "consent_missing");
    let wrong = json!({ "confirm": "prod-1" });
    assert_eq!(
        stage.service.post(&resume, &wrong).refuses(422, "consent_mismatch")["field"],
        "confirm"
    );
    assert!(stage.here("data").exists());
    assert_eq!(stage.ended(run)["state"], "failed");
    stage
        .service
        .post(&resume, &json!({ "confirm": "prod-2" }))
        .answers(202);
    let done = stage.ended(run);
    assert_eq!(
        (&done["state"], &done["consent"]["how"]),
        (&json!("done"), &json!("api"))
    );
    assert!(!stage.here("data").exists());
}
