//! Consent: turns a plan into a [`ConsentedPlan`], which is the only thing that an executor accepts. Every destructive
//! plan goes through here, whatever recipe, flag or API call it came from.

use crate::error::Refusal;
use crate::plan::Plan;
use crate::reason::StaleReason;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// How a person consented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The name was typed at the prompt.
    Typed,
    /// The name was given with `--confirm`.
    #[serde(rename = "--confirm")]
    Flag,
    /// The name came with a request to the HTTP API.
    Api,
}

impl Means {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Flag => "--confirm",
            Self::Api => "api",
        }
    }
}

/// A proof that a person accepted one plan, for the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Consent {
    pub server: String,
    /// The digest of the plan that was shown.
    pub digest: String,
    /// The operator, as `user@computer`.
    pub who: String,
    pub how: Means,
    pub at: Timestamp,
}

/// What came with a call of the HTTP API for a plan that was shown before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof<'a> {
    /// The server's name, as a person typed it.
    pub name: Option<&'a str>,
    /// The digest of the plan that the person was shown.
    pub digest: Option<&'a str>,
}

/// A plan that may be executed: it destroys nothing, or a person typed the server's name for exactly this plan.
///
/// There is no other way to make one than [`ConsentedPlan::admit`], and [`ConsentedPlan::readmit`] for one that was made
/// so before.
#[derive(Debug)]
pub struct ConsentedPlan {
    plan: Plan,
    consent: Option<Consent>,
}

impl ConsentedPlan {
    /// Admits a plan to execution. `typed` is the name that a person gave, and how; it is not needed, and does no harm,
    /// where nothing is destroyed.
    ///
    /// # Errors
    /// If the plan was altered after it was made; or if it destroys, and the server is protected or has no identity, the
    /// plan was made offline, or the name is missing or another one.
    pub fn admit(plan: Plan, typed: Option<(&str, Means)>, who: &str) -> Result<Self, Refusal> {
        let server = plan.server.name.clone();
        if plan.digest.is_empty() || plan.digest != plan.compute_digest() {
            return Err(Refusal::StalePlan {
                server,
                reason: StaleReason::Modified,
            });
        }
        if plan.destroys() {
            check_destroyable(&plan)?;
        }
        if !plan.needs_consent() {
            return Ok(Self { plan, consent: None });
        }
        match typed {
            Some((name, how)) if name == server => {
                let consent = Consent {
                    server,
                    digest: plan.digest.clone(),
                    who: who.to_owned(),
                    how,
                    at: Timestamp::now(),
                };
                Ok(Self {
                    plan,
                    consent: Some(consent),
                })
            }
            Some(_) => Err(Refusal::ConsentMismatch { server }),
            None => Err(Refusal::NoTerminal { server }),
        }
    }

    /// Admits a plan that a person has read elsewhere, and has answered for there: with the server's name, and the digest
    /// of what was shown. Where nothing is destroyed none of it is needed, but a digest that is given must fit.
    ///
    /// # Errors
    /// As [`ConsentedPlan::admit`], or if the plan is not the one that was shown.
    pub fn admit_shown(plan: Plan, proof: &Proof<'_>, who: &str) -> Result<Self, Refusal> {
        let server = plan.server.name.clone();
        if plan.destroys() {
            // A refusal that applies even with consent is reported before anything about the consent.
            check_destroyable(&plan)?;
        }
        if plan.needs_consent() {
            match proof.name {
                None => {
                    return Err(Refusal::NotProven {
                        server,
                        field: "confirm",
                    });
                }
                Some(name) if name != server => return Err(Refusal::ConsentMismatch { server }),
                Some(_) if proof.digest.is_none() => {
                    return Err(Refusal::NotProven {
                        server,
                        field: "digest",
                    });
                }
                Some(_) => {}
            }
        }
        if proof.digest.is_some_and(|digest| digest != plan.digest) {
            return Err(Refusal::AnotherPlan { server });
        }
        Self::admit(plan, proof.name.map(|name| (name, Means::Api)), who)
    }

    /// Admits the plan of a run that is resumed, with the consent that began it. Whether that still holds is the
    /// journal's to say, which `given` comes from.
    ///
    /// # Errors
    /// As [`ConsentedPlan::admit`], or if the consent was given for a different plan.
    pub fn readmit(plan: Plan, given: Option<Consent>) -> Result<Self, Refusal> {
        let admitted = Self::admit(
            plan,
            given.as_ref().map(|given| (given.server.as_str(), given.how)),
            given.as_ref().map_or("", |given| given.who.as_str()),
        )?;
        match given {
            Some(given) if given.digest != admitted.plan.digest => Err(Refusal::StalePlan {
                server: given.server,
                reason: StaleReason::OtherConsent,
            }),
            given => Ok(Self {
                consent: given,
                ..admitted
            }),
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn consent(&self) -> Option<&Consent> {
        self.consent.as_ref()
    }
}

/// How long a saved destructive plan can be applied.
const SAVED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Whether a saved plan is recent enough to be applied. A plan that destroys nothing does not expire.
///
/// # Errors
/// If it destroys, and does not say when it was made, is older than a day, or is from the future: then a clock was changed, and
/// its age is unknown.
pub fn check_age(plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
    if !plan.destroys() {
        return Ok(());
    }
    let stale = |reason| {
        let server = plan.server.name.clone();
        Err(Refusal::StalePlan { server, reason })
    };
    let Some(made_at) = plan.made_at else {
        return stale(StaleReason::NotDated);
    };
    let age = now.duration_since(made_at);
    if age < SignedDuration::ZERO {
        return stale(StaleReason::FromFuture { made_at });
    }
    if age > SAVED_FOR {
        return stale(StaleReason::Expired {
            made_at,
            valid_for_hours: SAVED_FOR.as_hours(),
        });
    }
    Ok(())
}

/// Whether the plan itself allows its server to lose data, given consent. Checked before a person is asked, so
/// that no user types a name that can't help.
///
/// # Errors
/// If the server is protected or has no identity, or if the plan was made offline.
pub fn check_destroyable(plan: &Plan) -> Result<(), Refusal> {
    let server = plan.server.name.clone();
    if !plan.server.protected.is_empty() {
        return Err(Refusal::Protected {
            server,
            reasons: plan.server.protected.clone(),
        });
    }
    if plan.offline {
        return Err(Refusal::StalePlan {
            server,
            reason: StaleReason::MadeOffline,
        });
    }
    if plan.server.machine_id.is_none() {
        return Err(Refusal::NoIdentity { server });
    }
    Ok(())
}
