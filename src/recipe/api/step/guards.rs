//! Modifiers that decide whether a step runs, and when.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter};
use crate::plan::{Action, Keeper, form};
use crate::recipe::api::call::{RhaiResult, check_text};
use crate::recipe::draft::{Problem, SharedDraft};
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
        guard(&context, step, command)?;
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
        guard(&context, step, command)?;
        alter(&context, step, |step| {
            step.only_if.push(command.trim_end_matches('\n').to_owned());
            Ok(())
        })
    }

    /// Runs the step only if this earlier step has changed something since the step last succeeded: a handler, such as a restart
    /// after a new configuration. The server remembers it if the run ends before the handler, or if the handler fails. The next
    /// run, or the resumed one, then runs it, even if nothing changes any more. It is remembered by the name of the recipe,
    /// the title of the step, and the steps it depends on: an upload by its path, a command by its title.
    ///
    /// # Example
    /// ```rhai
    /// let config = ssh::upload("Configure cron", "/etc/default/cron", "EXTRA_OPTS='-L 2'\n");
    /// ssh::run("Restart cron", "systemctl restart cron").when_changed(config);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn when_changed(
        context: NativeCallContext,
        step: &mut StepHandle,
        other: StepHandle,
    ) -> RhaiResult<StepHandle> {
        await_steps(&context, step, &[other])
    }

    /// As above, for several earlier steps: the step runs once if one of them, or several, changed something.
    ///
    /// # Example
    /// ```rhai
    /// let site = ssh::upload("Write the site", "/etc/nginx/conf.d/shop.conf", "server { listen 8080; }\n");
    /// let limits = ssh::upload("Write the limits", "/etc/nginx/conf.d/limits.conf", "client_max_body_size 8m;\n");
    /// ssh::run("Reload nginx", "systemctl reload nginx").when_changed([site, limits]);
    /// ```
    #[rhai_fn(name = "when_changed", return_raw)]
    pub fn when_any_changed(
        context: NativeCallContext,
        step: &mut StepHandle,
        others: rhai::Array,
    ) -> RhaiResult<StepHandle> {
        let handles: Option<Vec<StepHandle>> = others.into_iter().map(Dynamic::try_cast::<StepHandle>).collect();
        match handles.filter(|handles| !handles.is_empty()) {
            Some(handles) => await_steps(&context, step, &handles),
            None => Err(Problem::new("this is not a list of steps")
                .label("a list of one step or more")
                .help("let config = ssh::upload(…); ssh::run(…).when_changed([config])")
                .at(&context)),
        }
    }

    /// States that running the step twice does no harm. A resumed run may then repeat it when its outcome is not known.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Pull the image", "docker pull traefik:v3.7").idempotent();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn idempotent(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepHandle> {
        step.set_idempotent(&context)
    }

    /// Gives the step its turn although an earlier step has failed, or the run is stopped: for what must not stay as it is in
    /// between, such as a server that gets no more visitors. The run has still failed. A resumed run begins at the step that
    /// failed, and runs the step again, so running it twice must do no harm. A second Ctrl-C ends the run without it.
    /// A step that destroys can't always run.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Send no more visitors here", "touch /srv/balancer/drain");
    /// ssh::run("Upgrade the packages", "apt-get upgrade -y").timeout("30m");
    /// ssh::run("Send visitors here again", "rm -f /srv/balancer/drain").always();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn always(context: NativeCallContext, step: &mut StepHandle) -> RhaiResult<StepHandle> {
        alter(&context, step, |step| {
            if !step.can_always_run() {
                return Err(Problem::new("only a command or an upload can always run")
                    .help("the server runs it by itself, also if infrakt does not return"));
            }
            if step.destroys() {
                return Err(Problem::new("a step that destroys can't always run")
                    .label("it would also run after a check before it has failed, or after a Ctrl-C")
                    .help("leave out .always(): after a failure, `infrakt runs resume` comes to this step too"));
            }
            step.always = true;
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

fn await_steps(context: &NativeCallContext, step: &StepHandle, others: &[StepHandle]) -> RhaiResult<StepHandle> {
    check_has_no_output(context, step)?;
    for other in others {
        let shared = SharedDraft::of(context)?;
        let draft = shared.lock();
        let awaited = draft.steps.get(other.number() - 1);
        let problem = if other.number() >= step.number() {
            Some("a step can depend only on a step before it".to_owned())
        } else {
            awaited.filter(|awaited| !awaited.can_be_awaited()).map(|awaited| {
                format!(
                    "'{}' can't be depended on: only commands and uploads that change something",
                    awaited.title
                )
            })
        };
        if let Some(problem) = problem {
            return Err(Problem::new(problem).at(context));
        }
    }
    alter(context, step, |step| {
        step.when_changed.extend(others.iter().map(StepHandle::number));
        step.when_changed.sort_unstable();
        step.when_changed.dedup();
        Ok(())
    })
}

/// A step whose output is used must run in any case.
fn check_has_no_output(context: &NativeCallContext, step: &StepHandle) -> RhaiResult<()> {
    match SharedDraft::of(context)?.lock().outputs.contains(&step.number()) {
        true => Err(Problem::new("a later step uses the output of this one, so it can't have a guard").at(context)),
        false => Ok(()),
    }
}

fn guard(context: &NativeCallContext, step: &StepHandle, command: &str) -> RhaiResult<()> {
    check_has_no_output(context, step)?;
    check_text(context, "a guard", command)?;
    match Problem::of_more_than_looking(command, "a guard") {
        Some(problem) => Err(problem.at(context)),
        None => Ok(()),
    }
}
