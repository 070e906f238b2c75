//! Modifiers of an upload.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter};
use crate::plan::{Action, form};
use crate::recipe::api::call::RhaiResult;
use crate::recipe::draft::Problem;
use rhai::plugin::*;

/// What belongs to a file.
#[export_module]
pub mod uploads {
    /// The mode of an uploaded file, as for chmod.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the configuration", "/etc/app.conf", "key = value\n").mode("0640");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mode(context: NativeCallContext, step: &mut StepHandle, mode: &str) -> RhaiResult<StepHandle> {
        if !form::is_mode(mode) {
            return Err(Problem::new(format!("{mode:?} is not a valid mode"))
                .help("write it as \"0644\"")
                .at(&context));
        }
        let step = alter(&context, step, |step| match &mut step.action {
            Action::Upload { mode: known, .. } => {
                *known = format!("{mode:0>4}");
                Ok(())
            }
            _ => Err(Problem::new("only an upload has a mode")),
        })?;
        step.check_script(&context)?;
        Ok(step)
    }

    /// The owner of an uploaded file, as for chown.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the key list", "/home/deploy/.ssh/authorized_keys", "ssh-ed25519 AAAA…\n").owner("deploy:deploy");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn owner(context: NativeCallContext, step: &mut StepHandle, owner: &str) -> RhaiResult<StepHandle> {
        if !form::is_owner(owner) {
            return Err(Problem::new(format!("{owner:?} is not a valid owner"))
                .help("write it as \"user:group\"")
                .at(&context));
        }
        alter(&context, step, |step| match &mut step.action {
            Action::Upload { owner: known, .. } => {
                *known = owner.to_owned();
                Ok(())
            }
            _ => Err(Problem::new("only an upload has an owner")),
        })
    }

    /// Lets an uploaded script hold a command that destroys data when the script is run later: a timer that removes old
    /// dumps, for instance. The plan shows the reason. What a step itself destroys belongs into `ssh::destroy`.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Remove old dumps every week", "/etc/cron.weekly/dumps", "#!/bin/sh\nfind /srv/dumps -mtime +30 -delete\n")
    ///     .mode("0755")
    ///     .allow_destroying("removes dumps older than 30 days");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn allow_destroying(context: NativeCallContext, step: &mut StepHandle, why: &str) -> RhaiResult<StepHandle> {
        if !form::is_title(why) {
            return Err(Problem::new("the reason must be one line").at(&context));
        }
        alter(&context, step, |step| match &step.action {
            Action::Upload { .. } => {
                step.allowed = Some(why.to_owned());
                Ok(())
            }
            _ => Err(Problem::new("only an uploaded script can be allowed to destroy")
                .help("put a command that destroys into ssh::destroy(\"What is destroyed\", \"…\")")),
        })
    }
}
