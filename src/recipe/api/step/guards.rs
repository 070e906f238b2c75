//! Modifiers that decide whether a step runs, and when.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter};
use crate::plan::{Action, Keeper, form};
use crate::recipe::api::call::{RhaiResult, check_text};
use crate::recipe::draft::Problem;
use rhai::plugin::*;

/// Whether a step runs.
#[export_module]
pub mod guards {
    /// Skips the step (outcome: no change) if this read-only command succeeds.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Create the user", "useradd deploy").unless("id deploy");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn unless(context: NativeCallContext, step: &mut StepHandle, command: &str) -> RhaiResult<StepHandle> {
        guard(&context, command)?;
        alter(&context, step, |step| {
            step.unless.push(command.trim_end_matches('\n').to_owned());
            Ok(())
        })
    }

    /// Skips the step (outcome: no change) if this read-only command fails.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Reload nginx", "systemctl reload nginx").only_if("systemctl is-active nginx");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn only_if(context: NativeCallContext, step: &mut StepHandle, command: &str) -> RhaiResult<StepHandle> {
        guard(&context, command)?;
        alter(&context, step, |step| {
            step.only_if.push(command.trim_end_matches('\n').to_owned());
            Ok(())
        })
    }

    /// States that running the step twice does no harm. A resumed run may then repeat it when its outcome is not known.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Pull the image", "docker pull traefik:v3.7").idempotent();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn idempotent(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepHandle> {
        alter(&context, step, |step| {
            step.idempotent = true;
            Ok(())
        })
    }

    /// Runs a check during planning too, so that the plan shows what would fail before anything is done. Use it for
    /// requirements of the server that hold from the beginning or never. Like a guard, it must not change anything, and
    /// it must end within a minute.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check("The data disk is mounted", "mountpoint /srv/data").preflight();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn preflight(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepHandle> {
        alter(&context, step, |step| {
            if !form::can_be_preflight(step) {
                return Err(Problem::new("only a check can run during planning")
                    .help("ssh::check(\"title\", \"command\").preflight()"));
            }
            // infrakt's own may write into temporary folders, which they remove.
            if let Action::Run { command } = &step.action
                && step.origin.kept_by != Keeper::Shipped
                && let Some(problem) = Problem::of_more_than_looking(command, "a check that is asked while planning")
            {
                return Err(problem);
            }
            step.preflight = true;
            Ok(())
        })
    }
}

fn guard(context: &NativeCallContext, command: &str) -> RhaiResult<()> {
    check_text(context, "a guard", command)?;
    match Problem::of_more_than_looking(command, "a guard") {
        Some(problem) => Err(problem.at(context)),
        None => Ok(()),
    }
}
