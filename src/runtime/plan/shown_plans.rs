//! Plans that are shown in one request and come back in another, as in the HTTP API. The plan says what would be
//! refused; a plan that comes back is compared with a new one.

use super::preview::Previewed;
use crate::consent::check_destroyable;
use crate::error::{Error, Refusal, Result};
use crate::plan::{Losses, Plan};
use crate::reason::LockHolder;
use crate::recipe::Recipe;
use crate::runtime::open::{Parameters, Runtime};
use crate::runtime::reach::live::Live;
use crate::runtime::reach::unattended::Unattended;
use crate::store::Server;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A plan, as a person is to see it.
pub struct ShownPlan {
    pub previewed: Previewed,
    /// Why a run of it would be refused now, even with consent.
    pub refused: Option<Error>,
}

/// How long a plan that was shown can be accepted.
const LIFETIME: Duration = Duration::from_mins(10);
/// How many plans that were shown are remembered. Of more, the oldest have to be shown again.
const REMEMBERED: usize = 1000;

/// The plans that were shown and wait for a person's consent. Each is good for one run, and only for a limited time: a person
/// who consents later, or a second time, has not read the plan for the server as it is now.
#[derive(Default)]
pub struct ShownPlans {
    plans: Mutex<BTreeMap<(i64, String), WaitingPlan>>,
}

struct WaitingPlan {
    /// What was shown to be lost, with sizes, which the digest does not cover.
    losses: Losses,
    since: Instant,
    /// By the wall clock, which runs while a computer sleeps.
    at: Timestamp,
    /// A run of it is being begun.
    taken: bool,
}

impl WaitingPlan {
    fn now(losses: Losses) -> Self {
        Self {
            losses,
            since: Instant::now(),
            at: Timestamp::now(),
            taken: false,
        }
    }

    /// In doubt it is not: a clock that was set back makes nothing younger.
    fn is_fresh(&self) -> bool {
        let age = Timestamp::now().duration_since(self.at);
        self.since.elapsed() < LIFETIME && Duration::try_from(age).is_ok_and(|age| age < LIFETIME)
    }
}

impl ShownPlans {
    fn plans(&self) -> MutexGuard<'_, BTreeMap<(i64, String), WaitingPlan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, plan: &Plan) {
        let mut plans = self.plans();
        plans.retain(|_, waiting| waiting.taken || waiting.is_fresh());
        if plans.len() >= REMEMBERED {
            let free = plans.iter().filter(|(_, waiting)| !waiting.taken);
            let oldest = free
                .min_by_key(|(_, waiting)| waiting.since)
                .map(|(key, _)| key.clone());
            oldest.and_then(|key| plans.remove(&key));
        }
        let key = (plan.server.id, plan.digest.clone());
        let taken = plans.get(&key).is_some_and(|waiting| waiting.taken);
        plans.insert(
            key,
            WaitingPlan {
                taken,
                ..WaitingPlan::now(plan.losses.clone())
            },
        );
    }

    /// Takes a plan, so that no other call can. It is given back unless a run of it has begun.
    pub(in crate::runtime) fn take(&self, plan: &Plan) -> Result<TakenPlan<'_>, Refusal> {
        let server = plan.server.name.clone();
        let key = (plan.server.id, plan.digest.clone());
        match self.plans().get_mut(&key) {
            Some(waiting) if waiting.taken => Err(Refusal::Locked {
                server,
                holder: Box::new(LockHolder::SamePlan),
            }),
            // The digest is the same, so nothing is new; but something may have grown.
            Some(waiting) if waiting.is_fresh() && !plan.losses.new_since(&waiting.losses).is_empty() => {
                Err(Refusal::AnotherPlan { server })
            }
            Some(waiting) if waiting.is_fresh() => {
                waiting.taken = true;
                Ok(TakenPlan { shown: self, key })
            }
            _ => Err(Refusal::NotShown { server }),
        }
    }
}

pub(in crate::runtime) struct TakenPlan<'a> {
    shown: &'a ShownPlans,
    key: (i64, String),
}

impl TakenPlan<'_> {
    /// A run has begun with it: it is good for no other.
    pub(in crate::runtime) fn use_up(self) {
        self.shown.plans().remove(&self.key);
    }
}

impl Drop for TakenPlan<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.shown.plans().get_mut(&self.key) {
            waiting.taken = false;
        }
    }
}

impl Runtime {
    /// Makes a plan to be shown, and remembers in `shown` that it was, if it takes a consent. `answers` stands in for the
    /// person, who can't be asked.
    ///
    /// # Errors
    /// As [`Runtime::reach_and_preview`].
    pub fn show(
        &self,
        recipe: &Recipe,
        server: &Server,
        parameters: Parameters,
        answers: &Unattended,
        shown: &ShownPlans,
    ) -> Result<ShownPlan> {
        let (live, previewed) = self.reach_and_preview(recipe, server, parameters, answers)?;
        let plan = &previewed.planned.plan;
        let refused = match self.check_open(&live, plan) {
            Ok(()) => None,
            Err(refused @ Error::Refused(_)) => Some(refused),
            Err(error) => return Err(error),
        };
        if plan.needs_consent() {
            shown.remember(plan);
        }
        Ok(ShownPlan { previewed, refused })
    }

    /// Checks everything but the consent: the server must not be protected from what the plan does, and no other run
    /// may be at work there.
    pub(in crate::runtime) fn check_open(&self, live: &Live, plan: &Plan) -> Result<()> {
        if plan.destroys() {
            check_destroyable(plan)?;
        }
        self.store.check_not_at_work(&live.server)?;
        match self.lock_holder(live)? {
            None => Ok(()),
            Some(holder) => Err(Refusal::Locked {
                server: live.server.name.clone(),
                holder: Box::new(holder.as_reason()),
            }
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME, REMEMBERED, ShownPlans};
    use crate::error::Refusal;
    use crate::plan::{Loss, Plan};
    use jiff::SignedDuration;
    use std::time::{Duration, Instant};

    fn plan(digest: &str) -> Plan {
        let json = format!(
            r#"{{ "format": 2, "recipe": {{ "name": "wipe.rhai", "kept_by": "shipped", "overrides_shipped": false, "sources": {{}} }}, "parameters": {{}}, "secrets": [],
                "server": {{ "id": 1, "name": "prod-2", "host": "h", "port": 22, "user": "root", "host_key": null,
                    "machine_id": null, "protected": [] }},
                "offline": false, "consent_before": null, "losses_complete": true, "steps": [], "digest": "{digest}",
                "losses": {{ "containers": [], "images": [], "volumes": [], "networks": [], "paths": [], "apps": [],
                    "deployments": [], "env_files": [] }} }}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_plan_that_was_shown_is_good_for_one_run() {
        let shown = ShownPlans::default();
        assert!(matches!(shown.take(&plan("a")), Err(Refusal::NotShown { .. })));
        shown.remember(&plan("a"));
        assert!(matches!(shown.take(&plan("b")), Err(Refusal::NotShown { .. })));
        let taken = shown.take(&plan("a")).unwrap();
        assert!(matches!(shown.take(&plan("a")), Err(Refusal::Locked { .. })));
        // No run has begun with the plan, so it can be taken again.
        drop(taken);
        shown.take(&plan("a")).unwrap().use_up();
        assert!(matches!(shown.take(&plan("a")), Err(Refusal::NotShown { .. })));
    }

    #[test]
    fn what_has_grown_since_it_was_shown_is_to_be_shown_again() {
        let volume = |bytes: u64| {
            let mut plan = plan("a");
            plan.losses.volumes = vec![Loss {
                bytes: Some(bytes),
                ..Loss::named("pgdata")
            }];
            plan
        };
        let shown = ShownPlans::default();
        shown.remember(&volume(5));
        let refused = shown.take(&volume(30_000_000));
        assert!(matches!(refused, Err(Refusal::AnotherPlan { .. })));
        assert!(shown.take(&volume(900_000)).is_ok());
        shown.remember(&volume(30_000_000));
        assert!(shown.take(&volume(30_000_000)).is_ok());
    }

    #[test]
    fn a_plan_that_was_shown_long_ago_is_to_be_shown_again() {
        let shown = ShownPlans::default();
        shown.remember(&plan("a"));
        let Some(long_ago) = Instant::now().checked_sub(LIFETIME + Duration::from_secs(1)) else {
            return;
        };
        shown.plans().get_mut(&(1, "a".to_owned())).unwrap().since = long_ago;
        assert!(matches!(shown.take(&plan("a")), Err(Refusal::NotShown { .. })));
    }

    #[test]
    fn a_night_in_which_the_computer_slept_counts_and_a_clock_that_was_set_back_makes_nothing_younger() {
        for seconds in [-8 * 3600, 600] {
            let shown = ShownPlans::default();
            shown.remember(&plan("a"));
            shown.plans().get_mut(&(1, "a".to_owned())).unwrap().at += SignedDuration::from_secs(seconds);
            assert!(
                matches!(shown.take(&plan("a")), Err(Refusal::NotShown { .. })),
                "{seconds}"
            );
        }
    }

    #[test]
    fn however_many_are_shown_no_more_are_remembered_than_a_bound() {
        let shown = ShownPlans::default();
        for number in 0..=REMEMBERED {
            shown.remember(&plan(&number.to_string()));
        }
        assert_eq!(shown.plans().len(), REMEMBERED);
        assert!(shown.take(&plan("0")).is_err() && shown.take(&plan(&REMEMBERED.to_string())).is_ok());
    }
}
