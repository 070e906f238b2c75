//! Asks a server, in one round trip, which steps of a plan have nothing to do now, which would fail, and what is in the files
//! that uploads would replace. This runs with read-only file systems (see [`crate::executor::read_only`]).

use super::file_changes::{changes, look_at, shows};
use super::make::Planned;
use crate::error::{Result, ServerError};
use crate::executor::handlers::pending_file;
use crate::executor::uploads::{is_in_place, sum_of};
use crate::plan::invocation::looks_for_a_program;
use crate::plan::shell::quote;
use crate::plan::{Action, Asked, Effect, Finding, Mark, Piece, Plan, Preview, StateChange, Step, doubts};
use crate::recipe::Recipe;
use crate::runtime::open::{Parameters, Runtime};
use crate::runtime::reach::live::Live;
use crate::ssh::AskSecret;
use crate::store::Server;
use base64::Engine as _;
use std::fmt::Write as _;
use std::time::Duration;

/// How long a check may take that is asked while planning.
const CHECK_SECONDS: u64 = 60;

/// A plan, and what a run of it would come to as things stand.
pub struct Previewed {
    pub planned: Planned,
    /// What each step would do.
    pub preview: Preview,
    /// Whether its queries and guards could have changed a file on the server; `None` if it has none.
    pub asked: Option<Asked>,
}

impl Runtime {
    /// Reaches a server to show a plan for it, with all its facts, and makes the plan.
    ///
    /// # Errors
    /// As [`Runtime::reach`] and [`Runtime::plan`]; or if the server does not answer what is asked for the preview.
    pub fn reach_and_preview(
        &self,
        recipe: &Recipe,
        server: &Server,
        parameters: Parameters,
        secrets: &dyn AskSecret,
    ) -> Result<(Live, Previewed)> {
        let mut live = self.reach(server, secrets)?;
        let planned = self.plan(recipe, &mut live, parameters, secrets)?;
        let preview = self.preview(&live, &planned.plan)?;
        let asked = live.asked();
        let previewed = Previewed {
            planned,
            preview,
            asked,
        };
        Ok((live, previewed))
    }

    /// A mark for each step, as things stand now, and what the checks say that are asked beforehand: what earlier steps would
    /// change is not foreseen. A guard that needs a secret counts as not held, since secrets are only asked for when the plan is
    /// executed.
    ///
    /// # Errors
    /// If the server does not answer.
    fn preview(&self, live: &Live, plan: &Plan) -> Result<Preview> {
        let mut tests = String::new();
        let mut checks = 0;
        for (index, step) in plan.steps.iter().enumerate() {
            if let Some(file) = pending_file(plan, index) {
                let _ = writeln!(tests, "if [ -e {file} ]; then echo pending {index}; fi");
            }
            let check = match &step.action {
                Action::Run { command } if step.preflight => {
                    let command = step.invocation.command(command);
                    exports(step).map(|env| format!("{env}{command}"))
                }
                Action::Run { .. }
                | Action::Upload { .. }
                | Action::Reconnect { .. }
                | Action::Reach { .. }
                | Action::Survey { .. }
                | Action::State { .. } => None,
            };
            checks += u32::from(check.is_some());
            let check = check.map(|check| format!("finds {index} {CHECK_SECONDS} {}", quote(&check)));
            let otherwise = check.or_else(|| look_at(index, step));
            let _ = match (nothing_to_do(step), otherwise) {
                (Some(test), Some(otherwise)) => writeln!(tests, "if {test}; then echo {index}; else {otherwise}; fi"),
                (Some(test), None) => writeln!(tests, "if {test}; then echo {index}; fi"),
                (None, Some(otherwise)) => writeln!(tests, "{otherwise}"),
                (None, None) => Ok(()),
            };
        }
        let answer = match tests.is_empty() {
            true => String::new(),
            false => ask(live, plan, &tests, Duration::from_secs(CHECK_SECONDS) * checks)?,
        };
        let held: Vec<usize> = answer.lines().filter_map(|line| line.trim().parse().ok()).collect();
        let pending = |line: &str| line.strip_prefix("pending ")?.trim().parse().ok();
        let pending: Vec<usize> = answer.lines().filter_map(pending).collect();
        let findings: Vec<Finding> = answer.lines().filter_map(finding).collect();
        let mut marks: Vec<Mark> = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let alone = if held.contains(&index) || changes_no_state(&step.action, live) {
                Mark::NoChange
            } else if findings.iter().any(|finding| finding.step == index + 1) {
                Mark::WouldFail
            } else {
                match step.effect {
                    Effect::Check => Mark::Check,
                    Effect::Change | Effect::Destroy => Mark::WouldChange,
                }
            };
            marks.push(match step.when_changed.is_empty() || pending.contains(&index) {
                true => alone,
                false => alone.if_one_changes(step, &marks),
            });
        }
        Ok(Preview {
            findings,
            changes: changes(plan, &answer),
            doubts: doubts(&plan.steps, &marks),
            marks,
        })
    }
}

/// Whether the step is a change of the local database that is made already.
fn changes_no_state(action: &Action, live: &Live) -> bool {
    match action {
        Action::State { change } => match change {
            StateChange::ForgetApps => live.losses.apps.is_empty(),
            StateChange::SetStatus(status) => live.server.status.as_deref() == Some(status),
        },
        Action::Run { .. }
        | Action::Upload { .. }
        | Action::Reconnect { .. }
        | Action::Reach { .. }
        | Action::Survey { .. } => false,
    }
}

/// Runs the tests on the server, and gives what they print. `more` is what they may take beyond the usual.
fn ask(live: &Live, plan: &Plan, tests: &str, more: Duration) -> Result<String> {
    let script = format!("{CHECKS}{}{tests}echo asked\n", shows());
    let answer = live.ask_read_only(&script, more)?;
    if answer.status != 0 || !answer.stdout.ends_with(b"asked\n") {
        return Err(ServerError::Guards {
            server: plan.server.name.clone(),
            said: String::from_utf8_lossy(&answer.stderr).into_owned(),
        }
        .into());
    }
    Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// held GUARD: whether a guard succeeds. `denied GUARD [lookup]`: whether it fails; one that can't be run, for example because its program
/// is installed by an earlier step, does neither. finds INDEX SECONDS COMMAND: prints a line if the check fails: its index, its
/// status, and the end of what it said.
const CHECKS: &str = r#"held() { timeout -k 5 60 sh -c "$1" </dev/null >/dev/null 2>&1; }
denied() {
    held "$1" && return 1
    set -- "$?" "$2"
    [ "$1" -lt 124 ] || [ "$1$2" = 127lookup ]
}
finds() {
    said=$(timeout -k 5 "$2" sh -ec "$3" </dev/null 2>&1) && return
    echo "finding $1 $? $(printf %s "$said" | tail -c 4000 | base64 -w 0)"
}
"#;

/// What a check found, from the line that tells it.
fn finding(line: &str) -> Option<Finding> {
    let mut words = line.strip_prefix("finding ")?.split(' ');
    let index: usize = words.next()?.parse().ok()?;
    let status: i32 = words.next()?.parse().ok()?;
    let said = base64::engine::general_purpose::STANDARD.decode(words.next()?).ok()?;
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    let message = match (status, said.is_empty()) {
        (124 | 137, true) => format!("it did not end within {CHECK_SECONDS} s"),
        (124 | 137, false) => format!("{said}\nit did not end within {CHECK_SECONDS} s"),
        (status, true) => format!("exit status {status}"),
        (_, false) => said,
    };
    Some(Finding {
        step: index + 1,
        message,
    })
}

/// The variables of a step, for a shell; `None` if it takes a secret or the output of a step to set them.
fn exports(step: &Step) -> Option<String> {
    if !step.outputs.is_empty() {
        return None;
    }
    let mut env = String::new();
    for (name, value) in &step.env {
        match value {
            Piece::Text(value) => {
                let _ = writeln!(env, "export {name}={}", quote(value));
            }
            Piece::Secret { .. } => return None,
        }
    }
    Some(env)
}

/// The shell condition under which a step has nothing to do; `None` if it always has.
fn nothing_to_do(step: &Step) -> Option<String> {
    let env = exports(step)?;
    let quoted = |guard: &str| quote(&format!("{env}{guard}")).into_owned();
    let asked = |guard: &String| quoted(&step.invocation.guard(guard));
    let conditions = step.only_if.iter().map(|guard| {
        let lookup = if looks_for_a_program(guard) { " lookup" } else { "" };
        format!("denied {}{lookup}", asked(guard))
    });
    let unless = step.unless.iter().map(|guard| format!("held {}", asked(guard)));
    let mut tests: Vec<String> = conditions.chain(unless).collect();
    if let Action::Upload {
        path,
        content,
        mode,
        owner,
    } = &step.action
        && let Some(sum) = sum_of(content)
    {
        tests.push(format!("held {}", quoted(&is_in_place(step, path, &sum, mode, owner))));
    }
    (!tests.is_empty()).then(|| tests.join(" || "))
}
