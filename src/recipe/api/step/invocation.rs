//! Modifiers of how a command runs: as whom, where, with which shell and variables, for how long, and how often.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::handle::{StepHandle, alter, seconds};
use crate::plan::invocation::{Interpreter, Retry};
use crate::plan::{Action, Invocation, Piece, form, invocation as limits};
use crate::recipe::api::call::RhaiResult;
use crate::recipe::api::parameters::SecretRef;
use crate::recipe::draft::Problem;
use rhai::plugin::*;
use std::collections::BTreeSet;

/// How a command runs.
#[export_module]
pub mod invocation {
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
        set_env(&context, step, name, Piece::Text(value.to_owned()))
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
        set_env(&context, step, name, Piece::Secret { secret: value.name })
    }

    /// Runs the step's command and guards as a user other than root, with that user's home directory and groups.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Create the database", "createdb shop").user("postgres").unless("psql -l | grep -qw shop");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn user(context: NativeCallContext, step: &mut StepHandle, name: &str) -> RhaiResult<StepHandle> {
        if !limits::is_user(name) {
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
        if !limits::is_directory(path) {
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
            .filter(|attempts| (2..=limits::MOST_ATTEMPTS).contains(attempts))
            .ok_or_else(|| {
                Problem::new(format!("{attempts} is not a valid number of attempts"))
                    .label(format!("from 2 to {}", limits::MOST_ATTEMPTS))
                    .at(&context)
            })?;
        let pause_seconds = seconds(&context, "pause", pause, limits::LONGEST_PAUSE)?;
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
        if step.invocation.is_argument() && command.len() > limits::LONGEST_ARGUMENT {
            return Err(Problem::new(format!(
                "a command that is invoked in this way can have {} KiB",
                limits::LONGEST_ARGUMENT >> 10
            ))
            .help("upload it as a script, and run that"));
        }
        Ok(())
    })
}

fn set_env(context: &NativeCallContext, step: &StepHandle, name: &str, value: Piece) -> RhaiResult<StepHandle> {
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
