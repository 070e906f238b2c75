//! A connection that is cut at any byte: every step runs exactly once, and the journal tells the same as of a run that
//! nothing happened to.
//!
//! What is sampled here is proven byte by byte by `scripts/sweep`.

use crate::support::infrakt::{Infrakt, Told};
use crate::support::line::{Fault, Line, Way};
use crate::support::server::Server;
use infrakt::event::{Outcome, RunState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A server, a line to it, and a recipe whose every step leaves a trace.
struct Stage {
    line: Line,
    infrakt: Infrakt,
    recipe: String,
    /// Where the steps leave their traces.
    traces: PathBuf,
    /// How a run ends that nothing happens to.
    uncut: Told,
    /// How many bytes such a run carries over its one connection, upwards and downwards.
    length: [u64; 2],
    _server: Server,
}

/// What a run did, as it is to be seen on the server.
#[derive(Debug, Default, PartialEq, Eq)]
struct Traces {
    /// A line for each time that a step ran.
    log: String,
    uploaded: Option<String>,
}

impl Traces {
    fn of_all_steps() -> Self {
        Self {
            log: "one\ntwo\nthree\nfour\n".to_owned(),
            uploaded: Some("first line\nlast line, é\n".to_owned()),
        }
    }
}

/// Steps of all kinds, each with a trace in `log` and with output whose every byte is known.
fn steps(traces: &str) -> String {
    format!(
        r#"ssh::run("Print a little on both", "echo one >>{traces}/log; echo to stdout; echo to stderr >&2");
ssh::run("Guarded", "echo never >>{traces}/log").unless("test -e {traces}");
ssh::upload("Upload", "{traces}/uploaded", "first line\nlast line, \u00e9\n");
db::set_status(server, "fine");
ssh::run("Print much", "echo two >>{traces}/log; seq 1 2000; seq 1 300 >&2");
ssh::run("With a secret", "echo three >>{traces}/log; echo \"the token is $TOKEN\"").env("TOKEN", secret("TOKEN"));
ssh::check("Look", "echo four >>{traces}/log; cat {traces}/uploaded");
"#
    )
}

impl Stage {
    fn set() -> Option<Self> {
        let server = Server::start()?;
        let line = Line::to(server.port);
        let infrakt = Infrakt::new().with("INFRAKT_SECRET_TOKEN", "s3cr3t");
        infrakt.knows("prod-2", &server, line.port);
        let traces = infrakt.directory.path().join("traces");
        let recipe = infrakt.recipe("steps.rhai", &steps(traces.to_str().expect("UTF-8")));
        let mut stage = Self {
            line,
            infrakt,
            recipe,
            traces,
            uncut: Told::nothing(),
            length: [0, 0],
            _server: server,
        };
        stage.run_uncut();
        Some(stage)
    }

    fn run_uncut(&mut self) {
        let (exit, told, traces) = self.run(&[]);
        assert_eq!((exit, traces), (0, Traces::of_all_steps()));
        self.uncut = told.expect("a run");
        let numbers =
            |range: std::ops::RangeInclusive<u32>| range.map(|number| format!("{number}\n")).collect::<String>();
        let (changed, unchanged) = (Some(Outcome::Changed), Some(Outcome::Unchanged));
        assert_eq!(self.uncut.state, RunState::Done);
        assert_eq!(
            self.uncut.outcomes,
            [changed, unchanged, changed, changed, changed, changed, unchanged]
        );
        assert_eq!(self.uncut.printed(0), b"to stdout\n");
        assert!(self.uncut.output[&4] == (numbers(1..=2000).into(), numbers(1..=300).into()));
        assert_eq!(self.uncut.printed(5), b"the token is ***\n");
        self.length = [Way::Up, Way::Down].map(|way| self.line.carried(0, way));
    }

    /// Runs the recipe over a line that fails like this: the first connection, the second, and so on. Gives how it
    /// ended, what the journal tells if there was a run, and what is to be seen on the server.
    fn run(&self, faults: &[&[Fault]]) -> (i32, Option<Told>, Traces) {
        // What an earlier run left would be taken for this one's.
        let _ = std::fs::remove_dir_all(&self.traces);
        std::fs::create_dir(&self.traces).expect("a directory");
        let store = self.infrakt.store();
        let server = store.server("prod-2").expect("the server");
        store.set_status(server.id, "not known").expect("its status");
        let before = self.infrakt.newest_run();
        self.line.starts_afresh();
        self.line.will(faults);
        let ended = self.infrakt.run(&["run", &self.recipe, "--server", "prod-2"]);
        let run = self.infrakt.newest_run().filter(|run| Some(*run) != before);
        let told = run.map(|run| self.infrakt.told_of(run));
        let read = |name: &str| std::fs::read_to_string(self.traces.join(name));
        let traces = Traces {
            log: read("log").unwrap_or_default(),
            uploaded: read("uploaded").ok(),
        };
        assert!(matches!(ended.exit, 0 | 4), "{faults:?}: {ended}\n{traces:?}");
        (ended.exit, told, traces)
    }

    /// Whatever happens to the line, there are only two stories: nothing was begun, since the server could not be
    /// reached; or everything was done, once, and the journal tells of it as if nothing had happened.
    #[track_caller]
    fn holds_with(&self, faults: &[&[Fault]]) {
        let (exit, told, traces) = self.run(faults);
        match told {
            None => assert_eq!((exit, traces), (4, Traces::default()), "{faults:?}: without a run"),
            Some(told) => {
                assert_eq!((exit, traces), (0, Traces::of_all_steps()), "{faults:?}");
                assert!(
                    told == self.uncut,
                    "{faults:?}: the journal tells another story: {told:?}"
                );
            }
        }
    }

    /// As [`Stage::holds_with`], with faults that are drawn.
    fn holds_for(&self, cases: u32, faults: impl Strategy<Value = Vec<Fault>>) {
        let config = Config {
            cases,
            // Every try takes a second: the first fault that breaks something is told, not the smallest.
            max_shrink_iters: 0,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(&faults, |faults| {
                let faults: Vec<&[Fault]> = faults.iter().map(std::slice::from_ref).collect();
                self.holds_with(&faults);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// A cut at any byte of a run.
    fn cut(&self) -> impl Strategy<Value = Fault> + use<> {
        let [up, down] = self.length;
        prop_oneof![
            (0..=up).prop_map(|at| Fault::Cut(Way::Up, at)),
            (0..=down).prop_map(|at| Fault::Cut(Way::Down, at)),
        ]
    }
}

#[test]
fn a_cut_at_any_byte_neither_repeats_a_step_nor_loses_one() {
    let Some(stage) = Stage::set() else { return };
    stage.holds_for(24, stage.cut().prop_map(|cut| vec![cut]));
}

#[test]
fn a_second_cut_while_it_connects_again_or_later_changes_nothing() {
    let Some(stage) = Stage::set() else { return };
    // Logging in takes about 4 kB each way: some of these come before its end, some after.
    let soon = || {
        prop_oneof![
            (0u64..9000).prop_map(|at| Fault::Cut(Way::Up, at)),
            (0u64..9000).prop_map(|at| Fault::Cut(Way::Down, at))
        ]
    };
    stage.holds_for(
        16,
        (stage.cut(), soon(), soon()).prop_map(|(first, second, third)| vec![first, second, third]),
    );
}

/// Every byte, or every n-th: `INFRAKT_SWEEP_STRIDE`.
#[test]
#[ignore = "takes hours; scripts/sweep runs it"]
fn a_cut_at_every_byte() {
    let stride: u64 = std::env::var("INFRAKT_SWEEP_STRIDE").map_or(1, |stride| stride.parse().expect("a number"));
    let begin: u64 = std::env::var("INFRAKT_SWEEP_BEGIN").map_or(0, |stride| stride.parse().expect("a number"));
    let next = AtomicU64::new(begin);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let Some(stage) = Stage::set() else { return };
                loop {
                    let at = next.fetch_add(stride, Ordering::SeqCst);
                    let cuts = [(Way::Up, at), (Way::Down, at)]
                        .map(|(way, at)| (stage.length[way as usize] >= at).then_some(Fault::Cut(way, at)));
                    if cuts == [None, None] {
                        return;
                    }
                    for cut in cuts.into_iter().flatten() {
                        eprintln!("{cut:?}");
                        stage.holds_with(&[&[cut]]);
                    }
                }
            });
        }
    });
}
