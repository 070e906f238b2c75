//! Waiting for conditions, and never for time.

use std::time::{Duration, Instant};

/// Waits until something holds. What takes minutes, even on a loaded computer, has failed.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited 120 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
