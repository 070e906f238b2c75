//! A connection that is cut at any byte: every step runs exactly once, and the journal tells the same as of a run that
//! nothing happened to.
//!
//! What is sampled here is proven byte by byte by `scripts/sweep`.

use crate::stage::{Stage, Traces};
use crate::support::line::{Fault, Way};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::atomic::{AtomicU64, Ordering};

impl Stage {
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
