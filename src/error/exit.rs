//! How a process ends.

/// How a process ends. The numbers are a contract with scripts (see docs/cli.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for was done.
    Done = 0,
    /// A step of a run failed.
    StepFailed = 1,
    /// Wrong usage, a broken recipe, a lint, or a problem of this computer (disk, database).
    Usage = 2,
    /// Refused: no consent, protected, locked, or a stale plan. Nothing was changed.
    Refused = 3,
    /// A server could not be reached or not be trusted.
    Unreachable = 4,
    /// Interrupted by the user.
    Interrupted = 5,
}

impl Exit {
    /// The one exit code of several servers: the first that applies of interrupted, failed, unreachable, refused.
    pub fn worst(exits: &[Self]) -> Self {
        [
            Self::Interrupted,
            Self::StepFailed,
            Self::Unreachable,
            Self::Refused,
            Self::Usage,
        ]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .unwrap_or(Self::Done)
    }
}
