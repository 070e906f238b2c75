//! Plans in files: what was shown is what `apply` runs, on the machine that it was shown for, or nothing runs.

use crate::infrakt::{Infrakt, edit};
use crate::machine::Machine;
use infrakt::plan::Plan;
use serde_json::{Value, json};

fn apply(plan: &str) -> [&str; 4] {
    ["apply", plan, "--confirm", "prod-2"]
}

/// Gives an edited plan the digest that fits it, as an attacker would who knows how it is made.
fn sign(plan: &mut Value) {
    let edited: Plan = serde_json::from_value(plan.clone()).expect("a plan");
    plan["digest"] = edited.compute_digest().into();
}

fn destroying_step(plan: &mut Value) -> &mut Value {
    let steps = plan["steps"].as_array_mut().expect("steps");
    steps
        .iter_mut()
        .find(|step| step["effect"] == "destroy")
        .expect("a step that destroys")
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_saved_plan_runs_only_as_it_was_shown_and_where_it_still_fits() {
    let machine = Machine::up(&["--docker"]);
    machine.root(
        "docker volume create pgdata; docker volume create temporary; docker network create backend
         mkdir -p /opt/infrakt; cp /etc/machine-id /root/machine-id",
    );
    let infrakt = Infrakt::with_prod_2(&machine);
    let plan = infrakt.path("wipe.plan");
    let make = || {
        infrakt
            .run(&["plan", "wipe", "--server", "prod-2", "--out", &plan])
            .exits(0);
    };
    let before = machine.state();

    make();
    infrakt.run(&["apply", &plan]).exits(3).says("--confirm prod-2");

    let destroy_elsewhere = |plan: &mut Value| {
        destroying_step(plan)["action"]["command"] = "rm -rf /srv".into();
    };
    edit(&plan, destroy_elsewhere);
    infrakt
        .run(&apply(&plan))
        .exits(3)
        .says("it was modified after it was made");
    // A false effect, so that infrakt would not ask for consent.
    let lie = |plan: &mut Value| {
        for step in plan["steps"].as_array_mut().expect("steps") {
            step["effect"] = "change".into();
        }
        plan["consent_before"] = Value::Null;
    };
    make();
    edit(&plan, |plan| {
        lie(plan);
        sign(plan);
    });
    infrakt
        .run(&["apply", &plan])
        .exits(2)
        .says("is not marked as destructive");
    // The same, of commands only.
    let lie = |plan: &mut Value| {
        lie(plan);
        let steps = plan["steps"].as_array_mut().expect("steps");
        steps.retain(|step| step["action"]["kind"] == "run");
    };
    make();
    edit(&plan, lie);
    infrakt
        .run(&["apply", &plan])
        .exits(3)
        .says("it was modified after it was made");
    make();
    edit(&plan, |plan| {
        lie(plan);
        sign(plan);
    });
    infrakt.run(&["apply", &plan]).exits(2).says("destroys");
    // Fewer losses than there are, with a digest that fits.
    make();
    edit(&plan, |plan| {
        plan["losses"]["volumes"] = json!([]);
        sign(plan);
    });
    infrakt.run(&apply(&plan)).exits(3).says("volume pgdata");
    assert_eq!(machine.state(), before);

    // A plan made offline, and made to look as if it were not.
    let offline = [
        "plan",
        "wipe",
        "--server",
        "prod-2",
        "--offline",
        "--facts",
        "debian-13",
        "--out",
        &plan,
    ];
    infrakt.run(&offline).exits(0);
    infrakt.run(&apply(&plan)).exits(3);
    edit(&plan, |plan| {
        plan["offline"] = false.into();
        sign(plan);
    });
    infrakt.run(&apply(&plan)).exits(3);
    assert_eq!(machine.state(), before);
    let facts = infrakt.path("facts.json");
    std::fs::write(&facts, infrakt.run(&["facts", "prod-2"]).exits(0).stdout).expect("facts");
    infrakt
        .run(&[
            "plan",
            "wipe",
            "--server",
            "prod-2",
            "--offline",
            "--facts",
            &facts,
            "--out",
            &plan,
        ])
        .exits(0);
    infrakt.run(&apply(&plan)).exits(3).says("offline");

    // The machine has changed since the plan was made.
    make();
    let refused_after = |change: &str, said: &str, undo: &str| {
        machine.root(change);
        infrakt.run(&apply(&plan)).exits(3).says(said);
        machine.root(undo);
        assert_eq!(machine.state(), before, "{change}");
    };
    refused_after("docker volume create late", "volume late", "docker volume rm late");
    refused_after(
        "echo 0123456789abcdef0123456789abcdef >/etc/machine-id",
        "machine-id",
        "cp /root/machine-id /etc/machine-id",
    );
    refused_after(
        "mkdir /etc/infrakt; touch /etc/infrakt/host",
        "marker /etc/infrakt/host",
        "rm -r /etc/infrakt",
    );
    // So has the inventory.
    infrakt
        .run(&["app", "add", "late", "--server", "prod-2", "--image", "x"])
        .exits(0);
    infrakt.run(&apply(&plan)).exits(3).says("app late");
    infrakt.run(&["app", "remove", "late", "--yes"]).exits(0);
    assert_eq!(machine.state(), before);

    // A plan for a protected server, whose reasons were struck out.
    infrakt.run(&["server", "update", "prod-2", "--infrakt-host"]).exits(0);
    make();
    edit(&plan, |plan| {
        assert_ne!(plan["server"]["protected"], json!([]));
        plan["server"]["protected"] = json!([]);
        sign(plan);
    });
    infrakt.run(&apply(&plan)).exits(3).says("protected");
    infrakt
        .run(&["server", "update", "prod-2", "--no-infrakt-host", "--confirm", "prod-2"])
        .exits(0);
    machine.root("rmdir /etc/infrakt");
    assert_eq!(machine.state(), before);

    // The same names, other data.
    let refused_with = |change: &str, said: &str| {
        make();
        machine.root(change);
        infrakt
            .run(&apply(&plan))
            .exits(3)
            .says("more data would be deleted")
            .says(said);
    };
    refused_with(
        "docker volume rm temporary; docker volume create temporary
         head -c 30000000 /dev/urandom >/var/lib/docker/volumes/temporary/_data/orders",
        "volume temporary (recreated since)",
    );
    refused_with(
        "head -c 60000000 /dev/urandom >/var/lib/docker/volumes/temporary/_data/orders",
        "volume temporary (grew to 60 MB)",
    );
    refused_with(
        "mkdir -p /opt/infrakt/backups; for n in 1 2 3 4 5; do echo $n >/opt/infrakt/backups/$n.gz; done",
        "path /opt/infrakt/backups/1.gz",
    );
    refused_with(
        "touch -d 2020-01-01 /opt/infrakt/backups/1.gz",
        "path /opt/infrakt/backups/1.gz (changed since)",
    );
    refused_with("mkdir /opt/infrakt/shop", "path /opt/infrakt/shop");
    refused_with(
        "docker network rm backend; docker network create backend",
        "network backend (recreated since)",
    );
    // What is shown before the consent is what is there then.
    make();
    machine.root("head -c 500000 /dev/urandom >/var/lib/docker/volumes/pgdata/_data/table");
    infrakt.run(&["apply", &plan]).exits(3).says("pgdata  50");
    // A plan that destroys can be applied for a day.
    edit(&plan, |plan| {
        plan["made_at"] = "2026-01-01T00:00:00Z".into();
        sign(plan);
    });
    infrakt
        .run(&apply(&plan))
        .exits(3)
        .says("can only be applied for 24 hours");

    // Something that is gone since is no reason; and then it does what it showed.
    make();
    machine.root("docker volume rm temporary");
    infrakt.run(&apply(&plan)).exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert!(!machine.holds("test -e /opt/infrakt"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_plan_shows_what_would_change_on_the_machine_as_it_is() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let before = machine.state();
    let shown = infrakt
        .run(&["plan", "provision", "--server", "prod-2", "--full"])
        .exits(0)
        .says("pgdata")
        .says("would change")
        .says("digest ");
    // There is no swarm to leave, and Docker runs.
    let marked = |title: &str, mark: &str| {
        let line = shown.stdout.lines().find(|line| line.contains(title));
        assert!(line.is_some_and(|line| line.ends_with(mark)), "{title}: {line:?}");
    };
    marked("Leave the swarm", "no change");
    marked("Stop all containers", "would change");
    marked("Start docker, now and at every boot", "no change");
    assert_eq!(machine.state(), before);
    let plan = infrakt.json(&["plan", "wipe", "--server", "prod-2"]);
    assert_eq!((&plan["format"], &plan["offline"]), (&json!(2), &json!(false)));
    assert_eq!(
        plan["marks"].as_array().unwrap().len(),
        plan["steps"].as_array().unwrap().len()
    );

    // From the machine's facts in a file: the same bytes every time, and no network.
    let facts = infrakt.path("facts.json");
    std::fs::write(&facts, infrakt.run(&["facts", "prod-2"]).exits(0).stdout).expect("facts");
    infrakt.run(&["server", "update", "prod-2", "--port", "1"]).exits(0);
    for facts in [facts.as_str(), "debian-13"] {
        let words = [
            "plan",
            "provision",
            "--server",
            "prod-2",
            "--offline",
            "--facts",
            facts,
            "--json",
        ];
        let (first, second) = (infrakt.run(&words).exits(0), infrakt.run(&words).exits(0));
        assert_eq!(first.stdout, second.stdout);
        assert!(first.stdout.contains("\"offline\": true"));
    }
}
