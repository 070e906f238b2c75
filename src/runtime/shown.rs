//! Plans that are shown in one call and come back in another, as the HTTP API does it: what would be refused is told with
//! the plan, and what comes back is held against a plan that is made anew.

use super::{Begun, Call, Joining, Live, Parameters, Planned, Ready, Runtime, Secrets, Unattended, operator, secrets};
use crate::consent::{ConsentedPlan, Proof, check_destroyable};
use crate::error::{Error, Refusal, Result};
use crate::plan::Plan;
use crate::plan::render::Mark;
use crate::recipe::Recipe;
use crate::store::Server;

/// A plan, as a person is to see it.
pub struct ShownPlan {
    pub planned: Planned,
    /// What each step would do as things stand.
    pub marks: Vec<Mark>,
    /// Why a run of it would be refused now, whoever consents.
    pub refused: Option<Error>,
}

/// What is to be done, by somebody who was shown the plan of it.
pub struct Order<'a> {
    pub recipe: &'a Recipe,
    pub server: &'a Server,
    pub parameters: Parameters,
    pub proof: Proof<'a>,
    /// Values for its secrets; the others are taken from the environment.
    pub secrets: Secrets,
}

impl Runtime {
    /// Makes a plan to be shown. Nobody is asked anything.
    ///
    /// # Errors
    /// As [`Runtime::reach`] and [`Runtime::plan`].
    pub fn show(&self, recipe: &Recipe, server: &Server, parameters: Parameters) -> Result<ShownPlan> {
        let live = self.reach(server, &Unattended)?;
        let planned = self.plan(recipe, &live, parameters)?;
        let marks = self.marks(&live, &planned.plan)?;
        let refused = match self.check_open(&live, &planned.plan) {
            Ok(()) => None,
            Err(refused @ Error::Refused(_)) => Some(refused),
            Err(error) => return Err(error),
        };
        Ok(ShownPlan {
            planned,
            marks,
            refused,
        })
    }

    /// Makes the plan anew, and begins a run of it if it is the one that was shown and may be executed. Nothing is done
    /// yet. The facts are read in any case, since they were for what was shown.
    ///
    /// # Errors
    /// As [`Runtime::show`]; the refusal that fits; a secret without a value; or a problem with the journal.
    pub fn begin_shown(&self, order: Order<'_>) -> Result<Begun> {
        let Order {
            recipe,
            server,
            parameters,
            proof,
            secrets: given,
        } = order;
        let live = self.reach(server, &Unattended)?;
        let plan = self.plan(recipe, &live, parameters.clone())?.plan;
        self.check_open(&live, &plan)?;
        let consented = ConsentedPlan::admit_shown(plan, &proof, &operator())?;
        let secrets = secrets::gather_given(&[consented.plan()], &given, &Unattended)?;
        let call = Call {
            recipe,
            parameters: &parameters,
            retry_of: None,
        };
        let ready = Ready {
            live,
            consented,
            secrets,
        };
        let (_, mut begun) = self.begin_group(&call, vec![Joining::Ready(Box::new(ready))])?;
        match begun.pop() {
            Some(waiting) => waiting?.begin(),
            // A group has a place for each of its members.
            None => Err(Refusal::Busy {
                reason: format!("no run of {} was recorded", recipe.name),
            }
            .into()),
        }
    }

    /// Whether anything but a consent is wanting: the server must not be protected from what the plan does, and nobody may
    /// be at work there.
    fn check_open(&self, live: &Live, plan: &Plan) -> Result<()> {
        if plan.destroys() {
            check_destroyable(plan)?;
        }
        self.store.check_not_at_work(&live.server)?;
        match self.lock_holder(live)? {
            None => Ok(()),
            Some(holder) => Err(Refusal::Locked {
                server: live.server.name.clone(),
                holder: holder.to_string(),
            }
            .into()),
        }
    }
}
