//! Modifiers of an upload.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter};
use crate::plan::{Action, Step, form};
use crate::recipe::api::call::{RhaiResult, check_text};
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

    /// Checks the new content before it takes its place. The read-only command finds it in the file `$FILE`, with its mode and
    /// owner, in a directory that only root can enter. If the command fails, the old file stays as it is, and the step has
    /// failed with the command's own words.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Let deploy restart the shop", "/etc/sudoers.d/deploy", "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop\n")
    ///     .mode("0440")
    ///     .validate("visudo -cf \"$FILE\"");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn validate(context: NativeCallContext, step: &mut StepHandle, command: &str) -> RhaiResult<StepHandle> {
        check_file(&context, step, command, |step| &mut step.validate)
    }

    /// Checks the server after the file has taken its place, and puts the old file back if the read-only command fails: its
    /// content, mode and owner; where there was none, the new file is removed. The step has then failed. Use it where a
    /// program can only check all of its files together, such as nginx.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the site", "/etc/nginx/conf.d/shop.conf", "server { listen 8080; }\n").restore_unless("nginx -t");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn restore_unless(context: NativeCallContext, step: &mut StepHandle, command: &str) -> RhaiResult<StepHandle> {
        check_file(&context, step, command, |step| &mut step.restore_unless)
    }

    /// Lets an uploaded script hold a command that destroys data when the script is run later: a timer that removes old
    /// dumps, for instance. The plan shows the reason. What a step itself destroys belongs into `ssh::destroy`; so does a step that runs such a
    /// script, or starts its unit.
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

fn check_file(
    context: &NativeCallContext,
    step: &StepHandle,
    command: &str,
    place: impl FnOnce(&mut Step) -> &mut Option<String>,
) -> RhaiResult<StepHandle> {
    check_text(context, "a check", command)?;
    if let Some(problem) = Problem::of_more_than_looking(command, "a check") {
        return Err(problem.at(context));
    }
    alter(context, step, |step| match &step.action {
        Action::Upload { .. } => {
            *place(step) = Some(command.trim_end_matches('\n').to_owned());
            Ok(())
        }
        _ => Err(Problem::new("only an upload has a file to check")),
    })
}
