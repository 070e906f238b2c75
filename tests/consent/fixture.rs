//! A plan with a bit of everything, and its JSON to alter.

use infrakt::host_key::HostKey;
use infrakt::plan::{
    Action, Content, Effect, FORMAT, Keeper, Loss, LossEntry, Losses, Origin, Piece, Plan, Query, RecipeIdentity,
    ServerIdentity, Source, StateChange, Step,
};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A host key; with another letter (`A`, `E`, `I`, …) it is another one.
pub fn host_key(letter: &str) -> HostKey {
    format!("SHA256:{}", letter.repeat(43)).parse().expect("a host key")
}

pub fn step(title: &str, effect: Effect, action: Action) -> Step {
    let origin = Origin {
        file: "wipe.rhai".to_owned(),
        kept_by: Keeper::Path,
        line: 3,
        altered_by: None,
    };
    let secret = "TOKEN".to_owned();
    Step {
        unless: vec!["test -e /done".to_owned()],
        only_if: vec!["test -e /todo".to_owned()],
        env: BTreeMap::from([
            ("LANG".to_owned(), Piece::Text("C".to_owned())),
            ("TOKEN".to_owned(), Piece::Secret { secret }),
        ]),
        ..Step::new(Some("Wipe".to_owned()), title, effect, action, origin)
    }
}

pub fn run(title: &str, effect: Effect, command: &str) -> Step {
    let command = command.to_owned();
    step(title, effect, Action::Run { command })
}

pub fn loss(name: &str, detail: &str) -> Loss {
    Loss::named(name).with_detail(detail)
}

/// A plan that destroys, for `prod-2`.
pub fn plan() -> Plan {
    let upload = Action::Upload {
        path: "/etc/app.conf".to_owned(),
        content: Content::text("port = 80\n"),
        mode: "0644".to_owned(),
        owner: "root:root".to_owned(),
    };
    let forget = Action::State {
        change: StateChange::ForgetApps,
    };
    sealed(Plan {
        format: FORMAT,
        recipe: RecipeIdentity {
            name: "wipe.rhai".to_owned(),
            kept_by: Keeper::Path,
            overrides_shipped: false,
            sources: BTreeMap::from([(
                "wipe.rhai".to_owned(),
                Source {
                    kept_by: Keeper::Path,
                    sha256: "00ff".to_owned(),
                },
            )]),
            files: Default::default(),
        },
        server: ServerIdentity {
            id: 2,
            name: "prod-2".to_owned(),
            host: "192.0.2.7".to_owned(),
            port: 22,
            user: "root".to_owned(),
            host_key: Some(host_key("A")),
            machine_id: Some("0123456789abcdef0123456789abcdef".to_owned()),
            protected: Vec::new(),
        },
        parameters: BTreeMap::from([("email".to_owned(), "ops@example.org".into())]),
        inventory: Default::default(),
        secrets: BTreeSet::from(["TOKEN".to_owned()]),
        offline: false,
        queries: vec![Query {
            command: "uname -r".to_owned(),
            origin: Origin {
                file: "wipe.rhai".to_owned(),
                kept_by: Keeper::Path,
                line: 1,
                altered_by: None,
            },
        }],
        losses_complete: false,
        losses: Losses {
            containers: vec![
                loss("db", "postgres:16, running").with_identity("c1"),
                loss("web", "nginx, exited").with_identity("c2"),
            ],
            volumes: vec![Loss {
                bytes: Some(1_200_000_000),
                ..loss("pgdata", "1.2 GB").with_identity("2026-01-01T00:00:00Z")
            }],
            paths: vec![Loss {
                bytes: Some(600_000),
                entries: vec![
                    entry("backups", None),
                    entry("backups/shop.sql.gz", Some(1_800_000_000)),
                    entry("traefik", None),
                ],
                ..loss("/opt/infrakt", "600 kB").with_identity("directory")
            }],
            ..Losses::default()
        },
        consent_before: Some(1),
        report: Default::default(),
        steps: vec![
            run("Docker answers", Effect::Check, "docker info"),
            run("Remove all", Effect::Destroy, "docker system prune -af"),
            step("Write the configuration", Effect::Change, upload),
            step("Log in again", Effect::Check, Action::Reconnect { reboot: false }),
            step("Forget the apps", Effect::Destroy, forget),
        ],
        files_from: None,
        made_at: Some(Timestamp::now()),
        digest: String::new(),
    })
}

pub fn entry(path: &str, modified: Option<i64>) -> LossEntry {
    LossEntry {
        path: path.to_owned(),
        modified,
    }
}

/// A plan that takes nothing away and asks nothing.
pub fn harmless() -> Plan {
    let mut plan = plan();
    plan.steps = vec![run("Say hello", Effect::Change, "echo hello")];
    plan.losses = Losses::default();
    plan.consent_before = None;
    sealed(plan)
}

/// With the digest that belongs to it, as a forger would make it.
pub fn sealed(mut plan: Plan) -> Plan {
    plan.digest = plan.compute_digest();
    plan
}

/// Every JSON pointer to a value that holds no others, in the JSON of this plan.
pub fn leaves(plan: &Plan) -> (Value, Vec<String>) {
    let json = serde_json::to_value(plan).expect("a plan is JSON");
    let mut pointers = Vec::new();
    collect(&json, String::new(), &mut pointers);
    assert!(pointers.len() > 60, "{pointers:?}");
    (json, pointers)
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    let deeper = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| collect(value, deeper(key), pointers)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(index, value)| collect(value, deeper(&index.to_string()), pointers));
        }
        _ => pointers.push(at),
    }
}
