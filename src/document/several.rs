//! What happens to several servers that one command works on, besides the events of their runs. The field `event` says what
//! kind it is; see docs/cli.md.

use super::error::ErrorShown;
use super::tally::Tally;
use crate::store::GroupId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An event of a group of runs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum GroupEvent {
    GroupStarted {
        group: GroupId,
        recipe: String,
        servers: Vec<GroupMember>,
    },
    /// The stage of a play begins.
    StageStarted {
        stage: String,
        recipe: String,
        servers: Vec<String>,
    },
    ServerLeftOut {
        server: String,
        /// Always null: it has none.
        run: Option<i64>,
        outcome: ServerOutcome,
        error: ErrorShown,
    },
    /// A run that was to be started was not.
    RunSkipped {
        server: String,
        run: Option<i64>,
        reason: String,
    },
    Summary {
        group: GroupId,
        /// The exit code.
        exit: i32,
        servers: Vec<ServerEnded>,
        /// Commands.
        next: Vec<String>,
    },
}

/// A server of the group, and its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupMember {
    pub server: String,
    /// The stage of a play that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Null for a server that was left out.
    pub run: Option<i64>,
}

/// How one server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerOutcome {
    Done,
    Failed,
    Interrupted,
    /// Its run did not begin.
    Skipped,
    Refused,
    Unreachable,
}

impl ServerOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }
}

/// The result on one server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerEnded {
    pub server: String,
    /// The stage of a play that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    pub run: Option<i64>,
    pub outcome: ServerOutcome,
    /// How many are which; null if its run did not begin.
    pub steps: Option<Tally>,
    pub duration_ms: Option<u64>,
    pub reason: Option<String>,
    pub error: Option<ErrorShown>,
    /// The values that its recipe reports; null for those that are not known.
    pub report: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::ServerOutcome::{self, Done, Failed, Interrupted, Refused, Skipped, Unreachable};

    #[test]
    fn an_outcome_has_the_same_word_in_the_table_and_in_json() {
        let all: [ServerOutcome; 6] = [Done, Failed, Interrupted, Skipped, Refused, Unreachable];
        for outcome in all {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
