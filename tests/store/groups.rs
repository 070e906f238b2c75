use crate::fixture::{MACHINE_ONE, Place, add, code, plan};
use infrakt::event::{Outcome, RunEvent, RunState};
use infrakt::plan::Plan;
use infrakt::store::{BegunGroup, GroupId, GroupStage, Identity, LeftOut, Member, NewGroup, NewStage, Server, Store};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

fn begin(store: &Store, plans: &[Plan], left_out: &[&Server], retry_of: Option<GroupId>) -> BegunGroup {
    let parameters = BTreeMap::from([("port".to_owned(), 9090.into())]);
    let new = NewGroup {
        recipe: "/home/me/mine.rhai",
        parameters: &parameters,
        operator: "alice",
        retry_of,
        or_nothing: false,
        stages: &[],
    };
    let planned = plans.iter().map(|plan| Member::Planned { plan, consent: None });
    let left_out = left_out.iter().map(|server| Member::LeftOut {
        server_id: server.id,
        server: &server.name,
        why: LeftOut::Unreachable,
        reason: "nothing answers".to_owned(),
    });
    store
        .begin_group(&new, &planned.chain(left_out).collect::<Vec<_>>())
        .unwrap()
}

fn done() -> RunEvent {
    RunEvent::RunEnded {
        state: RunState::Done,
        reason: None,
    }
}

/// `a done`, in the order of the group; `-` for one that has no run.
fn standing(store: &Store, group: GroupId) -> Vec<String> {
    let servers = store.run_group(group).unwrap().servers;
    let word = |state: Option<RunState>| state.map_or("-", RunState::as_str);
    servers
        .iter()
        .map(|server| format!("{} {}", server.server, word(server.state)))
        .collect()
}

#[test]
fn a_group_records_what_a_retry_needs_and_what_retries_have_done() {
    let place = Place::new();
    let store = place.store();
    let [a, b, c] = ["a", "b", "c"].map(|name| add(&store, name));
    let first = begin(&store, &[plan(&a, false), plan(&b, false)], &[&c], None);
    for (run, state) in first.runs.into_iter().zip([RunState::Done, RunState::Failed]) {
        let end = RunEvent::RunEnded { state, reason: None };
        run.unwrap().open().unwrap().append(&[end], None).unwrap();
    }
    let group = store.run_group(first.id).unwrap();
    assert_eq!(group.recipe, "/home/me/mine.rhai");
    assert_eq!(group.parameters["port"], 9090);
    assert_eq!(standing(&store, first.id), ["a done", "b failed", "c -"]);

    let second = begin(&store, &[plan(&c, false)], &[&b], Some(first.id));
    for run in second.runs {
        run.unwrap().open().unwrap().append(&[done()], None).unwrap();
    }

    // The whole chain, by any of its groups.
    for id in [first.id, second.id] {
        assert_eq!(store.run_group(id).unwrap().id, first.id);
        assert_eq!(standing(&store, id), ["a done", "b -", "c done"]);
    }
    // A retry of a retry belongs to the first one as well.
    let third = begin(&store, &[plan(&b, false)], &[], Some(second.id));
    assert_eq!(standing(&store, third.id), ["a done", "b running", "c done"]);
    assert_eq!(store.group_of_run(1).unwrap(), Some(first.id));
    assert_eq!(code(store.run_group(GroupId(99))), "unknown_group");
}

#[test]
fn a_group_refuses_only_the_servers_concerned() {
    let place = Place::new();
    let store = place.store();
    let [a, b, c] = ["a", "b", "c"].map(|name| add(&store, name));
    for server in [&a, &b] {
        store
            .record_identity(
                server.id,
                Identity {
                    machine_id: Some(MACHINE_ONE),
                    ..Identity::default()
                },
            )
            .unwrap();
    }
    let plans = [plan(&a, false), plan(&b, false), plan(&c, true)];

    let group = begin(&store, &plans, &[], None);

    let [of_a, of_b, of_c] = <[_; 3]>::try_from(group.runs).ok().unwrap();
    assert_eq!(of_a.unwrap().run_id(), 1);
    assert_eq!(code(of_b), "locked", "it is the machine that a runs on");
    assert_eq!(code(of_c), "consent_missing");
    assert_eq!(standing(&store, group.id), ["a interrupted", "b -", "c -"]);
}

#[test]
fn a_waiting_run_locks_its_server_and_is_not_lost() {
    let place = Place::new();
    let store = place.store();
    let [a, b] = ["a", "b"].map(|name| add(&store, name));
    let group = begin(&store, &[plan(&a, false), plan(&b, false)], &[], None);
    let mut runs: Vec<_> = group.runs.into_iter().map(Result::unwrap).collect();
    assert_eq!(code(store.begin_run(&plan(&b, false), None, "bob")), "locked");

    store
        .end_queued(runs.split_off(1), "not started: stopped by Ctrl-C")
        .unwrap();

    let ended = store.run(2).unwrap();
    assert_eq!(ended.state, RunState::Interrupted);
    assert_eq!(ended.reason.as_deref(), Some("not started: stopped by Ctrl-C"));
    let steps = store.steps_of(2).unwrap();
    assert!(steps.iter().all(|step| step.outcome == Some(Outcome::Skipped)));
    assert_eq!(store.run(1).unwrap().state, RunState::Running);
    // The process ends without giving the other one its turn.
    drop(runs);
    assert_eq!(standing(&store, group.id), ["a interrupted", "b interrupted"]);
    store.reopen_run(2, &plan(&b, false), None, "alice").unwrap();
}

#[test]
fn a_single_run_has_no_group() {
    let place = Place::new();
    let store = place.store();
    let [a, b] = ["a", "b"].map(|name| add(&store, name));
    let alone = begin(&store, &[plan(&a, false)], &[], None);
    drop(alone.runs);
    let together = begin(&store, &[plan(&a, false)], &[&b], None);
    drop(together.runs);

    assert_eq!(store.run(1).unwrap().group, None);
    assert_eq!(store.run(2).unwrap().group, Some(together.id));
    assert_eq!(together.id.to_string(), "g2");
    assert_eq!(store.group_of_run(1).unwrap(), Some(alone.id));
    assert_eq!("g2".parse(), Ok(together.id));
    assert!("2".parse::<GroupId>().is_err());
}

#[test]
fn a_group_knows_the_stages_of_its_servers_also_in_a_retry() {
    let place = Place::new();
    let store = place.store();
    let plans: Vec<Plan> = ["a", "b"].iter().map(|name| plan(&add(&store, name), false)).collect();
    let stage = |name: &str, port: u16| GroupStage {
        name: name.to_owned(),
        recipe: format!("/home/me/{name}.rhai"),
        parameters: BTreeMap::from([("port".to_owned(), port.into())]),
        parallel: NonZeroU32::new(1),
        fail_fast: true,
    };
    let stages = [stage("db", 5432), stage("web", 80)];
    let new = |servers: [usize; 2]| {
        let counted = stages.iter().cloned().zip(servers);
        counted
            .map(|(stage, servers)| NewStage { stage, servers })
            .collect::<Vec<_>>()
    };
    let parameters = BTreeMap::new();
    let group = |stages: &[NewStage], plans: &[Plan], retry_of| {
        let new = NewGroup {
            recipe: "/home/me/deploy.toml",
            parameters: &parameters,
            operator: "alice",
            retry_of,
            or_nothing: false,
            stages,
        };
        let members: Vec<Member<'_>> = plans
            .iter()
            .map(|plan| Member::Planned { plan, consent: None })
            .collect();
        store.begin_group(&new, &members).unwrap()
    };
    let first = group(&new([1, 1]), &plans, None);
    drop(first.runs);
    let retried = group(&new([0, 1]), &plans[1..], Some(first.id));
    let run = retried.runs[0].as_ref().unwrap().run_id();
    let found = store.run_group(first.id).unwrap();
    assert_eq!(found.stages, stages);
    let places: Vec<_> = found
        .servers
        .iter()
        .map(|server| (server.server.as_str(), server.stage.as_deref()))
        .collect();
    assert_eq!(places, [("a", Some("db")), ("b", Some("web"))]);
    assert_eq!(found.servers[1].run, Some(run));
    assert_eq!(store.run(run).unwrap().stage.as_deref(), Some("web"));
}
