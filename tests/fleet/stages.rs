//! Plays: several recipes in stages, one stage after the other.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use serde_json::{Value, json};

/// The recipe of every stage: it notes what it was given, and fails where a file says so.
const NOTE: &str = r#"
let word = param("word", "none");
ssh::run("Note", `echo ${server.name} ${word} >>$SHARED/log`);
ssh::run("End", `test ! -e $SHARED/fails-${server.name}`);
"#;

const PLAY: &str = r#"
[[stage]]
name = "Database"
recipe = "./note.rhai"
tags = ["db"]
set = { word = "data" }

[[stage]]
name = "Web"
recipe = "./note.rhai"
servers = ["c"]
tags = ["app"]
parallel = 1
fail_fast = true

[[stage]]
name = "Balancer"
recipe = "./note.rhai"
servers = ["e"]
"#;

/// `a` and `b` are databases, `c` and `d` web servers, `e` is the balancer.
fn with_a_play(servers: &Servers) -> Infrakt {
    let infrakt = Infrakt::that_knows(servers, &["a", "b", "c", "d", "e"]);
    for (server, tag) in [("a", "db"), ("b", "db"), ("c", "app"), ("d", "app")] {
        infrakt.ok(&["server", "tag", server, tag]);
    }
    infrakt.recipe_for(servers, "note.rhai", NOTE);
    infrakt.file("play.toml", PLAY);
    infrakt
}

fn events(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines().map(serde_json::from_str::<Value>);
    lines.map(|line| line.expect("JSON")).collect()
}

#[test]
#[ignore = "needs root and sshd"]
fn a_stage_begins_when_the_one_before_is_done_on_all_of_its_servers() {
    let servers = Servers::start();
    let infrakt = with_a_play(&servers);
    let planned = infrakt.run(&["plan", "play.toml"]).exits(0);
    assert!(planned.stdout.contains("Stage 2 of 3: Web  note.rhai"), "{planned}");
    assert!(planned.stdout.contains("Next: infrakt run play.toml"), "{planned}");
    let plans = infrakt.json(&["plan", "play.toml"]);
    let stages: Vec<&Value> = plans.as_array().unwrap().iter().map(|plan| &plan["stage"]).collect();
    assert_eq!(stages, ["Database", "Database", "Web", "Web", "Balancer"]);

    let ended = infrakt.run(&["run", "play.toml"]).exits(0);

    let mut log = servers.lines("log");
    log[..2].sort();
    assert_eq!(log, ["a data", "b data", "c none", "d none", "e none"]);
    assert!(ended.stderr.contains("Stage 1 of 3: Database  note.rhai"), "{ended}");
    assert!(ended.stdout.contains("SERVER  STAGE     OUTCOME"), "{ended}");
    assert!(ended.stdout.contains("5 of 5 done"), "{ended}");
    assert_eq!(infrakt.json(&["runs", "show", "5"])["stage"], "Balancer");
    infrakt.run(&["runs", "show", "5"]).exits(0).says("stage    Balancer");
}

#[test]
#[ignore = "needs root and sshd"]
fn after_a_failure_no_later_stage_begins_and_a_retry_does_the_rest_in_order() {
    let servers = Servers::start();
    let infrakt = with_a_play(&servers);
    std::fs::write(servers.shared().join("fails-b"), "").expect("a file");

    let ended = infrakt.run(&["run", "play.toml", "--json"]).exits(1);

    let mut log = servers.lines("log");
    log.sort();
    assert_eq!(log, ["a data", "b data"]);
    let events = events(&ended.stdout);
    let started: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "stage_started")
        .collect();
    assert_eq!(
        started,
        [&json!({ "event": "stage_started", "stage": "Database", "recipe": "note.rhai", "servers": ["a", "b"] })]
    );
    let summary = events.last().expect("a summary");
    assert_eq!(summary["servers"][4]["stage"], "Balancer");
    assert_eq!(summary["servers"][4]["outcome"], "skipped");
    assert_eq!(
        summary["servers"][4]["reason"],
        "not started: the stage 'Database' is not done on 'b'"
    );
    assert_eq!(
        infrakt.runs(),
        ["a done", "b failed", "c interrupted", "d interrupted", "e interrupted"]
    );

    std::fs::remove_file(servers.shared().join("fails-b")).expect("the file");
    // The play is not read again: what the journal has counts.
    std::fs::remove_file(infrakt.folder().join("play.toml")).expect("the file");
    let ended = infrakt.run(&["runs", "retry", "g1"]).exits(0);
    assert!(ended.stdout.contains("4 of 4 done"), "{ended}");
    assert_eq!(servers.lines("log")[2..], ["b data", "c none", "d none", "e none"]);
    infrakt.run(&["runs", "retry", "g1"]).exits(0).says("nothing to retry");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_failure_in_a_stage_that_fails_fast_stops_its_other_servers() {
    let servers = Servers::start();
    let infrakt = with_a_play(&servers);
    std::fs::write(servers.shared().join("fails-c"), "").expect("a file");

    let ended = infrakt.run(&["run", "play.toml"]).exits(1);

    assert_eq!(servers.lines("log")[2..], ["c none"]);
    assert!(
        ended.stdout.contains("'c' failed (fail_fast of the stage 'Web')"),
        "{ended}"
    );
    assert!(ended.stdout.contains("the stage 'Web' is not done on 'c'"), "{ended}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_server_that_cannot_be_reached_keeps_later_stages_from_beginning() {
    let servers = Servers::start();
    let infrakt = with_a_play(&servers);
    infrakt.takes_down("b");
    infrakt
        .run(&["run", "play.toml"])
        .exits(4)
        .says("the stage 'Database' is not done on 'b'");
    assert_eq!(servers.lines("log"), ["a data"]);
    // In a stage that fails fast it keeps everything from beginning.
    infrakt.brings_up("b", &servers);
    infrakt.takes_down("d");
    infrakt
        .run(&["run", "play.toml"])
        .exits(4)
        .says("because 'd' can't be used (fail_fast of the stage 'Web')")
        .says("remove fail_fast from the stage 'Web', then: infrakt run");
    assert_eq!(servers.lines("log"), ["a data"]);
}

/// The first stage works on `a`, the second one destroys on `b`.
fn with_a_stage_that_destroys(servers: &Servers) -> Infrakt {
    let infrakt = Infrakt::that_knows(servers, &["a", "b"]);
    infrakt.recipe_for(servers, "note.rhai", NOTE);
    let destroy =
        r#"ssh::destroy("Destroy", `echo ${server.name} destroyed >>$SHARED/log`).env("TOKEN", secret("TOKEN"));"#;
    infrakt.recipe_for(servers, "destroy.rhai", destroy);
    infrakt.file(
        "play.toml",
        "[[stage]]\nname = \"One\"\nrecipe = \"./note.rhai\"\nservers = [\"a\"]\n
[[stage]]\nname = \"Two\"\nrecipe = \"./destroy.rhai\"\nservers = [\"b\"]\n",
    );
    infrakt
}

#[test]
#[ignore = "needs root and sshd"]
fn nothing_is_asked_for_a_stage_that_cannot_begin() {
    let servers = Servers::start();
    let infrakt = with_a_stage_that_destroys(&servers);
    infrakt.takes_down("a");

    // Neither the name nor the secret is there, and neither is missed.
    let ended = infrakt.run(&["run", "play.toml"]).exits(4);

    assert!(
        ended.stdout.contains("0 of 2 done, 1 skipped, 1 unreachable"),
        "{ended}"
    );
    assert!(
        ended.stdout.contains("not started: the stage 'One' is not done on 'a'"),
        "{ended}"
    );
    assert!(!ended.stderr.contains("delete data"), "{ended}");
    assert_eq!(infrakt.runs(), [""; 0]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_that_never_started_because_of_an_earlier_stage_asks_again_when_it_is_resumed() {
    let servers = Servers::start();
    let infrakt = with_a_stage_that_destroys(&servers).with("INFRAKT_SECRET_TOKEN", "t0ken");
    std::fs::write(servers.shared().join("fails-a"), "").expect("a file");
    infrakt.run(&["run", "play.toml", "--confirm", "b"]).exits(1);
    assert_eq!(infrakt.runs(), ["a failed", "b interrupted"]);

    infrakt.run(&["runs", "resume", "2"]).exits(3);
    assert_eq!(servers.lines("log"), ["a none"]);
    infrakt.run(&["runs", "resume", "2", "--confirm", "b"]).exits(0);
    assert_eq!(servers.lines("log"), ["a none", "b destroyed"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn the_command_above_a_question_names_the_file_of_a_parameter_and_not_its_content() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "destroy.rhai",
        "let text = param(\"text\", \"\");\nssh::destroy(\"Destroy\", `touch $SHARED/${server.name}`);",
    );
    infrakt.file("text.txt", "first line\nsecond line\n");
    let asked = |set: &str| {
        infrakt
            .run(&["run", &recipe, "--server", "a", "--set", set])
            .exits(3)
            .stderr
    };

    let by_file = asked("text=@text.txt");
    assert!(by_file.contains("--set text=@text.txt --full"), "{by_file}");
    assert!(!by_file.contains("second line"), "{by_file}");
    for unfit in ["text=two\nlines", &format!("text={}", "x".repeat(300))] {
        let typed = asked(unfit);
        assert!(!typed.contains("The whole plan:"), "{typed}");
        let planned = infrakt
            .run(&["plan", &recipe, "--server", "a", "--set", unfit])
            .exits(0);
        assert!(planned.stdout.contains("with the same --set options"), "{planned}");
    }
}
