//! The digest of a plan, which a consent refers to. Two plans with the same digest do the same to the same machine and
//! destroy the same things.

use super::{Loss, LossEntry, Plan, ServerIdentity};
use crate::host_key::HostKey;
use crate::reason::ProtectionReason;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// A sum in hexadecimal.
pub fn hexadecimal(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the digest covers: the steps, the queries, the recipe's text, parameters, what it read of the inventory, names of secrets, the server's identity,
/// what would be lost, sorted, by name and identity, and when a saved plan was made. Sizes and states are not in it: they
/// change while nothing of substance does.
#[derive(Serialize)]
struct Covered<'a> {
    format: u32,
    recipe: &'a super::RecipeIdentity,
    server: CoveredServer<'a>,
    parameters: &'a std::collections::BTreeMap<String, serde_json::Value>,
    #[serde(skip_serializing_if = "super::InventoryRead::is_empty")]
    inventory: &'a super::InventoryRead,
    secrets: &'a std::collections::BTreeSet<String>,
    offline: bool,
    losses: Vec<(&'static str, Vec<CoveredLoss<'a>>)>,
    losses_complete: bool,
    #[serde(skip_serializing_if = "<[super::Query]>::is_empty")]
    queries: &'a [super::Query],
    consent_before: Option<usize>,
    steps: &'a [super::Step],
    #[serde(skip_serializing_if = "super::ReportedValues::is_empty")]
    report: &'a super::ReportedValues,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<Timestamp>,
}

/// The server, with the reasons that protect it by their codes and fields: their sentences may be reworded.
#[derive(Serialize)]
struct CoveredServer<'a> {
    id: i64,
    name: &'a str,
    host: &'a str,
    port: u16,
    user: &'a str,
    host_key: Option<&'a HostKey>,
    machine_id: Option<&'a str>,
    protected: &'a [ProtectionReason],
}

impl<'a> CoveredServer<'a> {
    fn of(server: &'a ServerIdentity) -> Self {
        // All fields by name, so that none is forgotten here.
        let ServerIdentity {
            id,
            name,
            host,
            port,
            user,
            host_key,
            machine_id,
            protected,
        } = server;
        Self {
            id: *id,
            name,
            host,
            port: *port,
            user,
            host_key: host_key.as_ref(),
            machine_id: machine_id.as_deref(),
            protected,
        }
    }
}

/// A thing by its identity. If only its name is known, it is covered as in older versions of infrakt.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
enum CoveredLoss<'a> {
    Name(&'a str),
    Known(&'a str, Option<&'a str>, &'a [LossEntry]),
}

impl<'a> CoveredLoss<'a> {
    fn of(loss: &'a Loss) -> Self {
        match loss.identity.as_deref() {
            None if loss.entries.is_empty() => Self::Name(&loss.name),
            identity => Self::Known(&loss.name, identity, &loss.entries),
        }
    }
}

impl Plan {
    /// The plan as it is saved: with the time, if it destroys, since it can only be applied for a while. One that was made
    /// offline can never be applied where it destroys, and stays the same whenever it is made.
    #[must_use]
    pub fn to_be_saved(mut self, now: Timestamp) -> Self {
        if self.destroys() && !self.offline {
            self.made_at = Some(now);
            self.digest = self.compute_digest();
        }
        self
    }

    /// The digest over the plan as it is now; [`Plan::digest`] holds the one it was made with.
    pub fn compute_digest(&self) -> String {
        let losses = self.losses.kinds().into_iter();
        // A plan of a machine without a swarm has the digest that it had before there were these kinds.
        let losses = losses
            .filter(|(kind, losses)| !(losses.is_empty() && ["stack", "service", "secret", "config"].contains(kind)));
        let losses = losses.map(|(kind, losses)| {
            let mut covered: Vec<CoveredLoss<'_>> = losses.iter().map(CoveredLoss::of).collect();
            covered.sort_unstable();
            (kind, covered)
        });
        let covered = Covered {
            format: self.format,
            recipe: &self.recipe,
            server: CoveredServer::of(&self.server),
            parameters: &self.parameters,
            inventory: &self.inventory,
            secrets: &self.secrets,
            offline: self.offline,
            losses: losses.collect(),
            losses_complete: self.losses_complete,
            queries: &self.queries,
            consent_before: self.consent_before,
            steps: &self.steps,
            report: &self.report,
            made_at: self.made_at,
        };
        // All keys are strings and all numbers finite, so there is no way for this to fail; if there were, no consent
        // could ever match an empty digest, since `ConsentedPlan` refuses it.
        serde_json::to_vec(&covered)
            .map(|bytes| sha256(&bytes))
            .unwrap_or_default()
    }
}
