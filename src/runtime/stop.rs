//! How a run is asked to stop.

/// Says whether a run should stop.
pub trait Stop {
    /// How many times it was asked for: once, after the current step; twice, at once.
    fn asked(&self) -> usize;

    fn why(&self) -> String {
        "stopped by Ctrl-C".to_owned()
    }
}

impl<Count: Fn() -> usize> Stop for Count {
    fn asked(&self) -> usize {
        self()
    }
}
