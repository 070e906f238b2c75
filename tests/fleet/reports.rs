//! What a recipe reports stands together at the end, for people and for programs.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use serde_json::{Value, json};

const RECIPE: &str = r#"report(#{ "name": server.name, "long": server.name.len() > 1 });
ssh::run("Do it", "true");"#;

#[test]
#[ignore = "needs root and sshd"]
fn the_reports_of_several_servers_are_one_table() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "bb"]);
    let recipe = infrakt.recipe_for(&servers, "report.rhai", RECIPE);

    let ended = infrakt.run(&["run", &recipe, "--all"]).exits(0);
    let table: Vec<Vec<&str>> = ended
        .stdout
        .lines()
        .skip_while(|line| !line.contains("2 of 2 done"))
        .skip(2)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        table,
        [
            vec!["SERVER", "long", "name"],
            vec!["a", "false", "a"],
            vec!["bb", "true", "bb"]
        ],
        "{ended}"
    );

    let ended = infrakt.run(&["run", &recipe, "--all", "--json"]).exits(0);
    let summary: Value = serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(summary["servers"][1]["report"], json!({ "name": "bb", "long": true }));
}

#[test]
#[ignore = "needs root and sshd"]
fn the_report_of_one_server_comes_last_and_stays_with_its_run() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a"]);
    let recipe = infrakt.recipe_for(&servers, "report.rhai", RECIPE);

    let ended = infrakt.run(&["run", &recipe, "--server", "a", "--json"]).exits(0);
    let last: Value = serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        last,
        json!({ "event": "report", "run": 1, "server": "a", "values": { "name": "a", "long": false } })
    );
    let shown = infrakt.run(&["runs", "show", "1", "--json"]).exits(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["report"], json!({ "name": "a", "long": false }));
    let shown = infrakt.run(&["runs", "show", "1"]).exits(0);
    assert!(shown.stdout.contains("long  false"), "{shown}");
}
