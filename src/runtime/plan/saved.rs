//! Plans that come from a file: whether they are what they were, and whether they still fit their server.

use super::copied_files;
use crate::consent::{check_age, check_destroyable};
use crate::error::{RecipeError, Refusal, Result};
use crate::plan::{Keeper, Plan, lint};
use crate::reason::StaleReason;
use crate::recipe::{ServerView, is_shipped};
use crate::runtime::open::Runtime;
use crate::runtime::reach::compare::compare;
use crate::runtime::reach::live::Live;
use crate::runtime::reach::reading::views_of_tagged;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Runtime {
    /// Checks a plan from a file as far as possible without its server. It must be unaltered, pass the lint, contain
    /// nothing that is refused even with a consent, and the inventory must say what the recipe read of it.
    ///
    /// # Errors
    /// The refusal that fits.
    pub fn examine(&self, plan: &Plan) -> Result<()> {
        check_record(plan)?;
        copied_files::check(plan)?;
        self.compare_inventory(plan)
    }

    /// Checks a plan that comes from a file against the server that was reached: as [`Runtime::examine`], but for the files that
    /// it copies, and it must still fit the machine. Consent is asked again.
    ///
    /// # Errors
    /// The refusal that fits.
    pub fn recheck(&self, plan: &Plan, live: &Live) -> Result<()> {
        check_record(plan)?;
        compare(plan, &live.identity, &live.losses)?;
        self.compare_inventory(plan)
    }

    /// Whether the inventory still says what the recipe read of it.
    fn compare_inventory(&self, plan: &Plan) -> Result<()> {
        let stale = |reason| {
            let server = plan.server.name.clone();
            Err(Refusal::StalePlan { server, reason }.into())
        };
        let read = &plan.inventory;
        let now = match read.vars.is_empty() && read.names.is_none() {
            true => BTreeMap::new(),
            false => self.store.variables_of(&self.store.server(&plan.server.name)?)?,
        };
        for (variable, then) in &read.vars {
            let now = now.get(variable).and_then(|variable| variable.value.as_ref());
            if now.unwrap_or(&Value::Null) != then {
                let variable = variable.clone();
                return stale(StaleReason::VariableChanged { variable });
            }
        }
        if let Some(then) = &read.names {
            let then: BTreeSet<&String> = then.iter().collect();
            let now: BTreeSet<&String> = now.keys().collect();
            if let Some(variable) = then.symmetric_difference(&now).next() {
                let variable = (*variable).clone();
                return stale(StaleReason::VariableChanged { variable });
            }
        }
        for (tag, then) in &read.servers {
            let now = views_of_tagged(&self.store, tag)?;
            if ServerView::read(&now) != *then {
                return stale(StaleReason::ServersChanged { tag: tag.clone() });
            }
        }
        Ok(())
    }
}

/// Whether a plan from a file is as infrakt makes plans, and may be applied.
fn check_record(plan: &Plan) -> Result<()> {
    if plan.digest != plan.compute_digest() {
        return Err(Refusal::StalePlan {
            server: plan.server.name.clone(),
            reason: StaleReason::Modified,
        }
        .into());
    }
    if let Some(finding) = lint::findings(plan).first() {
        return Err(RecipeError::Lint {
            message: format!(
                "step {}: `{}` {}, and {} must not",
                finding.step + 1,
                finding.what,
                finding.does,
                finding.part
            ),
            label: String::new(),
            position: None,
            help: match finding.does {
                "destroys data" => "put the command into ssh::destroy, and make a new plan",
                _ => "put the command into a step, and make a new plan",
            }
            .to_owned(),
        }
        .into());
    }
    for (name, source) in &plan.recipe.sources {
        if source.kept_by == Keeper::Shipped && !is_shipped(name, &source.sha256) {
            return Err(Refusal::StalePlan {
                server: plan.server.name.clone(),
                reason: StaleReason::OtherModule { module: name.clone() },
            }
            .into());
        }
    }
    if plan.destroys() {
        check_destroyable(plan)?;
    }
    Ok(check_age(plan, Timestamp::now())?)
}
