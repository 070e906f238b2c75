//! The shipped examples on a machine: each does what it says, and finds everything in place when it runs again.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, key};

/// What an example needs on the machine, what it is given, and what must hold afterwards.
struct Example {
    name: &'static str,
    before: &'static str,
    settings: Vec<String>,
    afterwards: &'static str,
}

fn example(name: &'static str, settings: &[&str], afterwards: &'static str) -> Example {
    Example {
        name,
        before: "true",
        settings: settings.iter().map(|one| (*one).to_owned()).collect(),
        afterwards,
    }
}

const ADA: &str = "people=ada=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL0pQ5xVtLpYkFqR0mJrC6Q2oTn5m0kKqk0hYkWm3V7s ada";

/// All but those that the lab's kernel refuses (swap) or that only make sense on other machines.
fn examples() -> Vec<Example> {
    let public = std::fs::read_to_string(format!("{}.pub", key())).expect("the lab's public key");
    vec![
        Example {
            settings: vec![format!("keys={}", public.trim())],
            ..example("ssh-keys-only", &[], "sshd -T | grep -qx 'passwordauthentication no'")
        },
        Example {
            before: "useradd --create-home eve",
            ..example(
                "users",
                &[ADA, "left=eve"],
                "id -nG ada | grep -qw sudo && ! id eve && test ! -e /home/eve",
            )
        },
        example(
            "postgres",
            &["keep=3"],
            "systemctl start dump-shop && ls /var/backups/postgres/shop-*.dump",
        ),
        example("virtual-hosts", &[], "curl -sS -o /dev/null http://127.0.0.1/"),
        example(
            "compose-app",
            &[],
            "docker ps --format '{{.Image}}' | grep -qx busybox:1",
        ),
        Example {
            before: "systemctl unmask apt-daily.timer apt-daily-upgrade.timer",
            ..example("base", &["name=web-7"], "test \"$(uname -n)\" = web-7")
        },
        example(
            "nightly-job",
            &["command=date +%F"],
            "logrotate --debug /etc/logrotate.conf",
        ),
        example("patch", &[], "true"),
        example("certificate-report", &[], "true"),
        Example {
            before: "apt-get install -qq git; git config --system safe.directory '*'
                git init --quiet --initial-branch main /srv/app.git; cd /srv/app.git; mkdir bin
                printf '#!/bin/sh\\nexec sleep infinity\\n' >bin/serve; chmod +x bin/serve; git add .
                git -c user.name=a -c user.email=a@example.org commit --quiet --message first; git tag v1",
            ..example(
                "git-app",
                &["url=/srv/app.git", "version=v1"],
                "systemctl is-active app && test \"$(git -C /srv/app rev-parse HEAD)\" = \"$(git -C /srv/app.git rev-parse v1)\"",
            )
        },
    ]
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn every_example_changes_nothing_the_second_time() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine)
        .with("INFRAKT_SECRET_DATABASE_PASSWORD", "it's a secret")
        .with("INFRAKT_SECRET_APP_PASSWORD", "another one");
    // This one has files beside it, which a copy of it has too.
    infrakt.ok(&["recipe", "new", "site", "--template", "examples/site"]);
    let mut run = 0;
    for Example {
        name,
        before,
        settings,
        afterwards,
    } in examples()
    {
        machine.root(before);
        let recipe = match name {
            "site" => "./site.rhai".to_owned(),
            _ => format!("examples/{name}"),
        };
        let mut words = vec!["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"];
        words.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        for again in [false, true] {
            run += 1;
            infrakt.run(&words).exits(0);
            let outcomes = infrakt.outcomes(&run.to_string());
            let changed = outcomes.iter().any(|outcome| outcome == "changed");
            assert!(!(changed && again), "{name}: {outcomes:?}");
        }
        assert!(machine.holds(afterwards), "{name}: {afterwards}");
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn recipe_test_names_what_changes_again_on_a_machine_of_the_lab() {
    // It says why if no lab can run here.
    key();
    let infrakt = Infrakt::new().with("INFRAKT_LAB", concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab"));
    let text = "ssh::upload(\"Once\", \"/srv/once\", \"1\");\nssh::run(\"Always\", \"date\");\n";
    let recipe = infrakt.recipe("again.rhai", text);
    let ended = infrakt.run(&["recipe", "test", &recipe, "--lab"]).exits(1);
    assert!(
        ended.stdout.contains("'Always' changed again") && !ended.stdout.contains("'Once'"),
        "{ended}"
    );
}
