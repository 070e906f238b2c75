use crate::fixture::{MACHINE_ONE, Place, add, code, plan};
use infrakt::consent::{Consent, Means};
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use infrakt::store::{Identity, Journal, Server, Store};
use jiff::{SignedDuration, Timestamp};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn consent(server: &Server) -> Consent {
    Consent {
        server: server.name.clone(),
        digest: "d1".to_owned(),
        who: "alice".to_owned(),
        how: Means::Typed,
        at: Timestamp::now(),
    }
}

fn begin(store: &Store, server: &Server) -> infrakt::error::Result<Journal> {
    store.begin_run(&plan(server, false), None, "alice")
}

fn ended(step: usize, outcome: Outcome, exit_status: i32) -> RunEvent {
    RunEvent::StepEnded {
        step,
        outcome,
        exit_status: Some(exit_status),
        duration_ms: 12,
        reason: None,
    }
}

fn done() -> RunEvent {
    RunEvent::RunEnded {
        state: RunState::Done,
        reason: None,
    }
}

fn output(step: usize, stream: Stream, bytes: &[u8]) -> RunEvent {
    RunEvent::Output {
        step,
        stream,
        bytes: bytes.to_vec(),
    }
}

#[test]
fn the_journal_records_all_events() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let plan = plan(&server, true);
    let given = consent(&server);
    let mut journal = store.begin_run(&plan, Some(&given), "alice").unwrap();
    let run_id = journal.run_id();
    assert_eq!(store.run(run_id).unwrap().state, RunState::Running);

    journal
        .append(
            &[
                RunEvent::StepStarted { step: 0 },
                output(0, Stream::Stdout, b"caf\xc3"),
                output(0, Stream::Stderr, b"\x00\xff"),
                output(0, Stream::Stdout, b"\xa9\n"),
                ended(0, Outcome::Changed, 0),
            ],
            None,
        )
        .unwrap();
    journal
        .append(
            &[
                RunEvent::Notice {
                    message: "connection lost, trying again".to_owned(),
                },
                RunEvent::StepStarted { step: 1 },
                output(1, Stream::Stdout, b"no such file\n"),
                ended(1, Outcome::Failed, 7),
                RunEvent::StepEnded {
                    step: 2,
                    outcome: Outcome::Skipped,
                    exit_status: None,
                    duration_ms: 0,
                    reason: None,
                },
                RunEvent::RunEnded {
                    state: RunState::Failed,
                    reason: Some("step 2 failed".to_owned()),
                },
            ],
            None,
        )
        .unwrap();
    drop(journal);

    let run = store.run(run_id).unwrap();
    assert_eq!(
        (run.server.as_str(), run.recipe.as_str(), run.digest.as_str()),
        ("prod-2", "wipe.rhai", "d1")
    );
    assert_eq!(
        (run.state, run.reason.as_deref()),
        (RunState::Failed, Some("step 2 failed"))
    );
    assert_eq!((run.operator.as_str(), run.pid), ("alice", std::process::id()));
    assert!(run.ended_at.unwrap() >= run.started_at);
    let steps = store.steps_of(run_id).unwrap();
    let outcomes: Vec<_> = steps.iter().map(|step| (step.outcome, step.exit_status)).collect();
    let expected = [
        (Some(Outcome::Changed), Some(0)),
        (Some(Outcome::Failed), Some(7)),
        (Some(Outcome::Skipped), None),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!((steps[1].title.as_str(), steps[1].duration_ms), ("Act", Some(12)));

    let read = |step| {
        let mut chunks = Vec::new();
        store
            .output_of(run_id, step, |chunk| {
                chunks.push((chunk.stream, chunk.bytes));
                Ok(())
            })
            .unwrap();
        chunks
    };
    assert_eq!(read(Some(1)), [(Stream::Stdout, b"no such file\n".to_vec())]);
    let all = read(None);
    assert_eq!(all.len(), 4);
    assert_eq!(
        all[1],
        (Stream::Stderr, b"\x00\xff".to_vec()),
        "bytes are kept as they came, between the others"
    );
    assert_eq!(store.notices_of(run_id).unwrap(), ["connection lost, trying again"]);
    assert_eq!(store.plan_of(run_id).unwrap(), plan);
    assert_eq!(store.consent_of(run_id).unwrap(), Some(given));
}

#[test]
fn an_append_that_fails_writes_none_of_its_events() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let mut journal = begin(&store, &server).unwrap();
    let events = [RunEvent::StepStarted { step: 0 }, RunEvent::StepStarted { step: 9 }];
    assert_eq!(code(journal.append(&events, None)), "malformed");
    assert_eq!(store.steps_of(journal.run_id()).unwrap()[0].started_at, None);
    journal
        .append(&[RunEvent::StepStarted { step: 0 }, done()], None)
        .unwrap();
    let steps = store.steps_of(journal.run_id()).unwrap();
    assert_eq!(steps[0].outcome, Some(Outcome::Unknown), "its end was never seen");
    assert_eq!(steps[1].outcome, None);
}

#[test]
fn runs_come_newest_first_and_outlive_their_server() {
    let place = Place::new();
    let store = place.store();
    for name in ["prod-1", "prod-2", "prod-1"] {
        let server = store.server(name).unwrap_or_else(|_| add(&store, name));
        begin(&store, &server).unwrap().append(&[done()], None).unwrap();
    }
    store.remove_server("prod-1", None).unwrap();
    let listed = |limit, server| -> Vec<(i64, String)> {
        let runs = store.runs(limit, server).unwrap();
        runs.into_iter().map(|run| (run.id, run.server)).collect()
    };
    let named = |id, name: &str| (id, name.to_owned());
    assert_eq!(
        listed(10, None),
        [named(3, "prod-1"), named(2, "prod-2"), named(1, "prod-1")]
    );
    assert_eq!(listed(1, Some("prod-1")), [named(3, "prod-1")]);
    assert_eq!(store.run(3).unwrap().server_id, None);
    let error = store.run(99).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.exit() as u8),
        ("there is no run 99", 2)
    );
    assert_eq!(code(store.steps_of(99)), "unknown_run");
    assert_eq!(code(store.output_of(99, None, |_| Ok(()))), "unknown_run");
}

#[test]
fn one_run_at_a_time_on_a_server() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let mut first = begin(&store, &server).unwrap();

    let error = begin(&place.store(), &server).err().unwrap();

    assert_eq!((error.code(), error.exit() as u8), ("locked", 3));
    let text = error.to_string();
    let pid = format!("(pid {})", std::process::id());
    for part in [
        "another run is in progress on 'prod-2'",
        "run 1 of wipe.rhai",
        "started by alice",
        &pid,
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(code(store.remove_server("prod-2", None)), "locked");
    let other = add(&store, "prod-3");
    begin(&store, &other).unwrap();

    first.append(&[done()], None).unwrap();
    assert_eq!(code(begin(&store, &server)), "no error");
}

#[test]
fn two_rows_of_one_machine_are_one_machine() {
    let place = Place::new();
    let store = place.store();
    for name in ["prod-2", "other"] {
        let server = add(&store, name);
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
    let _journal = begin(&store, &store.server("prod-2").unwrap()).unwrap();
    let error = begin(&store, &store.server("other").unwrap()).err().unwrap();
    assert_eq!(error.code(), "locked");
    assert!(error.to_string().contains("called 'prod-2'"), "{error}");
}

#[test]
fn a_dropped_journal_releases_the_server() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let journal = begin(&store, &server).unwrap();
    let run_id = journal.run_id();
    drop(journal);
    assert_eq!(store.run(run_id).unwrap().state, RunState::Interrupted);
    begin(&store, &server).unwrap();
    let locks = std::fs::read_dir(place.home.path().join("locks")).unwrap();
    let left = locks.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with("run-")).count(), 0);
}

/// Not a test of its own: the process that the next test kills.
#[test]
#[ignore = "started by another test"]
fn helper_holds_a_run_until_it_is_killed() {
    let Some(home) = std::env::var_os("INFRAKT_TEST_HOLDER") else {
        return;
    };
    let home = infrakt::store::Home::open(Some(home.into())).unwrap();
    let store = Store::open(&home).unwrap();
    let mut journal = begin(&store, &store.server("prod-2").unwrap()).unwrap();
    journal
        .append(
            &[
                RunEvent::StepStarted { step: 0 },
                ended(0, Outcome::Changed, 0),
                RunEvent::StepStarted { step: 1 },
                output(1, Stream::Stdout, b"half"),
            ],
            None,
        )
        .unwrap();
    println!("at work");
    std::thread::park();
}

#[test]
fn a_dead_process_does_not_hold_the_server() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "journal::helper_holds_a_run_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env("INFRAKT_TEST_HOLDER", place.home.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with("at work")));

    let error = begin(&store, &server).err().unwrap();
    assert_eq!(error.code(), "locked");
    assert!(error.to_string().contains(&format!("(pid {})", holder.id())), "{error}");
    assert_eq!(store.run(1).unwrap().state, RunState::Running);

    holder.kill().unwrap();
    holder.wait().unwrap();

    let next = begin(&store, &server).unwrap();
    assert_eq!(next.run_id(), 2);
    let dead = store.run(1).unwrap();
    assert_eq!((dead.state, dead.ended_at), (RunState::Interrupted, None));
    assert_eq!(
        dead.reason.unwrap(),
        format!("its process (pid {}) ended before the run did", holder.id())
    );
    let outcomes: Vec<_> = store
        .steps_of(1)
        .unwrap()
        .into_iter()
        .map(|step| step.outcome)
        .collect();
    assert_eq!(outcomes, [Some(Outcome::Changed), Some(Outcome::Unknown), None]);
    let mut printed = Vec::new();
    store
        .output_of(1, Some(1), |chunk| {
            printed.extend(chunk.bytes);
            Ok(())
        })
        .unwrap();
    assert_eq!(printed, b"half", "what was appended before the end is there");
}

#[test]
fn a_destructive_run_needs_a_matching_consent() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let plan = plan(&server, true);
    let attempt = |consent: Option<&Consent>| code(store.begin_run(&plan, consent, "alice"));
    let fits = consent(&server);
    assert_eq!(attempt(None), "consent_missing");
    let other_server = Consent {
        server: "prod-3".to_owned(),
        ..fits.clone()
    };
    assert_eq!(attempt(Some(&other_server)), "consent_mismatch");
    let other_plan = Consent {
        digest: "d2".to_owned(),
        ..fits.clone()
    };
    assert_eq!(attempt(Some(&other_plan)), "stale_plan");
    let old = Consent {
        at: fits.at - SignedDuration::from_mins(11),
        ..fits.clone()
    };
    assert_eq!(attempt(Some(&old)), "stale_plan");
    // The clock was set back since it was given, so its age is unknown.
    let future = Consent {
        at: fits.at + SignedDuration::from_mins(1),
        ..fits.clone()
    };
    assert_eq!(attempt(Some(&future)), "stale_plan");
    assert_eq!(store.runs(10, None).unwrap(), [], "no run was begun");

    let mut journal = store.begin_run(&plan, Some(&fits), "alice").unwrap();
    journal.append(&[done()], None).unwrap();
    drop(journal);
    let error = store.begin_run(&plan, Some(&fits), "alice").err().unwrap();
    assert!(
        error.to_string().contains("the consent has already started run 1"),
        "{error}"
    );
}

#[test]
fn a_plan_for_a_removed_server_starts_nothing() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    store.remove_server("prod-2", None).unwrap();
    assert_eq!(code(begin(&store, &server)), "unknown_server");
}

#[test]
fn long_output_is_read_in_pieces_and_can_be_aborted() {
    let place = Place::new();
    let store = place.store();
    let server = add(&store, "prod-2");
    let mut journal = begin(&store, &server).unwrap();
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..16 {
        journal
            .append(
                &[output(0, Stream::Stdout, &piece), output(0, Stream::Stdout, &piece)],
                None,
            )
            .unwrap();
    }
    let mut total = 0;
    store
        .output_of(journal.run_id(), Some(0), |chunk| {
            total += chunk.bytes.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(total, 2 * 1024 * 1024);
    let mut seen = 0;
    let stopped = store.output_of(journal.run_id(), None, |_| {
        seen += 1;
        Err(infrakt::error::Error::Interrupted)
    });
    assert_eq!((code(stopped), seen), ("interrupted", 1));
}
