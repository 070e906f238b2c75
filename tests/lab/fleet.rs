//! Several machines at the same time.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use serde_json::{Value, json};

/// Counts how often it has run, so that a run too many is seen.
const COUNTED: &str = r#"//! Set the message of the day.

let message = param("message", "hello");
ssh::upload("Write the message", "/etc/motd", message + "\n");
ssh::run("Count", "echo once >>/root/count");
ssh::check("It is there", `grep -qxF ${quote(message)} /etc/motd`);
"#;

const NETWORK: &str = "for device in /sys/class/net/*; do
    name=${device##*/}; [ \"$name\" = lo ] || ip link set \"$name\" ";

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn of_three_machines_one_is_down_and_is_done_later_with_retry() {
    let [first, second, third] = Machine::up_together([&[], &[], &[]]);
    let infrakt = Infrakt::new();
    for (name, machine) in [("web-1", &first), ("web-2", &second), ("web-3", &third)] {
        infrakt.add_with(name, machine, &["--tag", "web"]);
    }
    let recipe = infrakt.recipe("motd.rhai", COUNTED);
    let count = |machine: &Machine| machine.root("cat /root/count 2>/dev/null || true");

    third.root(&format!("{NETWORK} down; done"));
    infrakt
        .run(&["run", &recipe, "--tag", "web", "--set", "message=two words"])
        .exits(4)
        .says("cannot reach 'web-3'")
        .says("2 of 3 done, 1 unreachable")
        .says("infrakt runs retry g1");
    assert!(first.holds("grep -qx 'two words' /etc/motd"));
    assert!(second.holds("grep -qx 'two words' /etc/motd"));

    third.root(&format!("{NETWORK} up; done"));
    infrakt.run(&["runs", "retry", "g1"]).exits(0).says("1 of 1 done");
    assert!(third.holds("grep -qx 'two words' /etc/motd"));
    assert_eq!([count(&first), count(&second), count(&third)], ["once", "once", "once"]);

    // A destructive run requires each server's name, and changes no server until it has all of them.
    let wipe = [
        "run",
        "wipe",
        "--tag",
        "web",
        "--confirm",
        "web-1",
        "--confirm",
        "web-3",
    ];
    infrakt.run(&wipe).exits(3).says("--confirm web-2");
    assert_eq!(infrakt.json(&["runs", "list"]).as_array().expect("a list").len(), 3);
    infrakt
        .run(&[wipe.as_slice(), &["--confirm", "web-2"]].concat())
        .exits(0)
        .says("3 of 3 done");
    for (run, server) in [("4", "web-1"), ("5", "web-2"), ("6", "web-3")] {
        let shown: Value = infrakt.json(&["runs", "show", run]);
        assert_eq!((&shown["server"], &shown["group"]), (&json!(server), &json!("g3")));
        assert_eq!(shown["consent"]["server"], server);
    }
}
