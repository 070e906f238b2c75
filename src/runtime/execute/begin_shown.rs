//! Begins a run of a plan that a person was shown in an earlier call, if the plan is still the same.

use super::begun::BegunRun;
use super::group::{GroupCall, Joining, Ready};
use super::secrets;
use crate::consent::{ConsentedPlan, Proof};
use crate::error::{Refusal, Result};
use crate::plan::secret::Secrets;
use crate::reason::BusyReason;
use crate::recipe::Recipe;
use crate::runtime::open::{Parameters, Runtime, operator};
use crate::runtime::plan::shown_plans::ShownPlans;
use crate::runtime::reach::unattended::Unattended;
use crate::store::Server;

/// What to run, for someone who was shown its plan.
pub struct RunOrder<'a> {
    pub recipe: &'a Recipe,
    pub server: &'a Server,
    pub parameters: Parameters,
    pub proof: Proof<'a>,
    /// Values for its secrets; the others are taken from the environment.
    pub secrets: Secrets,
    /// Answers for the person, who can\'t be asked now.
    pub answers: Unattended,
}

impl Runtime {
    /// Makes the plan again, and begins a run of it if it is the one that was shown and may be executed. Nothing is done
    /// yet. The facts are read in any case, since they were for what was shown.
    ///
    /// # Errors
    /// As [`Runtime::show`]; the refusal that fits; a secret without a value; or a problem with the journal.
    pub fn begin_shown(&self, order: RunOrder<'_>, shown: &ShownPlans) -> Result<BegunRun> {
        let RunOrder {
            recipe,
            server,
            parameters,
            proof,
            secrets: given,
            answers,
        } = order;
        let mut live = self.reach(server, &answers)?;
        let plan = self.plan(recipe, &mut live, parameters.clone(), &answers)?.plan;
        self.check_open(&live, &plan)?;
        let consented = ConsentedPlan::admit_shown(plan, &proof, &operator())?;
        let taken = match consented.consent() {
            Some(_) => Some(shown.take(consented.plan())?),
            None => None,
        };
        let secrets = secrets::gather_given(&[consented.plan()], &given, &answers)?;
        let call = GroupCall {
            recipe: &recipe.reference(),
            parameters: &parameters,
            stages: &[],
            retry_of: None,
            or_nothing: true,
        };
        let ready = Ready {
            live,
            consented,
            secrets,
        };
        let (_, mut begun) = self.begin_group(&call, vec![Joining::Ready(Box::new(ready))])?;
        match begun.pop() {
            Some(waiting) => {
                let waiting = waiting?;
                // The consent is in the journal from here on, whatever comes of the run.
                if let Some(taken) = taken {
                    taken.use_up();
                }
                waiting.begin()
            }
            // Not expected: a group has a run for each of its members.
            None => Err(Refusal::Busy {
                reason: BusyReason::NotRecorded {
                    recipe: recipe.name.clone(),
                },
            }
            .into()),
        }
    }
}
