//! Why the service starts no run now.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Display};

/// What is missing for another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum BusyReason {
    ShuttingDown,
    /// As many runs are in progress as the service allows.
    TooManyRuns {
        running: usize,
    },
    /// The computer has no thread for it.
    NoThread {
        problem: String,
    },
    /// The journal has no run for it.
    NotRecorded {
        recipe: String,
    },
}

impl Display for BusyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShuttingDown => write!(f, "infrakt is shutting down"),
            Self::TooManyRuns { running } => write!(f, "{running} runs are in progress, which is the maximum"),
            Self::NoThread { problem } => write!(f, "cannot start a thread: {problem}"),
            Self::NotRecorded { recipe } => write!(f, "no run of {recipe} was recorded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BusyReason;
    use serde_json::json;

    #[test]
    fn the_codes_and_fields_of_a_busy_service_stay_the_same() {
        let (problem, recipe) = ("no memory".to_owned(), "wipe.rhai".to_owned());
        for (reason, document) in [
            (BusyReason::ShuttingDown, json!({ "code": "shutting_down" })),
            (
                BusyReason::TooManyRuns { running: 16 },
                json!({ "code": "too_many_runs", "running": 16 }),
            ),
            (
                BusyReason::NoThread { problem },
                json!({ "code": "no_thread", "problem": "no memory" }),
            ),
            (
                BusyReason::NotRecorded { recipe },
                json!({ "code": "not_recorded", "recipe": "wipe.rhai" }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&reason).unwrap(), document);
        }
    }
}
