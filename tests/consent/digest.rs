//! A consent is for one digest: it must change with everything of substance, and with nothing else.

use crate::fixture::{leaves, loss, plan};
use infrakt::plan::Plan;
use serde_json::{Value, json};

fn altered(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "check" => "change".into(),
            "change" | "destroy" => "check".into(),
            "shipped" | "user" => "path".into(),
            "path" => "shipped".into(),
            fingerprint if fingerprint.starts_with("SHA256:AAAA") => fingerprint.replace("AAAA", "EEEE").into(),
            text => format!("{text}x").into(),
        },
        Value::Number(number) => (number.as_u64().expect("only whole numbers") + 1).into(),
        Value::Bool(bool) => (!bool).into(),
        other => panic!("{other} is no leaf that can be altered"),
    }
}

#[test]
fn the_digest_covers_every_value_except_sizes_and_states() {
    let mut original = plan();
    original.inventory = serde_json::from_value(json!({
        "vars": { "region": "eu" },
        "names": ["region"],
        "servers": { "web": { "names": ["web-1"], "sha256": "ab" } },
    }))
    .unwrap();
    original.digest = original.compute_digest();
    let (json, pointers) = leaves(&original);
    let mut covered = 0;
    for pointer in pointers {
        let mut json = json.clone();
        let value = json.pointer_mut(&pointer).expect("a leaf");
        *value = altered(value);
        // Words of an enumeration have no neighbour that can be read.
        let Ok(other) = serde_json::from_value::<Plan>(json) else {
            let word = ["/kind", "/change", "/made_at"]
                .iter()
                .any(|end| pointer.ends_with(end));
            assert!(word, "{pointer}");
            continue;
        };
        let same = other.compute_digest() == original.digest;
        let left_out = pointer.ends_with("/detail") || pointer.ends_with("/bytes") || pointer == "/digest";
        assert_eq!(same, left_out, "{pointer}");
        covered += 1;
    }
    assert!(covered > 50, "{covered}");
}

#[test]
fn the_digest_covers_added_and_removed_entries() {
    let original = plan();
    let changes: [fn(&mut Plan); 15] = [
        |plan| plan.inventory.names = Some(Vec::new()),
        |plan| drop(plan.inventory.vars.insert("region".to_owned(), Value::Null)),
        |plan| plan.losses.volumes[0].identity = Some("2026-01-02T00:00:00Z".to_owned()),
        |plan| plan.losses.containers[0].identity = None,
        |plan| plan.losses.paths[0].entries[1].modified = Some(1_800_000_001),
        |plan| plan.made_at = Some("2026-01-01T00:00:00Z".parse().unwrap()),
        |plan| drop(plan.steps.pop()),
        |plan| plan.steps.swap(0, 1),
        |plan| plan.steps[0].unless.clear(),
        |plan| plan.steps[0].env.clear(),
        |plan| plan.losses.volumes.push(loss("new", "")),
        |plan| drop(plan.losses.containers.pop()),
        |plan| plan.consent_before = None,
        |plan| plan.server.machine_id = None,
        |plan| plan.secrets.clear(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut plan = original.clone();
        change(&mut plan);
        assert_ne!(plan.compute_digest(), original.digest, "change {index}");
    }
}

#[test]
fn the_digest_distinguishes_kinds_with_the_same_name() {
    let original = plan();
    let mut other = original.clone();
    other.losses.networks = std::mem::take(&mut other.losses.volumes);
    assert_ne!(other.compute_digest(), original.digest);
}

#[test]
fn the_digest_ignores_sizes_states_and_their_order() {
    let original = plan();
    let mut other = original.clone();
    other.losses.containers.reverse();
    other.losses.volumes[0].bytes = Some(9_000_000_000_000);
    other.losses.volumes[0].detail = Some("9 TB".to_owned());
    other.losses.paths[0].detail = None;
    assert_eq!(other.compute_digest(), original.digest);
}

#[test]
fn the_digest_stays_the_same_after_saving_and_reading() {
    let original = plan();
    let text = serde_json::to_string_pretty(&original).unwrap();
    let read = Plan::parse(&text, "the plan").unwrap();
    assert_eq!(read, original);
    assert_eq!(read.compute_digest(), original.digest);
    assert_eq!(json!(read.digest).as_str().map(str::len), Some(64));
}
