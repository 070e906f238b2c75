//! A plan, with what the server reports about its steps.

use super::error::ErrorShown;
use crate::plan::{Asked, Doubt, FileChange, Finding, Mark, Plan, Preview};
use crate::runtime::{Previewed, ShownPlan};
use schemars::JsonSchema;
use serde::Serialize;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanMarked {
    #[serde(flatten)]
    pub plan: Plan,
    /// What each step would do now; only if the server was contacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<Vec<Mark>>,
    /// Why steps would fail now: the results of the checks that ran during planning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// How files would change, for each upload that would change something; only if the server was contacted. The diffs are
    /// against the files as they are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<FileChange>>,
    /// Steps that would change nothing now, but may once earlier steps have changed files that their guards name; only if the
    /// server was contacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubts: Option<Vec<Doubt>>,
    /// The destructive steps, counted from 1, whose deletions infrakt can't list: read their commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<usize>,
    /// Whether the queries and guards could have changed files on the server; only if the server was contacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// The plan of one server, or why there is none; and its stage, if there is a play.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanOfServer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(flatten)]
    pub plan: PlanOrProblem,
}

/// The plan of one server, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PlanOrProblem {
    Planned(Box<PlanMarked>),
    /// One of several servers that has no plan.
    LeftOut {
        server: ServerName,
        error: ErrorShown,
    },
}

/// A server, in the place that it has in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServerName {
    pub name: String,
}

impl PlanMarked {
    pub fn new(plan: Plan, preview: Option<Preview>, asked: Option<Asked>) -> Self {
        let (marks, findings, changes, doubts) = match preview {
            Some(Preview {
                marks,
                findings,
                changes,
                doubts,
            }) => (Some(marks), Some(findings), Some(changes), Some(doubts)),
            None => (None, None, None, None),
        };
        Self {
            unlisted: plan.unlisted(),
            plan,
            marks,
            findings,
            changes,
            doubts,
            asked,
        }
    }
}

/// A plan for a person to accept.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanShown {
    #[serde(flatten)]
    pub plan: PlanMarked,
    /// What the recipe printed, line by line.
    pub printed: Vec<String>,
    /// Whether a run of it requires the server's name and the plan's digest.
    pub needs_consent: bool,
    /// The error with which a run of it would be refused now, even with a consent.
    pub refused: Option<ErrorShown>,
}

impl PlanShown {
    pub fn of(shown: ShownPlan) -> Self {
        let Previewed {
            planned,
            preview,
            asked,
        } = shown.previewed;
        Self {
            needs_consent: planned.plan.needs_consent(),
            plan: PlanMarked::new(planned.plan, Some(preview), asked),
            printed: planned.printed,
            refused: shown.refused.as_ref().map(ErrorShown::of),
        }
    }
}
