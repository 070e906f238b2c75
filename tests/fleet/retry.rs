//! Doing again what did not come to its end.

use crate::infrakt::Infrakt;
use crate::servers::Servers;

/// Fails on `b` until it is mended. What it was given is what it notes down.
const MENDABLE: &str = r#"
let word = param("word", "none");
let token = secret("TOKEN");
ssh::run("Work", `echo ${server.name} ${word} $TOKEN >>$SHARED/log`).env("TOKEN", token);
ssh::run("End", if server.name == "b" { "test -e $SHARED/mended" } else { "true" });
"#;

#[test]
#[ignore = "needs root and sshd"]
fn retry_runs_the_same_again_on_those_servers_only_that_are_not_done() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c", "d"]).with("INFRAKT_SECRET_TOKEN", "t0ken");
    infrakt.takes_down("c");
    let recipe = infrakt.recipe_for(&servers, "mendable.rhai", MENDABLE);
    let names = ["--server", "a", "--server", "b", "--server", "c"];
    infrakt
        .run(&[["run", &recipe, "--set", "word=same words"].as_slice(), &names].concat())
        .exits(1)
        .says("infrakt runs retry g1");
    assert_eq!(infrakt.runs(), ["a done", "b failed"]);
    infrakt.run(&["runs", "list"]).exits(0).says("GROUP").says(" g1 ");
    assert_eq!(infrakt.json(&["runs", "show", "2"])["group"], "g1");

    // By the id of any run of the group, and from another folder.
    std::fs::write(servers.shared().join("mended"), "").expect("a file");
    infrakt
        .run(&["runs", "retry", "1"])
        .exits(4)
        .says("1 of 2 done, 1 unreachable");
    assert_eq!(infrakt.runs(), ["a done", "b failed", "b done"]);

    // By the group: what a retry has done is done.
    infrakt.brings_up("c", &servers);
    infrakt.run(&["runs", "retry", "g1"]).exits(0).says("1 of 1 done");
    infrakt
        .run(&["runs", "retry", "g1"])
        .exits(0)
        .says("nothing to retry: all servers in g1 are done");

    let mut log = servers.lines("log");
    log.sort();
    assert_eq!(
        log,
        [
            "a same words t0ken",
            "b same words t0ken",
            "b same words t0ken",
            "c same words t0ken"
        ]
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_group_without_any_reachable_server_is_remembered_too() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.takes_down("a");
    infrakt.takes_down("b");
    let recipe = infrakt.recipe_for(
        &servers,
        "touch.rhai",
        "ssh::run(\"Touch\", `touch $SHARED/${server.name}`);",
    );
    infrakt
        .run(&["run", &recipe, "--all"])
        .exits(4)
        .says("infrakt runs retry g1");

    infrakt.brings_up("a", &servers);
    infrakt.brings_up("b", &servers);

    infrakt.run(&["runs", "retry", "g1"]).exits(0);
    assert_eq!(servers.in_shared(), ["a", "b"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_retry_asks_again_before_it_destroys() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.takes_down("b");
    let recipe = infrakt.recipe_for(
        &servers,
        "destroy.rhai",
        "ssh::destroy(\"Destroy\", `touch $SHARED/${server.name}`);",
    );
    infrakt
        .run(&["run", &recipe, "--all", "--confirm", "a", "--confirm", "b"])
        .exits(4);
    infrakt.brings_up("b", &servers);

    infrakt.run(&["runs", "retry", "g1"]).exits(3).says("--confirm b");
    assert_eq!(servers.in_shared(), ["a"]);
    infrakt.run(&["runs", "retry", "g1", "--confirm", "b"]).exits(0);
    assert_eq!(servers.in_shared(), ["a", "b"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn the_run_of_a_single_server_can_be_tried_again_too() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["b"]).with("INFRAKT_SECRET_TOKEN", "t0ken");
    let recipe = infrakt.recipe_for(&servers, "mendable.rhai", MENDABLE);
    infrakt.run(&["run", &recipe, "--server", "b"]).exits(1);
    std::fs::write(servers.shared().join("mended"), "").expect("a file");

    infrakt.run(&["runs", "retry", "1"]).exits(0).says("b: done");

    assert_eq!(infrakt.runs(), ["b failed", "b done"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn what_cannot_be_tried_again_says_why() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    infrakt.takes_down("b");
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", "ssh::run(\"Touch\", \"true\");");
    infrakt.run(&["run", &recipe, "--all"]).exits(4);

    infrakt
        .run(&["runs", "retry", "g7"])
        .exits(2)
        .says("there is no group of runs g7");
    infrakt.run(&["runs", "retry", "7"]).exits(2).says("there is no run 7");
    infrakt
        .run(&["runs", "retry", "seven"])
        .exits(2)
        .says("give the number of a run (17) or of a group (g3)");
    infrakt.run(&["server", "remove", "b"]).exits(0);
    infrakt
        .run(&["runs", "retry", "g1"])
        .exits(0)
        .says("b is left out: it is no longer in the inventory");
}
