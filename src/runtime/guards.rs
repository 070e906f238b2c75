//! Asks a server, in one round trip, which steps of a plan have nothing to do there now. The guards are asked where they
//! can change no file (see [`crate::executor::read_only`]).

use super::live::Live;
use crate::error::{Result, ServerError};
use crate::executor::script::{ENVIRONMENT, holds_content};
use crate::plan::render::Mark;
use crate::plan::shell::quote;
use crate::plan::{Action, Content, Effect, EnvValue, Plan, StateChange, Step};
use std::fmt::Write as _;

/// A mark for each step, as things stand now: what earlier steps would change is not foreseen. A guard that needs a
/// secret counts as not held, since secrets are only asked for when the plan is executed.
///
/// # Errors
/// If the server does not answer.
pub fn marks(live: &Live, plan: &Plan) -> Result<Vec<Mark>> {
    let mut tests = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        if let Some(test) = nothing_to_do(step) {
            let _ = writeln!(tests, "if {test}; then echo {index}; fi");
        }
    }
    let held = match tests.is_empty() {
        true => Vec::new(),
        false => held(live, plan, &tests)?,
    };
    Ok(plan
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| match &step.action {
            _ if held.contains(&index) => Mark::Unchanged,
            Action::State {
                change: StateChange::ForgetApps,
            } if live.losses.apps.is_empty() => Mark::Unchanged,
            Action::State {
                change: StateChange::SetStatus(status),
            } if live.server.status.as_deref() == Some(status) => Mark::Unchanged,
            _ if step.effect == Effect::Read => Mark::Looks,
            _ => Mark::WouldChange,
        })
        .collect())
}

/// The steps of which a guard holds.
fn held(live: &Live, plan: &Plan, tests: &str) -> Result<Vec<usize>> {
    let script = format!(
        "{ENVIRONMENT}held() {{ timeout -k 5 60 sh -c \"$1\" </dev/null >/dev/null 2>&1; }}\n{tests}echo asked\n"
    );
    let answer = live.ask_read_only(&script)?;
    if answer.status != 0 || !answer.stdout.ends_with(b"asked\n") {
        return Err(ServerError::Guards {
            server: plan.server.name.clone(),
            said: String::from_utf8_lossy(&answer.stderr).into_owned(),
        }
        .into());
    }
    Ok(String::from_utf8_lossy(&answer.stdout)
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect())
}

/// The shell condition under which a step has nothing to do; `None` if it always has.
fn nothing_to_do(step: &Step) -> Option<String> {
    let mut env = String::new();
    for (name, value) in &step.env {
        match value {
            EnvValue::Plain(value) => {
                let _ = writeln!(env, "export {name}={}", quote(value));
            }
            EnvValue::Secret { .. } => return None,
        }
    }
    let held = |guard: &str| format!("held {}", quote(&format!("{env}{guard}")));
    let mut tests: Vec<String> = step.unless.iter().map(|guard| held(guard)).collect();
    tests.extend(step.only_if.iter().map(|guard| format!("! {}", held(guard))));
    if let Action::Upload {
        path,
        content: Content::Text(text),
        mode,
        owner,
    } = &step.action
    {
        tests.push(held(&holds_content(path, text, mode, owner)));
    }
    (!tests.is_empty()).then(|| tests.join(" || "))
}
