//! What a step prints, for a later step.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter};
use crate::plan::{Action, form};
use crate::recipe::api::call::RhaiResult;
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;

/// What a step will print: a recipe never sees it.
#[derive(Debug, Clone)]
pub struct StepOutput {
    /// The number of the step.
    pub number: usize,
}

/// What is taken from a step.
#[export_module]
pub mod outputs {
    /// What the step will print on its standard output, without the line breaks at its end, at most 64 KiB. The recipe can't
    /// see it, since the step runs later: pass it to a later step with `env`, or to `report`. The step must not have a guard,
    /// since it prints only if it runs.
    ///
    /// # Example
    /// ```rhai
    /// let token = ssh::run("Create a token", "shop token create");
    /// ssh::run("Register the server", "register --token \"$TOKEN\"").env("TOKEN", token.output());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn output(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepOutput> {
        let number = step.number();
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        if !draft
            .steps
            .get(number - 1)
            .is_some_and(crate::plan::Step::always_prints)
        {
            return Err(
                Problem::new("only a command without a guard has an output for later steps")
                    .label("may have nothing to do, and then prints nothing")
                    .help("remove the guard; or ask while planning: ssh::query(\"…\")")
                    .at(&context),
            );
        }
        draft.outputs.insert(number);
        Ok(StepOutput { number })
    }

    /// Passes what an earlier step has printed to the step's command, as an environment variable. The plan shows the number of
    /// that step.
    ///
    /// # Example
    /// ```rhai
    /// let version = ssh::check("Which version is there?", "shop --version");
    /// ssh::run("Note the version", "echo \"$VERSION\" >>/srv/shop/versions").env("VERSION", version.output());
    /// ```
    #[rhai_fn(name = "env", return_raw)]
    pub fn env_output(
        context: NativeCallContext,
        step: &mut StepHandle,
        name: &str,
        value: StepOutput,
    ) -> RhaiResult<StepHandle> {
        if !form::is_variable_name(name) {
            return Err(Problem::new(format!("{name:?} is not a valid name for an environment variable")).at(&context));
        }
        let earlier = value.number < step.number();
        alter(&context, step, |step| match step.action {
            Action::Run { .. } if earlier => {
                step.outputs.insert(name.to_owned(), value.number);
                Ok(())
            }
            Action::Run { .. } => Err(Problem::new("a step can use only the output of a step before it")),
            _ => Err(Problem::new("only a command has environment variables")),
        })
    }
}
