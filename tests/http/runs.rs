//! Runs over HTTP: who may begin one when others are at work, what it is given, and how runs are listed.

use crate::openapi::fits;
use crate::stage::{Stage, number};
use crate::support::infrakt::Infrakt;
use serde_json::{Value, json};

#[test]
#[ignore = "needs root and sshd"]
fn a_run_of_the_command_line_locks_the_server_for_the_api_and_the_other_way_round() {
    let stage = Stage::set();
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
    refused.says("another run is in progress");
    stage.make("go");
    assert_eq!(stage.ended(run)["state"], "done");
}

#[test]
#[ignore = "needs root and sshd"]
fn of_two_calls_at_the_same_time_one_runs() {
    let stage = Stage::set();
    let digest = stage.digest("erase");
    let body = json!({ "recipe": "erase", "confirm": "prod-2", "digest": digest });
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| stage.run(&body))).collect();
        let answers = calls.into_iter().map(|call| call.join().expect("an answer"));
        let checked = answers.map(|answer| match answer.status {
            // The callers after the first learn that a run is in progress, or that the plan is used up.
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
#[ignore = "needs root and sshd"]
fn another_installations_run_on_the_machine_is_a_lock_too() {
    let stage = Stage::set();
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
#[ignore = "needs root and sshd"]
fn a_run_takes_parameters_and_secrets() {
    let stage = Stage::set_in(Infrakt::new().with("INFRAKT_SECRET_OTHER", "unused"));
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
#[ignore = "needs root and sshd"]
fn the_environment_of_the_service_gives_secrets_too() {
    let stage = Stage::set_in(Infrakt::new().with("INFRAKT_SECRET_TOKEN", "hunter2hunter2"));
    let run = stage.begin("secretive");
    assert_eq!(stage.ended(run)["state"], "done");
}

#[test]
#[ignore = "needs root and sshd"]
fn runs_are_listed_newest_first_page_by_page() {
    let stage = Stage::set();
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
    let failed = stage.begin("fails");
    stage.ended(failed);
    assert_eq!(listed("?state=failed"), [failed]);
    assert_eq!(listed("?state=done&limit=2"), [runs[2], runs[1]]);
    assert_eq!(listed(&format!("?state=done&before={}", runs[1])), [runs[0]]);
    assert_eq!(listed("?state=running"), [] as [i64; 0]);
    let error = stage
        .service
        .get("/api/runs?state=broken")
        .refuses(422, "invalid_query");
    assert_eq!(error["field"], "state");
    // The list of servers tells the newest one of each.
    let servers = stage.service.get("/api/servers").answers(200);
    fits("get", "/api/servers", 200, &servers);
    assert_eq!(
        (&servers[0]["last_run"]["id"], &servers[0]["last_run"]["state"]),
        (&json!(failed), &json!("failed"))
    );
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
#[ignore = "needs root and sshd"]
fn a_group_is_shown_with_the_servers_that_were_left_out() {
    let stage = Stage::set();
    let infrakt = &stage.service.infrakt;
    infrakt
        .run(&["server", "add", "gone", "--host", "127.0.0.1", "--port", "9"])
        .exits(0);
    infrakt.run(&["run", "hello", "--server", "prod-2", "--server", "gone"]);
    let runs = stage.service.get("/api/runs").answers(200);
    let group = runs[0]["group"].as_str().expect("a group");
    let shown = stage.service.get(&format!("/api/groups/{group}")).answers(200);
    fits("get", "/api/groups/{name}", 200, &shown);
    assert_eq!((&shown["id"], &shown["recipe"]), (&json!(group), &json!("hello.rhai")));
    let servers = shown["servers"].as_array().expect("a list");
    let of = |name: &str| servers.iter().find(|one| one["server"] == name).expect("a server");
    assert_eq!(
        (&of("prod-2")["run"], &of("prod-2")["state"]),
        (&runs[0]["id"], &json!("done"))
    );
    assert_eq!(
        (&of("gone")["run"], &of("gone")["left_out"]),
        (&Value::Null, &json!("unreachable"))
    );
    assert!(
        of("gone")["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("cannot reach 'gone'"))
    );
    for unknown in ["g99", "g01", "1", "g"] {
        stage
            .service
            .get(&format!("/api/groups/{unknown}"))
            .refuses(404, "unknown_group");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_password_for_sudo_is_a_text_and_is_never_repeated() {
    let stage = Stage::set();
    let plan = "/api/servers/prod-2/plan";
    for path in [plan, "/api/runs", "/api/servers/prod-2/provision", "/api/runs/1/resume"] {
        for password in [
            json!(["hunter2"]),
            json!({ "hunter2": "hunter2" }),
            json!("hunter2".repeat(10_000)),
        ] {
            let mut body = json!({ "sudo_password": password });
            if path == plan || path == "/api/runs" {
                body["recipe"] = "hello".into();
            }
            if path == "/api/runs" {
                body["server"] = "prod-2".into();
            }
            let error = stage.service.post(path, &body).refuses(422, "invalid_body");
            assert!(
                error["field"]
                    .as_str()
                    .is_some_and(|field| field.starts_with("sudo_password")),
                "{path}: {error}"
            );
            assert!(!error.to_string().contains("hunter2"), "{path}: {error}");
        }
    }
    // Root needs none: the password is not used, and nothing keeps it.
    let body = json!({ "recipe": "hello", "sudo_password": "hunter2hunter2" });
    stage.service.post(plan, &body).answers(200);
    let run = number(&stage.run(&body).answers(202));
    assert_eq!(stage.ended(run)["state"], "done");
    let database = std::fs::read(stage.service.infrakt.home().join("infrakt.db")).expect("the database");
    assert!(!database.windows(14).any(|window| window == b"hunter2hunter2"));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_service_that_ends_lets_its_runs_end_their_step() {
    let mut stage = Stage::set();
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
