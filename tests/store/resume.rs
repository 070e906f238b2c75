//! A run that ended early can be resumed: finished steps are not repeated, and the consent holds for a day.

use crate::fixture::{Place, add, code, plan};
use infrakt::consent::{Consent, Means};
use infrakt::event::{Outcome, RunEvent, RunState, StretchPosition};
use infrakt::plan::Effect;
use infrakt::store::{Server, Store};
use jiff::{SignedDuration, Timestamp};

fn consent(server: &Server) -> Consent {
    Consent {
        server: server.name.clone(),
        digest: "d1".to_owned(),
        who: "alice".to_owned(),
        how: Means::Typed,
        at: Timestamp::now(),
    }
}

fn ended(step: usize, outcome: Outcome) -> RunEvent {
    RunEvent::StepEnded {
        step,
        outcome,
        exit_status: None,
        duration_ms: 1,
        reason: None,
    }
}

fn run_ended(state: RunState) -> RunEvent {
    RunEvent::RunEnded { state, reason: None }
}

fn outcomes(store: &Store, run: i64) -> Vec<Option<Outcome>> {
    let steps = store.steps_of(run).unwrap();
    steps.into_iter().map(|step| step.outcome).collect()
}

/// A run of three steps: the first is done, the second is not known to be, the third was never reached.
fn interrupted(store: &Store, server: &Server, position: StretchPosition) -> i64 {
    let mut journal = store
        .begin_run(&plan(server, true), Some(&consent(server)), "alice")
        .unwrap();
    journal
        .append(
            &[
                RunEvent::StepStarted { step: 0 },
                ended(0, Outcome::Changed),
                RunEvent::StepStarted { step: 1 },
                ended(1, Outcome::Unknown),
                ended(2, Outcome::Skipped),
                run_ended(RunState::Interrupted),
            ],
            Some(&position),
        )
        .unwrap();
    journal.run_id()
}

#[test]
fn finished_steps_stay_finished_and_the_rest_is_open() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let position = StretchPosition {
        journal: 40,
        out: 7,
        ..StretchPosition::start(1, 0)
    };
    let run = interrupted(&store, &server, position);
    assert_eq!(store.last_position_of(run).unwrap(), Some(position));

    let mut journal = store.reopen_run(run, &plan(&server, true), None, "bob").unwrap();
    assert_eq!(store.run(run).unwrap().state, RunState::Running);
    // The stretch is running or has ended unseen: how the second step ended must still be read from the server.
    assert_eq!(outcomes(&store, run), [Some(Outcome::Changed), None, None]);
    assert_eq!(store.notices_of(run).unwrap(), ["resumed by bob"]);
    assert_eq!(code(store.reopen_run(run, &plan(&server, true), None, "eve")), "locked");

    journal.append(&[run_ended(RunState::Done)], None).unwrap();
    drop(journal);
    assert_eq!(
        code(store.reopen_run(run, &plan(&server, true), None, "bob")),
        "not_resumable"
    );
}

#[test]
fn a_step_stays_unknown_when_nothing_more_can_come_from_the_server() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let position = StretchPosition {
        ended: true,
        ..StretchPosition::start(1, 0)
    };
    let run = interrupted(&store, &server, position);
    let _journal = store.reopen_run(run, &plan(&server, true), None, "bob").unwrap();
    assert_eq!(
        outcomes(&store, run),
        [Some(Outcome::Changed), Some(Outcome::Unknown), None]
    );
}

#[test]
fn a_run_took_the_time_of_steps_that_the_server_executed_while_nothing_followed_them() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let run = interrupted(&store, &server, StretchPosition::start(1, 0));
    let ago = |seconds| (Timestamp::now() - SignedDuration::from_secs(seconds)).to_string();
    let changed = place
        .database()
        .execute("UPDATE runs SET started_at = ?1, ended_at = ?2", [ago(100), ago(99)])
        .unwrap();
    assert_eq!(changed, 1);

    let mut journal = store.reopen_run(run, &plan(&server, true), None, "bob").unwrap();
    let second = RunEvent::StepEnded {
        step: 1,
        outcome: Outcome::Changed,
        exit_status: Some(0),
        duration_ms: 30_000,
        reason: None,
    };
    journal.append(&[second, run_ended(RunState::Done)], None).unwrap();

    let took = store.run(run).unwrap().took().unwrap().as_secs();
    assert!((30..99).contains(&took), "{took} s: the step, and not the pause");
}

#[test]
fn the_consent_is_valid_for_a_day_and_until_another_run_starts() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let run = interrupted(&store, &server, StretchPosition::start(1, 0));
    let given_at = |at: Timestamp| {
        let changed = place
            .database()
            .execute("UPDATE consents SET given_at = ?1", [at.to_string()])
            .unwrap();
        assert_eq!(changed, 1);
    };
    let reopened = || code(store.reopen_run(run, &plan(&server, true), None, "bob"));

    given_at(Timestamp::now() - SignedDuration::from_hours(25));
    assert_eq!(store.consent_that_holds(run).unwrap(), None);
    assert_eq!(reopened(), "consent_missing");
    // A clock that was set back must not make it younger.
    given_at(Timestamp::now() + SignedDuration::from_hours(1));
    assert_eq!(reopened(), "consent_missing");
    given_at(Timestamp::now() - SignedDuration::from_hours(23));
    assert!(store.consent_that_holds(run).unwrap().is_some());

    drop(store.begin_run(&plan(&server, false), None, "carol").unwrap());
    assert_eq!(store.consent_that_holds(run).unwrap(), None);
    assert_eq!(reopened(), "consent_missing");
    let fresh = consent(&server);
    let journal = store
        .reopen_run(run, &plan(&server, true), Some(&fresh), "bob")
        .unwrap();
    assert_eq!(store.consent_of(journal.run_id()).unwrap().unwrap().at, fresh.at);
}

#[test]
fn the_consent_ends_when_an_older_run_is_resumed_on_the_machine() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let mut older = store.begin_run(&plan(&server, false), None, "alice").unwrap();
    older.append(&[run_ended(RunState::Failed)], None).unwrap();
    let older_id = older.run_id();
    drop(older);
    let run = interrupted(&store, &server, StretchPosition::start(1, 0));
    assert!(store.consent_that_holds(run).unwrap().is_some());

    // It may set up again what the wipe has deleted, under the same names.
    drop(store.reopen_run(older_id, &plan(&server, false), None, "bob").unwrap());
    assert_eq!(store.consent_that_holds(run).unwrap(), None);
}

/// Format 1 called the effect of a check `read`, its reasons for a protection were sentences, and its digest is one of that form.
#[test]
fn a_run_of_an_older_infrakt_is_shown_but_not_resumed() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let id = interrupted(&store, &server, StretchPosition::start(1, 0));
    assert_eq!(code(store.check_resumable(id)), "no error");
    let changed = place
        .database()
        .execute(
            "UPDATE runs SET plan = replace(replace(replace(plan, '\"format\":2', '\"format\":1'), '\"check\"', '\"read\"'),
             '\"protected\":[]', '\"protected\":[\"its row says that it hosts infrakt\"]')",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);

    let plan = store.plan_of(id).unwrap();

    let effects: Vec<Effect> = plan.steps.iter().map(|step| step.effect).collect();
    assert_eq!(effects, [Effect::Check, Effect::Destroy, Effect::Check]);
    assert_eq!(code(store.check_resumable(id)), "not_resumable");
    assert_eq!(code(store.reopen_run(id, &plan, None, "ops@laptop")), "not_resumable");
}
