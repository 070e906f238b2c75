//! Between plan and act: does the machine that answers still fit the plan?

use crate::fixture::{entry, harmless, host_key, loss, plan, sealed};
use infrakt::error::Refusal;
use infrakt::plan::{Losses, Plan, ServerIdentity};
use infrakt::runtime::compare;

/// What does not fit any more.
fn reason(plan: &Plan, now: &ServerIdentity, losses: &Losses) -> Option<String> {
    match compare(plan, now, losses) {
        Ok(()) => None,
        Err(infrakt::error::Error::Refused(Refusal::StalePlan { reason, server })) => {
            assert_eq!(server, "prod-2");
            Some(reason.to_string())
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_same_machine_with_the_same_things_fits() {
    for plan in [plan(), harmless()] {
        assert_eq!(reason(&plan, &plan.server, &plan.losses), None);
    }
}

#[test]
fn another_machine_row_address_or_key_does_not_fit() {
    type Alter = fn(&mut ServerIdentity);
    let changes: [(&str, Alter); 8] = [
        ("removed and added again", |now| now.id = 3),
        ("address or user", |now| now.host = "192.0.2.8".to_owned()),
        ("address or user", |now| now.port = 2222),
        ("address or user", |now| now.user = "deploy".to_owned()),
        ("host key", |now| now.host_key = Some(host_key("E"))),
        ("host key", |now| now.host_key = None),
        ("machine-id", |now| now.machine_id = Some("f".repeat(32))),
        ("machine-id", |now| now.machine_id = None),
    ];
    for plan in [plan(), harmless()] {
        for (words, change) in changes {
            let mut now = plan.server.clone();
            change(&mut now);
            let reason = reason(&plan, &now, &plan.losses).unwrap_or_default();
            assert!(reason.contains(words), "{words}: {reason}");
        }
    }
}

#[test]
fn new_losses_are_named_and_vanished_ones_are_ignored() {
    let plan = plan();
    let mut more = plan.losses.clone();
    more.volumes.push(loss("orders", "3 GB"));
    more.apps.push(loss("shop", ""));
    let reason_of = |losses: &Losses| reason(&plan, &plan.server, losses);
    let said = reason_of(&more).unwrap();
    assert!(said.ends_with("volume orders, app shop"), "{said}");
    assert_eq!(reason_of(&Losses::default()), None);
    let mut grown = plan.losses.clone();
    grown.volumes[0].detail = Some("9 TB".to_owned());
    assert_eq!(reason_of(&grown), None, "a size is no new thing");
    assert_eq!(reason(&harmless(), &plan.server, &more), None, "nothing of it is lost");
}

#[test]
fn a_recreated_thing_of_the_same_name_is_a_new_loss() {
    type Alter = fn(&mut Losses);
    let plan = plan();
    let changes: [(&str, Alter); 7] = [
        ("volume pgdata (recreated since)", |now| {
            now.volumes[0] = loss("pgdata", "30 MB").with_identity("2026-11-27T04:00:00Z");
        }),
        ("volume pgdata (recreated since)", |now| now.volumes[0].identity = None),
        ("container web (recreated since)", |now| {
            now.containers[1].identity = Some("c3".to_owned());
        }),
        ("path /opt/infrakt/apps", |now| {
            now.paths[0].entries.insert(0, entry("apps", None));
        }),
        ("path /opt/infrakt/backups/new.gz", |now| {
            now.paths[0].entries.push(entry("backups/new.gz", Some(1)));
        }),
        ("path /opt/infrakt/backups/shop.sql.gz (changed since)", |now| {
            now.paths[0].entries[1].modified = Some(1_800_000_001);
        }),
        ("path /opt/infrakt (recreated since)", |now| {
            now.paths[0].identity = Some("symlink".to_owned());
        }),
    ];
    for (new, change) in changes {
        let mut now = plan.losses.clone();
        change(&mut now);
        let said = reason(&plan, &plan.server, &now).unwrap_or_default();
        assert!(said.ends_with(&format!("than the plan shows: {new}")), "{new}: {said}");
    }
    let mut networks = plan.losses.clone();
    networks.networks = vec![loss("net", "").with_identity("n1"), loss("net", "").with_identity("n2")];
    let mut other = networks.clone();
    other.networks.reverse();
    assert_eq!(other.new_since(&networks), Vec::<String>::new(), "two of one name");
}

#[test]
fn considerable_growth_is_a_new_loss() {
    let plan = plan();
    let grown = |bytes: u64, detail: &str| {
        let mut now = plan.losses.clone();
        now.volumes[0].bytes = Some(bytes);
        now.volumes[0].detail = Some(detail.to_owned());
        reason(&plan, &plan.server, &now)
    };
    assert_eq!(grown(1_000_000_000, "1.0 GB"), None, "what shrank is no loss");
    assert_eq!(grown(1_300_000_000, "1.3 GB"), None);
    let said = grown(1_400_000_000, "1.4 GB").unwrap_or_default();
    assert!(said.ends_with("volume pgdata (grew to 1.4 GB)"), "{said}");
    let mut small = plan.losses.clone();
    small.volumes[0].bytes = Some(5);
    let mut now = small.clone();
    now.volumes[0].bytes = Some(900_000);
    assert_eq!(now.new_since(&small), Vec::<String>::new(), "a megabyte is noise");
    now.volumes[0].bytes = Some(30_000_000);
    now.volumes[0].detail = Some("30 MB".to_owned());
    assert_eq!(now.new_since(&small), ["volume pgdata (grew to 30 MB)"]);
    now.volumes[0].bytes = None;
    assert_eq!(now.new_since(&small), Vec::<String>::new(), "not measured in time");
}

#[test]
fn a_plan_of_an_older_version_compares_by_name() {
    let mut old = plan().losses;
    old.volumes[0].identity = None;
    old.paths[0].identity = None;
    old.paths[0].entries.clear();
    assert_eq!(plan().losses.new_since(&old), Vec::<String>::new());
}

#[test]
fn new_losses_are_named_by_kind_and_name() {
    let before = plan().losses;
    assert_eq!(before.new_since(&before), Vec::<String>::new());
    assert_eq!(Losses::default().new_since(&before), Vec::<String>::new());
    let mut moved = before.clone();
    moved.networks = std::mem::take(&mut moved.volumes);
    assert_eq!(moved.new_since(&before), ["network pgdata"]);
    assert_eq!(before.new_since(&Losses::default()).len(), 4);
}

#[test]
fn an_offline_plan_checks_the_machine_against_its_facts() {
    let mut offline = harmless();
    offline.offline = true;
    offline.server.machine_id = None;
    offline.server.host_key = None;
    let now = harmless().server;
    assert_eq!(reason(&sealed(offline.clone()), &now, &Losses::default()), None);
    offline.server.machine_id = Some("f".repeat(32));
    let said = reason(&sealed(offline), &now, &Losses::default()).unwrap();
    assert!(said.contains("machine-id"), "{said}");
}

#[test]
fn a_plan_made_online_treats_new_identities_as_a_change() {
    let mut online = harmless();
    online.server.machine_id = None;
    let said = reason(&sealed(online), &harmless().server, &Losses::default()).unwrap();
    assert!(said.contains("machine-id"), "{said}");
}
