//! A connection that is cut at any byte: every step runs exactly once, and the journal tells the same as of a run that
//! nothing happened to.
//!
//! What is sampled here is proven byte by byte by `scripts/sweep`.

use crate::stage::Stage;
use crate::support::line::{Fault, Way};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::atomic::{AtomicU64, Ordering};

impl Stage {
    /// As [`Stage::holds_with`], with faults that are drawn.
    fn holds_for(&self, cases: u32, faults: impl Strategy<Value = Vec<Fault>>) {
        let config = Config {
            cases,
            // Every try takes a second: the first fault that breaks something is reported, not the smallest.
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
#[ignore = "needs root and sshd"]
fn a_cut_at_any_byte_neither_repeats_a_step_nor_loses_one() {
    let stage = Stage::set();
    stage.holds_for(24, stage.cut().prop_map(|cut| vec![cut]));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_second_cut_while_it_connects_again_or_later_changes_nothing() {
    let stage = Stage::set();
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
#[ignore = "takes hours: scripts/sweep"]
fn the_sweep_of_a_cut_at_every_byte() {
    let stride = std::env::var("INFRAKT_SWEEP_STRIDE").map_or(1, |stride| stride.parse().expect("a number"));
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        // Most of a try is waiting: four of them keep two processors busy.
        for _ in 0..4 {
            scope.spawn(|| {
                let stage = Stage::set();
                let [up, down] = stage.length;
                loop {
                    let at = next.fetch_add(stride, Ordering::SeqCst);
                    if at > up.max(down) {
                        return;
                    }
                    if at.is_multiple_of(100 * stride) {
                        eprintln!("at byte {at} of {}", up.max(down));
                    }
                    for (way, length) in [(Way::Up, up), (Way::Down, down)] {
                        if at <= length {
                            stage.holds_with(&[&[Fault::Cut(way, at)]]);
                        }
                    }
                }
            });
        }
    });
}
