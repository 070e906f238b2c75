//! Servers that can't be reached or are refused, and how infrakt reports them.

use crate::infrakt::{Infrakt, table_of};
use crate::servers::Servers;
use serde_json::{Value, json};

const TOUCH: &str = r#"ssh::run("Touch", `touch $SHARED/${server.name}`);"#;
const DESTROY: &str = r#"ssh::destroy("Destroy", `touch $SHARED/${server.name}`);"#;

#[test]
#[ignore = "needs root and sshd"]
fn one_that_cannot_be_reached_is_left_out_and_the_others_are_done() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    infrakt.takes_down("b");
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", TOUCH);

    let ended = infrakt.run(&["run", &recipe, "--all"]).exits(4);

    assert_eq!(servers.in_shared(), ["a", "c"]);
    assert!(
        ended.stderr.contains("error: cannot reach 'b' at 127.0.1.2:9"),
        "{ended}"
    );
    assert!(ended.stdout.contains("2 of 3 done, 1 unreachable"), "{ended}");
    insta::assert_snapshot!(table_of(&ended));
}

#[test]
#[ignore = "needs root and sshd"]
fn with_fail_fast_nothing_is_run_if_one_cannot_be_reached() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.takes_down("b");
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", TOUCH);

    let ended = infrakt.run(&["run", &recipe, "--all", "--fail-fast"]).exits(4);

    assert!(ended.stderr.contains("nothing was run on any server"), "{ended}");
    assert_eq!(servers.in_shared(), [""; 0]);
    assert_eq!(infrakt.runs(), [""; 0]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_name_that_is_not_confirmed_keeps_all_of_them_from_beginning() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let recipe = infrakt.recipe_for(&servers, "destroy.rhai", DESTROY);
    let words = ["run", &recipe, "--all", "--confirm", "b"];

    let ended = infrakt.run(&words).exits(3);

    // Both that are missing, in one command that can be pasted.
    assert!(ended.stderr.contains("nothing was done on any server"), "{ended}");
    assert!(ended.stderr.contains("--confirm a --confirm c"), "{ended}");
    assert_eq!((servers.in_shared(), infrakt.runs()), (vec![], vec![]));

    infrakt
        .run(&[words.as_slice(), &["--confirm", "a", "--confirm", "c"]].concat())
        .exits(0);
    assert_eq!(servers.in_shared(), ["a", "b", "c"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn one_that_is_protected_is_refused_before_any_question_and_the_others_are_done() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let marker = "ssh::run(\"Mark\", \"mkdir /etc/infrakt && touch /etc/infrakt/host\");";
    let marked = infrakt.recipe_for(&servers, "mark.rhai", marker);
    infrakt.run(&["run", &marked, "--server", "b"]).exits(0);
    let recipe = infrakt.recipe_for(&servers, "destroy.rhai", DESTROY);

    let ended = infrakt.run(&["run", &recipe, "--all", "--confirm", "a"]).exits(3);

    assert_eq!(servers.in_shared(), ["a"]);
    assert!(
        ended.stderr.contains("error: 'b' is protected and is never wiped"),
        "{ended}"
    );
    assert!(ended.stdout.contains("1 of 2 done, 1 refused"), "{ended}");
}

#[test]
#[ignore = "needs root and sshd"]
fn two_names_of_one_machine_are_not_worked_on_at_the_same_time() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.run(&["server", "update", "b", "--host", "127.0.1.1"]).exits(0);
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", TOUCH);

    let ended = infrakt.run(&["run", &recipe, "--all"]).exits(3);

    assert!(ended.stderr.contains("another run is in progress on 'b'"), "{ended}");
    assert!(ended.stderr.contains("on the same machine, called 'a'"), "{ended}");
    assert_eq!(servers.in_shared(), ["a"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_broken_recipe_stops_everything_before_it_begins() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let text = format!("{TOUCH} if server.name == \"b\" {{ nonsense(); }}");
    let recipe = infrakt.recipe_for(&servers, "broken.rhai", &text);

    let ended = infrakt.run(&["run", &recipe, "--all"]).exits(2);

    assert!(ended.stderr.contains("nonsense"), "{ended}");
    assert_eq!((servers.in_shared(), infrakt.runs()), (vec![], vec![]));
}

#[test]
#[ignore = "needs root and sshd"]
fn of_several_bad_ends_the_worst_is_the_exit_code() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["fails", "refuses", "sleeps"]);
    infrakt.takes_down("sleeps");
    let recipe = infrakt.recipe_for(
        &servers,
        "ends.rhai",
        r#"if server.name == "refuses" { fail("not on this one"); }
        ssh::run("Work", if server.name == "fails" { "exit 7" } else { "true" });"#,
    );
    let exit = |names: &[&str]| {
        let servers = names.iter().flat_map(|name| ["--server", name]);
        let words: Vec<&str> = ["run", &recipe].into_iter().chain(servers).collect();
        infrakt.run(&words).exit
    };

    assert_eq!(exit(&["fails", "refuses", "sleeps"]), 1);
    assert_eq!(exit(&["refuses", "sleeps"]), 4);
    assert_eq!(exit(&["refuses"]), 3);
    assert_eq!(infrakt.run(&["run", &recipe, "--all", "--parallel", "0"]).exit, 2);
}

#[test]
#[ignore = "needs root and sshd"]
fn programs_get_an_event_a_line_with_its_server_and_a_summary_at_the_end() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    infrakt.takes_down("c");
    let recipe = infrakt.recipe_for(
        &servers,
        "talk.rhai",
        r#"ssh::run("Talk", `echo hello from ${server.name}`);
        ssh::run("End", if server.name == "b" { "exit 4" } else { "true" });"#,
    );

    let events = infrakt.run(&["run", &recipe, "--all", "--json"]).exits(1).events();

    let of = |server: &str| -> Vec<&str> {
        let of_server = events.iter().filter(|event| event["server"] == server);
        of_server
            .map(|event| event["event"].as_str().expect("a kind"))
            .collect()
    };
    let steps = ["step_started", "output", "step_ended", "step_started", "step_ended"];
    let whole: Vec<&str> = ["run_started"].into_iter().chain(steps).chain(["run_ended"]).collect();
    assert_eq!(
        (of("a"), of("b"), of("c")),
        (whole.clone(), whole, vec!["server_left_out"])
    );
    let output = |event: &&Value| event["event"] == "output" && event["server"] == "b";
    let said = events.iter().find(output).expect("an output");
    assert_eq!((&said["run"], &said["text"]), (&json!(2), &json!("hello from b\n")));
    let started = events
        .iter()
        .find(|event| event["event"] == "group_started")
        .expect("a group");
    assert_eq!(
        started["servers"],
        json!([{ "server": "a", "run": 1 }, { "server": "b", "run": 2 }, { "server": "c", "run": null }])
    );
    let summary = events.last().expect("a summary");
    assert_eq!(
        (&summary["event"], &summary["group"], &summary["exit"]),
        (&json!("summary"), &json!("g1"), &json!(1))
    );
    let ends: Vec<(&Value, &Value)> = summary["servers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|server| (&server["server"], &server["outcome"]))
        .collect();
    assert_eq!(
        ends,
        [
            (&json!("a"), &json!("done")),
            (&json!("b"), &json!("failed")),
            (&json!("c"), &json!("unreachable"))
        ]
    );
    assert_eq!(summary["servers"][1]["steps"]["failed"], 1);
    assert_eq!(summary["servers"][2]["error"]["code"], "unreachable");
    assert!(
        summary["next"]
            .as_array()
            .expect("a list")
            .contains(&json!("infrakt runs retry g1"))
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn several_are_planned_at_once_and_one_that_is_down_does_not_hide_the_others() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.takes_down("a");
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", TOUCH);

    let ended = infrakt.run(&["plan", &recipe, "--all"]).exits(4);
    assert!(ended.stdout.contains("touch.rhai on b"), "{ended}");
    assert!(ended.stderr.contains("cannot reach 'a'"), "{ended}");

    let ended = infrakt.run(&["plan", &recipe, "--all", "--json"]).exits(4);
    let plans: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(plans[0]["error"]["code"], "unreachable");
    assert_eq!(
        (&plans[0]["server"]["name"], &plans[1]["server"]["name"]),
        (&json!("a"), &json!("b"))
    );
    assert_eq!(servers.in_shared(), [""; 0]);
}
