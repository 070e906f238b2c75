//! A user's own recipe, and the events that programs get.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use serde_json::Value;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_recipe_of_three_lines_runs_by_its_path_and_is_in_the_journal() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "hello.rhai",
        "//! Greet the server.\n\nssh::run(\"Say hello\", \"echo hello\");\n",
    );
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(0)
        .says("Say hello");
    let list = infrakt.json(&["runs", "list"]);
    assert_eq!((&list[0]["id"], &list[0]["state"]), (&1.into(), &"done".into()));
    infrakt.run(&["runs", "list"]).exits(0).says("hello.rhai");
    infrakt
        .run(&["runs", "show", "1"])
        .exits(0)
        .says("Say hello")
        .says("changed");
    let logs = infrakt.run(&["runs", "logs", "1"]).exits(0);
    assert_eq!(logs.stdout, "── 1  Say hello\nhello\n");

    let ended = infrakt.run(&["run", &recipe, "--server", "prod-2", "--json"]).exits(0);
    let events: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().expect("a kind"))
        .collect();
    assert_eq!(
        kinds,
        ["run_started", "step_started", "output", "step_ended", "run_ended"]
    );
    assert!(
        events
            .iter()
            .all(|event| event["run"] == 2 && event["server"] == "prod-2")
    );
    assert_eq!(
        (&events[2]["text"], &events[3]["outcome"]),
        (&"hello\n".into(), &"changed".into())
    );
    assert_eq!(events[4]["state"], "done");

    // A refusal, too, is an object.
    let refused = infrakt.run(&["run", "wipe", "--server", "prod-2", "--json"]).exits(3);
    for line in refused.stdout.lines() {
        let _: Value = serde_json::from_str(line).expect("an object a line");
    }
    assert!(refused.stdout.contains("\"consent_missing\""), "{refused}");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_recipe_that_destroys_something_of_its_own_leaves_the_servers_apps_alone_and_is_not_stopped_by_them() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.fill_inventory();
    machine.root("mkdir /srv/old");
    let recipe = infrakt.recipe(
        "clean.rhai",
        "ssh::destroy(\"Remove the old things\", \"rm -rf /srv/old\");\n",
    );
    infrakt
        .run(&["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"])
        .exits(0);
    machine.root("test ! -e /srv/old");
    infrakt.run(&["app", "list"]).exits(0).says("shop").says("worker");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_recipe_restarts_the_server_and_continues() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "restart.rhai",
        "ssh::run(\"Before\", \"cat /proc/sys/kernel/random/boot_id\");\n\
         ssh::reboot(\"Restart\").timeout(\"2m\");\n\
         ssh::run(\"After\", \"cat /proc/sys/kernel/random/boot_id\");\n\
         db::set_status(server, \"restarted\");\n\
         ssh::reboot(\"Not again\").only_if(\"false\");\n",
    );
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    assert_eq!(
        infrakt.outcomes("1"),
        ["changed", "changed", "changed", "changed", "no_change"]
    );
    let logs = infrakt.run(&["runs", "logs", "1"]).exits(0).stdout;
    let boots: Vec<&str> = logs.lines().filter(|line| !line.starts_with("── ")).collect();
    assert_eq!(boots.len(), 2, "{logs}");
    assert_ne!(boots[0], boots[1]);
    assert_eq!(machine.root("ls /var/lib/infrakt/spool"), "");
}
