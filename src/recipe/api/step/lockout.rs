//! Modifiers for steps that could lock everyone out.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter, seconds};
use crate::plan::{Action, Effect, Undo, form};
use crate::recipe::api::call::{RhaiResult, check_text};
use crate::recipe::draft::Problem;
use rhai::plugin::*;

/// Default time in seconds for a new login.
const TWO_MINUTES: u64 = 120;

/// How a step is undone.
#[export_module]
pub mod lockout {
    /// Makes the server undo the step by itself if no new login works within two minutes after it. Use it for changes
    /// that could lock everyone out, such as changes to the firewall or sshd. A step that was undone has failed. The old file
    /// of an upload is put back before the command runs.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Turn on the firewall", "ufw --force enable").undo_if_locked_out("ufw --force disable");
    /// ```
    #[rhai_fn(name = "undo_if_locked_out", return_raw)]
    pub fn undo_if_locked_out(
        context: NativeCallContext,
        step: &mut StepHandle,
        command: &str,
    ) -> RhaiResult<StepHandle> {
        set_undo(&context, step, command, TWO_MINUTES)
    }

    /// As above, for an upload: the server puts the old file back, with its content, mode and owner, or removes the new file
    /// where there was none.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the keys of root", "/root/.ssh/authorized_keys", "ssh-ed25519 AAAA…\n").mode("0600").undo_if_locked_out();
    /// ```
    #[rhai_fn(name = "undo_if_locked_out", return_raw)]
    pub fn undo_upload_if_locked_out(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepHandle> {
        let undo = Undo {
            command: String::new(),
            after_seconds: TWO_MINUTES,
        };
        alter(&context, step, |step| match step.action {
            Action::Upload { .. } => {
                step.undo = Some(undo);
                Ok(())
            }
            _ => Err(Problem::new("infrakt can't know how to undo this step")
                .help("say it: .undo_if_locked_out(\"ufw --force disable\")")),
        })
    }

    /// As above, with a different time: `"5m"`.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Restart sshd", "systemctl restart ssh")
    ///     .undo_if_locked_out("cp /etc/ssh/sshd_config.old /etc/ssh/sshd_config; systemctl restart ssh", "5m");
    /// ```
    #[rhai_fn(name = "undo_if_locked_out", return_raw)]
    pub fn undo_if_locked_out_after(
        context: NativeCallContext,
        step: &mut StepHandle,
        command: &str,
        duration: &str,
    ) -> RhaiResult<StepHandle> {
        let seconds = seconds(&context, "time to wait", duration, form::LONGEST_TIMEOUT)?;
        set_undo(&context, step, command, seconds)
    }
}

fn set_undo(
    context: &NativeCallContext,
    step: &StepHandle,
    command: &str,
    after_seconds: u64,
) -> RhaiResult<StepHandle> {
    check_text(context, "an undo", command)?;
    alter(context, step, |step| {
        if !matches!(step.action, Action::Run { .. } | Action::Upload { .. }) {
            return Err(Problem::new("only a command or an upload can be undone"));
        }
        if step.effect != Effect::Destroy {
            Problem::of_destroying(command, "an undo").map_or(Ok(()), Err)?;
        }
        let command = command.trim_end_matches('\n').to_owned();
        step.undo = Some(Undo { command, after_seconds });
        Ok(())
    })
}
