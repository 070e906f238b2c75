//! Runs over HTTP: what is asked for before anything is done, and what is done then.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use crate::support::infrakt::Infrakt;
use crate::support::wait::until;
use serde_json::{Value, json};

#[test]
fn what_destroys_runs_only_for_the_plan_that_was_shown_and_the_name_that_was_typed() {
    let Some(stage) = Stage::set() else { return };
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
fn what_was_shown_is_what_runs_or_nothing() {
    let Some(stage) = Stage::set() else { return };
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
fn what_is_protected_or_locked_is_refused_before_anything_about_consent() {
    let Some(stage) = Stage::set() else { return };
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
fn a_run_of_the_command_line_locks_the_server_for_the_api_and_the_other_way_round() {
    let Some(stage) = Stage::set() else { return };
    let digest = stage.digest("erase");
    let mut cli = stage.service.infrakt.start(&["run", "wait", "--server", "prod-2"]);
    stage.awaits_file("waiting");
    for body in [
        json!({ "recipe": "hello" }),
        json!({ "recipe": "erase", "confirm": "prod-2", "digest": digest }),
        json!({ "recipe": "erase" }),
    ] {
        let error = stage.run(&body).refuses(409, "locked");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains("wait.rhai")),
            "{error}"
        );
    }
    // It is the command line's own, which the service can only point to.
    let error = stage
        .service
        .post("/api/runs/1/stop", &json!({}))
        .refuses(409, "runs_elsewhere");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.contains(&format!("process {}", cli.id())))
    );
    stage.make("go");
    assert!(cli.wait().expect("its end").success());
    assert_eq!(stage.ended(1)["state"], "done");

    std::fs::remove_file(stage.here("go")).expect("it was there");
    std::fs::remove_file(stage.here("waiting")).expect("it was there");
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let refused = stage
        .service
        .infrakt
        .run(&["run", "hello", "--server", "prod-2"])
        .exits(3);
    refused.says("another run is at work");
    stage.make("go");
    assert_eq!(stage.ended(run)["state"], "done");
}

#[test]
fn of_two_calls_at_the_same_time_one_runs() {
    let Some(stage) = Stage::set() else { return };
    let digest = stage.digest("erase");
    let body = json!({ "recipe": "erase", "confirm": "prod-2", "digest": digest });
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| stage.run(&body))).collect();
        let answers = calls.into_iter().map(|call| call.join().expect("an answer"));
        let checked = answers.map(|answer| match answer.status {
            // Whoever comes after the first is shown that somebody is at work, or that the plan is used up.
            409 => answer.refuses(409, "locked").is_object().then_some(409),
            422 => answer.refuses(422, "stale_plan").is_object().then_some(422),
            status => Some(status),
        });
        checked.flatten().collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses.len(), 4);
    assert_eq!(
        statuses.iter().filter(|status| **status == 202).count(),
        1,
        "{statuses:?}"
    );
    let runs = stage.service.get("/api/runs").answers(200);
    assert_eq!(runs.as_array().map(Vec::len), Some(1));
}

#[test]
fn a_plan_that_was_shown_begins_one_run_and_one_that_was_not_begins_none() {
    let Some(stage) = Stage::set() else { return };
    // The command line knows the digest too, but nobody has read the plan here.
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

#[test]
fn somebody_elses_run_on_the_machine_is_a_lock_too() {
    let Some(stage) = Stage::set() else { return };
    let other = Infrakt::new();
    other.knows("theirs", &stage.server, stage.server.port);
    let folder = stage.service.infrakt.home().join("recipes/wait.rhai");
    let recipe = other.recipe("wait.rhai", &std::fs::read_to_string(folder).expect("the recipe"));
    let mut theirs = other.start(&["run", &recipe, "--server", "theirs"]);
    stage.awaits_file("waiting");
    stage.run(&json!({ "recipe": "hello" })).refuses(409, "locked");
    assert_eq!(stage.plan("hello")["refused"]["code"], "locked");
    stage.nothing_ran();
    stage.make("go");
    assert!(theirs.wait().expect("its end").success());
}

#[test]
fn a_run_takes_parameters_and_secrets() {
    let Some(stage) = Stage::set_in(Infrakt::new().with("INFRAKT_SECRET_OTHER", "unused")) else {
        return;
    };
    let greeting = json!({ "recipe": "hello", "parameters": { "greeting": "good evening" } });
    let run = number(&stage.run(&greeting).answers(202));
    assert_eq!(stage.ended(run)["state"], "done");
    assert_eq!(stage.service.infrakt.told_of(run).printed(0), b"good evening\n");

    let before = stage.service.get("/api/runs").answers(200);
    let error = stage
        .run(&json!({ "recipe": "secretive" }))
        .refuses(422, "secret_missing");
    assert_eq!(error["field"], "secrets.TOKEN");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("INFRAKT_SECRET_TOKEN"))
    );
    for secrets in [
        json!({ "TOKEN": 5 }),
        json!({ "TOKEN": "x".repeat(65537) }),
        json!("hunter2"),
    ] {
        let error = stage
            .run(&json!({ "recipe": "secretive", "secrets": secrets }))
            .refuses(422, "invalid_body");
        assert!(
            error["field"]
                .as_str()
                .is_some_and(|field| field.starts_with("secrets")),
            "{error}"
        );
        let said = error.to_string();
        assert!(!said.contains("hunter2") && !said.contains("12345678"), "{said}");
    }
    assert_eq!(stage.service.get("/api/runs").answers(200), before);

    let told = json!({ "recipe": "secretive", "secrets": { "TOKEN": "hunter2hunter2" } });
    let run = number(&stage.run(&told).answers(202));
    assert_eq!(stage.ended(run)["state"], "done");
    let printed = stage.service.infrakt.told_of(run);
    let printed = String::from_utf8_lossy(printed.printed(0)).into_owned();
    assert!(
        printed.starts_with("the token is ") && !printed.contains("hunter2"),
        "{printed}"
    );
    // Nor does anything else that was kept hold it.
    let database = std::fs::read(stage.service.infrakt.home().join("infrakt.db")).expect("the database");
    assert!(!database.windows(14).any(|window| window == b"hunter2hunter2"));
}

#[test]
fn the_environment_of_the_service_gives_secrets_too() {
    let Some(stage) = Stage::set_in(Infrakt::new().with("INFRAKT_SECRET_TOKEN", "hunter2hunter2")) else {
        return;
    };
    let run = stage.begin("secretive");
    assert_eq!(stage.ended(run)["state"], "done");
}

#[test]
fn a_run_is_stopped_after_its_step_or_at_once() {
    let Some(stage) = Stage::set() else { return };
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
fn a_run_that_failed_is_resumed_from_where_it_stopped() {
    let Some(stage) = Stage::set() else { return };
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
fn a_step_that_nobody_saw_end_is_for_a_person_to_look_at() {
    let Some(mut stage) = Stage::set() else { return };
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
            .is_some_and(|reason| reason.contains("done, says"))
    );
}

#[test]
fn the_consent_of_a_run_holds_for_resuming_it_only_as_long_as_nothing_came_between() {
    let Some(stage) = Stage::set() else { return };
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

#[test]
fn runs_are_listed_newest_first_page_by_page() {
    let Some(stage) = Stage::set() else { return };
    let runs: Vec<i64> = (0..3)
        .map(|_| {
            let run = stage.begin("hello");
            stage.ended(run);
            run
        })
        .collect();
    let listed = |query: &str| {
        let listed = stage.service.get(&format!("/api/runs{query}")).answers(200);
        fits("get", "/api/runs", 200, &listed);
        let ids = listed.as_array().expect("a list").iter().map(|run| run["id"].as_i64());
        ids.map(|id| id.expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), [runs[2], runs[1], runs[0]]);
    assert_eq!(listed("?limit=2"), [runs[2], runs[1]]);
    assert_eq!(listed(&format!("?before={}", runs[1])), [runs[0]]);
    assert_eq!(listed("?server=prod-2&limit=1"), [runs[2]]);
    assert_eq!(listed("?server=prod-3"), [] as [i64; 0]);
    for query in ["?limit=0", "?limit=501", "?limit=many"] {
        let error = stage
            .service
            .get(&format!("/api/runs{query}"))
            .refuses(422, "invalid_query");
        assert_eq!(error["field"], "limit");
    }
    stage.service.get("/api/runs?before=x").refuses(422, "invalid_query");
    stage.service.get("/api/runs/abc").refuses(404, "unknown_run");
    stage.service.get("/api/runs/01").refuses(404, "unknown_run");
}

#[test]
fn a_service_that_ends_lets_its_runs_end_their_step() {
    let Some(mut stage) = Stage::set() else { return };
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    stage.service.signal("TERM");
    stage.awaits_stop();
    stage.make("go");
    stage.service.ends();
    let told = stage.service.infrakt.json(&["runs", "show", &run.to_string()]);
    assert_eq!(told["state"], "interrupted");
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("the service was stopped")),
        "{told}"
    );
    assert_eq!(
        (&told["steps"][1]["outcome"], &told["steps"][2]["outcome"]),
        (&json!("changed"), &json!("skipped"))
    );
    stage
        .service
        .infrakt
        .run(&["runs", "resume", &run.to_string()])
        .exits(0);
}
