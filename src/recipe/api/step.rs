//! Modifiers of a step: guards, timeout, variables, mode and owner.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::{RhaiResult, check_text, origin};
use super::parameters::SecretRef;
use crate::plan::invocation::{Interpreter, Retry};
use crate::plan::{Action, Content, Effect, EnvValue, Invocation, Keeper, Step, Undo, form, invocation, lint};
use crate::recipe::draft::{Problem, SharedDraft, bytes_of};
use rhai::plugin::*;
use std::collections::BTreeSet;

/// A step of the draft, as a recipe sees it.
#[derive(Debug, Clone)]
pub struct StepHandle {
    index: usize,
}

impl StepHandle {
    pub fn new(index: usize) -> Self {
        Self { index }
    }

    /// Notes that the step destroys without saying so; at the end of the recipe that is an error, unless what follows, such
    /// as a guard, excuses it.
    pub fn destroys_unless_excused(&self, context: &NativeCallContext, problem: Problem) -> RhaiResult<()> {
        let source = context.call_source().unwrap_or_default().to_owned();
        let shared = SharedDraft::of(context)?;
        shared
            .lock()
            .pending
            .push((self.index, problem, source, context.call_position()));
        Ok(())
    }

    /// The same for an upload that is a script.
    pub fn check_script(&self, context: &NativeCallContext) -> RhaiResult<()> {
        let shared = SharedDraft::of(context)?;
        let problem = {
            let draft = shared.lock();
            draft.steps.get(self.index).and_then(|step| match &step.action {
                Action::Upload {
                    content: Content::Text(text),
                    ..
                } => lint::destroys_unsaid(step).map(|found| Problem::of_script(&found, text)),
                _ => None,
            })
        };
        problem.map_or(Ok(()), |problem| self.destroys_unless_excused(context, problem))
    }
}

/// Default time in seconds for a new login.
const TWO_MINUTES: u64 = 120;

/// Modifiers of a step. Each returns the step, so they can be chained.
#[export_module]
pub mod step {
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

    /// Ends the step and fails the run when the step takes longer than this: `"90s"`, `"5m"`, `"1h 30m"`. The default
    /// is ten minutes.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Build the image", "docker build -t app /srv/app").timeout("30m");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn timeout(context: NativeCallContext, step: &mut StepHandle, duration: &str) -> RhaiResult<StepHandle> {
        let seconds = seconds(&context, "timeout", duration, form::LONGEST_TIMEOUT)?;
        alter(&context, step, |step| {
            step.timeout_seconds = seconds;
            Ok(())
        })
    }

    /// Makes the server undo the step by itself if no new login works within two minutes after it. Use it for changes
    /// that could lock everyone out, such as changes to the firewall or sshd. A step that was undone has failed.
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

    /// Sets an environment variable for the step's command.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Migrate", "/srv/app/migrate").env("RAILS_ENV", "production");
    /// ```
    #[rhai_fn(name = "env", return_raw)]
    pub fn env_text(
        context: NativeCallContext,
        step: &mut StepHandle,
        name: &str,
        value: &str,
    ) -> RhaiResult<StepHandle> {
        if value.contains('\0') {
            return Err(Problem::new("a variable must not hold a NUL character").at(&context));
        }
        set_env(&context, step, name, EnvValue::Plain(value.to_owned()))
    }

    /// Passes a secret to the step's command as an environment variable. If the step prints the value, it is replaced
    /// by stars.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Log in", "echo \"$TOKEN\" | docker login -u ci --password-stdin registry.example.org")
    ///     .env("TOKEN", secret("REGISTRY_TOKEN"));
    /// ```
    #[rhai_fn(name = "env", return_raw)]
    pub fn env_secret(
        context: NativeCallContext,
        step: &mut StepHandle,
        name: &str,
        value: SecretRef,
    ) -> RhaiResult<StepHandle> {
        set_env(&context, step, name, EnvValue::Secret { secret: value.name })
    }

    /// Runs the step's command and guards as a user other than root, with that user's home directory and groups.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Create the database", "createdb shop").user("postgres").unless("psql -l | grep -qw shop");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn user(context: NativeCallContext, step: &mut StepHandle, name: &str) -> RhaiResult<StepHandle> {
        if !invocation::is_user(name) {
            return Err(Problem::new(format!("{name:?} is not a valid name of a user")).at(&context));
        }
        invoke(&context, step, |invocation| invocation.user = Some(name.to_owned()))
    }

    /// Runs the step's command and guards in this directory of the server.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Install the packages", "npm ci").directory("/srv/app").unless("test -d node_modules");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn directory(context: NativeCallContext, step: &mut StepHandle, path: &str) -> RhaiResult<StepHandle> {
        if !invocation::is_directory(path) {
            return Err(Problem::new(format!("{path:?} is not a valid path for a directory"))
                .label("a path begins with /")
                .at(&context));
        }
        invoke(&context, step, |invocation| {
            invocation.directory = Some(path.to_owned())
        })
    }

    /// Runs the step's command and guards with this shell: `"sh"` (the default) or `"bash"`. With bash, a pipe fails if any of
    /// its commands fails (`set -o pipefail`).
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Import the dump", "zcat /srv/dump.sql.gz | psql shop").user("postgres").shell("bash");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn shell(context: NativeCallContext, step: &mut StepHandle, name: &str) -> RhaiResult<StepHandle> {
        let shell = match name {
            "sh" | "/bin/sh" => Interpreter::Sh,
            "bash" | "/bin/bash" => Interpreter::Bash,
            _ => {
                return Err(
                    Problem::new(format!("{name:?} is not a shell that a step can run with"))
                        .help("use \"bash\" or \"sh\"; start other programs in the command")
                        .at(&context),
                );
            }
        };
        invoke(&context, step, |invocation| invocation.shell = shell)
    }

    /// Tries the command again after it has failed: `attempts` in total, with a pause in between. The step's timeout is
    /// for all of them together.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check("The app answers", "curl -fsS http://127.0.0.1:3000/up").retry(10, "3s");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn retry(
        context: NativeCallContext,
        step: &mut StepHandle,
        attempts: i64,
        pause: &str,
    ) -> RhaiResult<StepHandle> {
        let attempts = u32::try_from(attempts)
            .ok()
            .filter(|attempts| (2..=invocation::MOST_ATTEMPTS).contains(attempts))
            .ok_or_else(|| {
                Problem::new(format!("{attempts} is not a valid number of attempts"))
                    .label(format!("from 2 to {}", invocation::MOST_ATTEMPTS))
                    .at(&context)
            })?;
        let pause_seconds = seconds(&context, "pause", pause, invocation::LONGEST_PAUSE)?;
        invoke(&context, step, |invocation| {
            invocation.retry = Some(Retry {
                attempts,
                pause_seconds,
            });
        })
    }

    /// States that the command has also succeeded if it ends with one of these exit statuses.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Synchronize", "rsync -a /srv/a/ /srv/b/").allow_exit([23, 24]);
    /// ```
    #[rhai_fn(name = "allow_exit", return_raw)]
    pub fn allow_exits(
        context: NativeCallContext,
        step: &mut StepHandle,
        statuses: rhai::Array,
    ) -> RhaiResult<StepHandle> {
        let allowed: Option<BTreeSet<u8>> = statuses
            .iter()
            .map(|status| status.as_int().ok().and_then(|status| u8::try_from(status).ok()))
            .collect();
        let Some(mut allowed) = allowed.filter(|allowed| !allowed.is_empty()) else {
            return Err(Problem::new("these are not exit statuses")
                .label("a list of numbers from 0 to 255")
                .at(&context));
        };
        allowed.remove(&0);
        invoke(&context, step, |invocation| {
            invocation.allowed_exits = allowed.into_iter().collect();
        })
    }

    /// As above, for one exit status.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Update the packages", "dnf check-update").allow_exit(100);
    /// ```
    #[rhai_fn(name = "allow_exit", return_raw)]
    pub fn allow_exit(context: NativeCallContext, step: &mut StepHandle, status: i64) -> RhaiResult<StepHandle> {
        allow_exits(context, step, vec![status.into()])
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
}

fn guard(context: &NativeCallContext, command: &str) -> RhaiResult<()> {
    check_text(context, "a guard", command)?;
    match Problem::of_more_than_looking(command, "a guard") {
        Some(problem) => Err(problem.at(context)),
        None => Ok(()),
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
        if !matches!(step.action, Action::Run { .. }) {
            return Err(Problem::new("only a command can be undone"));
        }
        if step.effect != Effect::Destroy {
            Problem::of_destroying(command, "an undo").map_or(Ok(()), Err)?;
        }
        let command = command.trim_end_matches('\n').to_owned();
        step.undo = Some(Undo { command, after_seconds });
        Ok(())
    })
}

fn seconds(context: &NativeCallContext, what: &str, duration: &str, longest: u64) -> RhaiResult<u64> {
    duration
        .parse::<jiff::SignedDuration>()
        .ok()
        .map(|duration| duration.as_secs())
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| (1..=longest).contains(seconds))
        .ok_or_else(|| {
            Problem::new(format!("{duration:?} is not a valid {what}"))
                .label(format!("a {what} is from 1s to {}h", longest / 3600))
                .help("write it as \"90s\", \"5m\" or \"1h 30m\"")
                .at(context)
        })
}

fn invoke(
    context: &NativeCallContext,
    step: &StepHandle,
    change: impl FnOnce(&mut Invocation),
) -> RhaiResult<StepHandle> {
    alter(context, step, |step| {
        let Action::Run { command } = &step.action else {
            return Err(Problem::new(
                "only a command has a user, a directory, a shell, attempts or exit statuses",
            ));
        };
        change(&mut step.invocation);
        if step.invocation.is_argument() && command.len() > invocation::LONGEST_ARGUMENT {
            return Err(Problem::new(format!(
                "a command that is invoked in this way can have {} KiB",
                invocation::LONGEST_ARGUMENT >> 10
            ))
            .help("upload it as a script, and run that"));
        }
        Ok(())
    })
}

fn set_env(context: &NativeCallContext, step: &StepHandle, name: &str, value: EnvValue) -> RhaiResult<StepHandle> {
    if !form::is_variable_name(name) {
        return Err(Problem::new(format!("{name:?} is not a valid name for an environment variable")).at(context));
    }
    alter(context, step, |step| match step.action {
        Action::Run { .. } => {
            step.env.insert(name.to_owned(), value);
            Ok(())
        }
        _ => Err(Problem::new("only a command has environment variables")),
    })
}

fn alter(
    context: &NativeCallContext,
    handle: &StepHandle,
    change: impl FnOnce(&mut Step) -> Result<(), Problem>,
) -> RhaiResult<StepHandle> {
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let here = origin(context, &draft);
    let Some(step) = draft.steps.get_mut(handle.index) else {
        return Err(Problem::new("this step belongs to another plan").at(context));
    };
    let before = bytes_of(step);
    change(step).map_err(|problem| problem.at(context))?;
    if step.origin.is_shipped() && !here.is_shipped() {
        step.origin.altered_by = Some(here.file);
    }
    let after = bytes_of(step);
    draft
        .charge(after.saturating_sub(before))
        .map_err(|problem| problem.at(context))?;
    Ok(handle.clone())
}
