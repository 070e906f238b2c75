//! The digest of a plan: what a consent is for. Two plans with the same digest do the same to the same machine and
//! destroy the same things.

use super::{Loss, Plan};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the digest covers: the steps, the queries, the recipe's text, parameters, names of secrets, the server's identity,
/// and the sorted names of what would be lost. Sizes, states and times are not in it: they change while nothing of substance does.
#[derive(Serialize)]
struct Covered<'a> {
    format: u32,
    recipe: &'a super::RecipeIdentity,
    server: &'a super::ServerIdentity,
    parameters: &'a std::collections::BTreeMap<String, serde_json::Value>,
    secrets: &'a std::collections::BTreeSet<String>,
    offline: bool,
    losses: Vec<(&'static str, Vec<&'a str>)>,
    losses_complete: bool,
    #[serde(skip_serializing_if = "<[super::Query]>::is_empty")]
    queries: &'a [super::Query],
    consent_before: Option<usize>,
    steps: &'a [super::Step],
}

impl Plan {
    /// The digest over the plan as it is now; [`Plan::digest`] holds the one it was made with.
    pub fn compute_digest(&self) -> String {
        let names = |losses: &'_ [Loss]| {
            let mut names: Vec<String> = losses.iter().map(|loss| loss.name.clone()).collect();
            names.sort_unstable();
            names
        };
        let losses: Vec<(&'static str, Vec<String>)> = self
            .losses
            .kinds()
            .into_iter()
            .map(|(kind, losses)| (kind, names(losses)))
            .collect();
        let covered = Covered {
            format: self.format,
            recipe: &self.recipe,
            server: &self.server,
            parameters: &self.parameters,
            secrets: &self.secrets,
            offline: self.offline,
            losses: losses
                .iter()
                .map(|(kind, names)| (*kind, names.iter().map(String::as_str).collect()))
                .collect(),
            losses_complete: self.losses_complete,
            queries: &self.queries,
            consent_before: self.consent_before,
            steps: &self.steps,
        };
        // All keys are strings and all numbers finite, so there is no way for this to fail; if there were, no consent
        // could ever match an empty digest, since `ConsentedPlan` refuses it.
        serde_json::to_vec(&covered)
            .map(|bytes| sha256(&bytes))
            .unwrap_or_default()
    }
}
