//! infrakt is killed at any write of its journal. The journal tells what had begun, the server continues the steps that
//! it has received, and `runs resume` brings the run to its end. Each step has run once.

use crate::stage::{Stage, Traces};
use crate::support::ended::Ended;
use crate::support::infrakt::{Told, start};
use infrakt::event::{Outcome, RunState};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most writes that the journal of one run of the stage's recipe can need; more would be a journal without end.
const MOST_WRITES: usize = 400;

impl Stage {
    /// Makes a call that is killed when it comes to this write of its database, counted from 1. `None`: it ended before.
    fn killed_at(&self, write: usize, words: &[&str]) -> Option<Ended> {
        let home = self.infrakt.home();
        let (database, log) = (home.join("infrakt.db"), home.join("infrakt.db-wal"));
        let (database, log) = (database.to_str().expect("UTF-8"), log.to_str().expect("UTF-8"));
        let inject = format!("inject=pwrite64:signal=KILL:when={write}");
        let mut strace = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-P", database, "-P", log];
        strace.extend(["-e", "trace=pwrite64", "-e", &inject]);
        let ended = Ended::of(start(self.infrakt.command_under(&strace, words).stdin(Stdio::null())));
        match ended.exit {
            -1 => None,
            _ => Some(ended),
        }
    }

    /// Whatever became of the run so far: it is resumed until it is done, and then the story is the one of a run that
    /// nothing happened to.
    #[track_caller]
    fn is_resumed(&self, run: i64, how: &str) {
        let state = self.infrakt.store().run(run).expect("the run").state;
        assert!(
            matches!(state, RunState::Interrupted | RunState::Done),
            "{how}: it is {state:?}"
        );
        if state == RunState::Interrupted {
            let resumed = self.infrakt.run(&["runs", "resume", &run.to_string()]);
            assert_eq!(resumed.exit, 0, "{how}: {resumed}\n{:?}", self.infrakt.told_of(run));
        }
        assert_eq!(once(self.traces()), Traces::of_all_steps(), "{how}");
        let told = self.infrakt.told_of(run);
        assert_eq!(comparable(&told), comparable(&self.uncut), "{how}");
    }
}

/// A resumed run may repeat a step that only checks: the last step's line counts once.
fn once(mut traces: Traces) -> Traces {
    while let Some(log) = traces.log.strip_suffix("four\nfour\n") {
        traces.log = format!("{log}four\n");
    }
    traces
}

/// The check at the end may be made twice. If infrakt was killed after it changed the database and before it reported
/// the change, the resumed run finds nothing left to change.
fn comparable(told: &Told) -> Told {
    let mut told = told.clone();
    told.output.remove(&6);
    if told.outcomes.get(3) == Some(&Some(Outcome::NoChange)) {
        told.outcomes[3] = Some(Outcome::Changed);
    }
    told
}

/// Kills a run at this write of its journal and resumes it. `false`: it came to its end before.
fn holds_at(stage: &Stage, write: usize) -> bool {
    let before = stage.infrakt.newest_run();
    stage.is_cleared();
    stage.line.starts_afresh();
    let ended = stage.killed_at(write, &["run", &stage.recipe, "--server", "prod-2"]);
    let how = format!("killed at write {write}");
    match stage.infrakt.newest_run().filter(|run| Some(*run) != before) {
        None => assert_eq!(stage.traces(), Traces::default(), "{how}: without a run"),
        Some(run) => {
            let told = stage.infrakt.told_of(run);
            let begun = told
                .outcomes
                .iter()
                .filter(|outcome| **outcome == Some(Outcome::Failed));
            assert_eq!(begun.count(), 0, "{how}: {told:?}");
            stage.is_resumed(run, &how);
        }
    }
    if let Some(ended) = &ended {
        assert_eq!(ended.exit, 0, "{how}: {ended}");
    }
    ended.is_none()
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_that_is_killed_while_it_writes_its_journal_is_resumed_and_repeats_nothing() {
    let stage = Stage::set();
    // Every seventh write, and from somewhere else each time.
    let first = 1 + std::process::id() as usize % 7;
    let killed = (first..MOST_WRITES)
        .step_by(7)
        .take_while(|write| holds_at(&stage, *write));
    let killed = killed.count();
    assert!(killed > 0);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_resume_may_be_killed_like_the_run_itself_as_often_as_it_likes() {
    let stage = Stage::set();
    let before = stage.infrakt.newest_run();
    stage.is_cleared();
    // Somewhere behind its begin, which is when there is a run to resume.
    let begun = (20..MOST_WRITES).step_by(10).find(|write| {
        let killed = stage
            .killed_at(*write, &["run", &stage.recipe, "--server", "prod-2"])
            .is_none();
        assert!(killed, "it came to its end");
        stage.infrakt.newest_run() != before
    });
    let run = stage.infrakt.newest_run().expect("a run");
    for write in [8, 16, 24, 32, 40] {
        // One that gets further than the last one, or to the end.
        if stage.killed_at(write, &["runs", "resume", &run.to_string()]).is_some() {
            break;
        }
    }
    stage.is_resumed(run, &format!("killed at write {begun:?}, and then again and again"));
}

#[test]
#[ignore = "takes minutes: scripts/sweep"]
fn the_sweep_of_a_kill_at_every_write() {
    let next = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let stage = Stage::set();
                loop {
                    let write = next.fetch_add(1, Ordering::SeqCst);
                    if !holds_at(&stage, write) {
                        return;
                    }
                }
            });
        }
    });
}
