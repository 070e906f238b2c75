//! A plan, with what the server says of its steps.

use super::error::ErrorShown;
use crate::plan::Plan;
use crate::plan::render::{Asked, Mark};
use crate::runtime::ShownPlan;
use schemars::JsonSchema;
use serde::Serialize;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanMarked {
    #[serde(flatten)]
    pub plan: Plan,
    /// What each step would do as things stand; only where the server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<Vec<Mark>>,
    /// Whether what the server was asked, queries and guards, could have changed its files; only where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// A plan that a person is to accept.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanShown {
    #[serde(flatten)]
    pub plan: PlanMarked,
    /// What the recipe printed, line by line.
    pub printed: Vec<String>,
    /// Whether a run of it takes the server's name and the plan's digest.
    pub needs_consent: bool,
    /// The error with which a run of it would be refused now, whoever consents.
    pub refused: Option<ErrorShown>,
}

impl PlanShown {
    pub fn of(shown: ShownPlan) -> Self {
        Self {
            needs_consent: shown.planned.plan.needs_consent(),
            plan: PlanMarked {
                plan: shown.planned.plan,
                marks: Some(shown.marks),
                asked: shown.asked,
            },
            printed: shown.planned.printed,
            refused: shown.refused.as_ref().map(ErrorShown::of),
        }
    }
}
