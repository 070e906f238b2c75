//! The rules for the form of every plan. They are checked when a recipe adds a step, and before a plan from a file is
//! used. So a file can't have anything that a recipe could not have produced.
//!
//! It must not know whether a plan fits a server; that is checked when the server has been reached.

use super::invocation::{Invocation, LONGEST_ARGUMENT};
use super::report::{LONGEST_NAME, LONGEST_TEXT, MOST_VALUES};
use super::{Action, Effect, FORMAT, LocalFile, Piece, Plan, Reported, ReportedValues, StateChange, Step};
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// Seconds that a step may take at most.
pub const LONGEST_TIMEOUT: u64 = 86_400;
/// Ports that one step may open.
pub const MOST_ENDPOINTS: usize = 16;
/// Steps of one plan; more is an endless loop rather than a plan.
pub const MOST_STEPS: usize = 2000;

impl Plan {
    /// Reads a plan that was saved as JSON. `what` names the source in errors.
    ///
    /// # Errors
    /// If the text is no JSON, has unknown fields, another format, or a step that no recipe could have made.
    pub fn parse(json: &str, what: &str) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed {
            what: what.to_owned(),
            reason,
            hint: Some("make a new plan: infrakt plan RECIPE --server NAME --out FILE".to_owned()),
        };
        // Checked first, so that a file of a later format is not reported for its unknown fields.
        let value: serde_json::Value = serde_json::from_str(json).map_err(|error| malformed(error.to_string()))?;
        match value.get("format").map(|format| (format, format.as_u64())) {
            None => return Err(malformed("it has no format, so it is not a plan".to_owned())),
            Some((_, Some(format))) if format == u64::from(FORMAT) => {}
            Some((format, number)) => {
                let older = number.is_some_and(|number| number < u64::from(FORMAT));
                let by = if older { "; an older infrakt saved it" } else { "" };
                return Err(malformed(format!(
                    "its format is {format}, this infrakt supports format {FORMAT}{by}"
                )));
            }
        }
        let plan: Self = serde_json::from_str(json).map_err(|error| malformed(error.to_string()))?;
        plan.check_form().map_err(malformed)?;
        Ok(plan)
    }

    /// Reads a plan from the journal, also one that an older infrakt began. That one is for showing: its digest is the one of
    /// its old form, so no consent fits it any more.
    ///
    /// # Errors
    /// If the text is no plan.
    pub fn parse_recorded(json: &str) -> serde_json::Result<Self> {
        let mut value: serde_json::Value = serde_json::from_str(json)?;
        if value.get("format") == Some(&1.into()) {
            let steps = value.get_mut("steps").and_then(serde_json::Value::as_array_mut);
            for effect in steps.into_iter().flatten().filter_map(|step| step.get_mut("effect")) {
                if effect == "read" {
                    *effect = Effect::Check.as_str().into();
                }
            }
            // The reasons were sentences. What is shown of a run does not have them.
            if let Some(protected) = value.pointer_mut("/server/protected") {
                *protected = serde_json::Value::Array(Vec::new());
            }
        }
        serde_json::from_value(value)
    }

    /// Whether every part of the plan has the form that a recipe could have given it.
    ///
    /// # Errors
    /// A sentence on the first part that has not.
    pub fn check_form(&self) -> Result<(), String> {
        if let Some(secret) = self.secrets.iter().find(|name| !is_secret_name(name)) {
            return Err(format!("{secret:?} is not a valid name for a secret"));
        }
        if self.losses_complete && !self.unlisted().is_empty() {
            return Err(
                "it says that its losses are complete, but it has destructive steps that are not infrakt's own"
                    .to_owned(),
            );
        }
        if self.consent_before.is_some_and(|index| index > self.steps.len()) {
            return Err("the position of its consent is after its last step".to_owned());
        }
        check_report(&self.report)?;
        let outputs = self
            .report
            .iter()
            .filter_map(|(name, value)| Some((name, value.output()?)));
        for (name, number) in outputs {
            let step = number.checked_sub(1).and_then(|index| self.steps.get(index));
            if !step.is_some_and(Step::always_prints) {
                return Err(format!(
                    "the report's {name}: step {number} is no command without a guard"
                ));
            }
        }

        for (index, step) in self.steps.iter().enumerate() {
            check_step(step, &self.secrets)
                .and_then(|()| self.check_awaited(index, step))
                .map_err(|problem| format!("step {}: {problem}", index + 1))?;
        }
        Ok(())
    }

    fn check_awaited(&self, index: usize, step: &Step) -> Result<(), String> {
        let is_awaited = |number: &usize| {
            let other = number.checked_sub(1).filter(|other| *other < index);
            other
                .and_then(|other| self.steps.get(other))
                .is_some_and(Step::can_be_awaited)
        };
        let prints = |number: &usize| {
            let other = number.checked_sub(1).filter(|other| *other < index);
            other
                .and_then(|other| self.steps.get(other))
                .is_some_and(Step::always_prints)
        };
        if let Some((name, number)) = step.outputs.iter().find(|(_, number)| !prints(number)) {
            return Err(format!("{name}: step {number} is no earlier command without a guard"));
        }
        match step.when_changed.iter().find(|number| !is_awaited(number)) {
            None => Ok(()),
            Some(number) => Err(format!(
                "step {number} is no earlier step that changes something on the server"
            )),
        }
    }
}

fn check_step(step: &Step, secrets: &BTreeSet<String>) -> Result<(), String> {
    let known = |secret: &str| match secrets.contains(secret) {
        true => Ok(()),
        false => Err(format!("the secret {secret:?} is not among the plan's secrets")),
    };
    if !is_title(&step.title) || !step.section.iter().all(|section| is_title(section)) {
        return Err("a title is one line of text".to_owned());
    }
    if !(1..=LONGEST_TIMEOUT).contains(&step.timeout_seconds) {
        return Err(format!("{} s is not a valid timeout", step.timeout_seconds));
    }
    if !step.unless.iter().chain(&step.only_if).all(|guard| is_command(guard)) {
        return Err("a guard is empty or holds a NUL character".to_owned());
    }
    if step.always && !step.can_always_run() {
        return Err("only a command or an upload can always run".to_owned());
    }
    if step.always && step.destroys() {
        return Err("a step that destroys can't always run: it would also run after a check has failed".to_owned());
    }
    if step.preflight && !can_be_preflight(step) {
        return Err("only a check can run during planning".to_owned());
    }
    if let Some(why) = &step.allowed
        && !(is_title(why) && matches!(step.action, Action::Upload { .. }))
    {
        return Err("only an upload can be allowed to destroy, for a reason of one line".to_owned());
    }
    let is_upload = matches!(step.action, Action::Upload { .. });
    if !step.file_checks().all(|(_, check)| is_upload && is_command(check)) {
        return Err("only an upload has a check of its file, which is not empty and holds no NUL character".to_owned());
    }
    if let Some(undo) = &step.undo {
        if !is_upload && !matches!(step.action, Action::Run { .. }) {
            return Err("only a command or an upload can be undone".to_owned());
        }
        if !(is_command(&undo.command) || is_upload && undo.command.is_empty()) {
            return Err("the undo is empty or holds a NUL character".to_owned());
        }
        if !(1..=LONGEST_TIMEOUT).contains(&undo.after_seconds) {
            return Err(format!(
                "{} s is not a valid time to wait for a new login",
                undo.after_seconds
            ));
        }
    }
    for (name, value) in &step.env {
        if !is_variable_name(name) {
            return Err(format!("{name:?} is not a valid name for an environment variable"));
        }
        match value {
            Piece::Text(value) if value.contains('\0') => return Err(format!("{name} holds a NUL character")),
            Piece::Text(_) => {}
            Piece::Secret { secret } => known(secret)?,
        }
    }
    if let Some(name) = step
        .outputs
        .keys()
        .find(|name| !is_variable_name(name) || step.env.contains_key(*name))
    {
        return Err(format!(
            "{name:?} is not a valid name for an environment variable, or is set twice"
        ));
    }
    if !step.outputs.is_empty() && !matches!(step.action, Action::Run { .. }) {
        return Err("only a command has environment variables".to_owned());
    }
    step.invocation.check_form()?;
    if step.invocation != Invocation::default() && !matches!(step.action, Action::Run { .. }) {
        return Err("only a command has a user, a directory, a shell, attempts or exit statuses".to_owned());
    }
    match &step.action {
        Action::Run { command } if !is_command(command) => {
            Err("the command is empty or holds a NUL character".to_owned())
        }
        Action::Run { command } if step.invocation.is_argument() && command.len() > LONGEST_ARGUMENT => {
            Err(format!("its command is longer than {} KiB", LONGEST_ARGUMENT >> 10))
        }
        Action::Upload {
            path,
            content,
            mode,
            owner,
        } => {
            content.secrets().try_for_each(known)?;
            if !content.is_joined() {
                return Err("its content has two texts after each other, or an empty one".to_owned());
            }
            if let Some(LocalFile { file, sha256, bytes }) = content.file()
                && !(is_local_path(file) && is_sha256(sha256) && *bytes <= MOST_BYTES_OF_A_FILE)
            {
                return Err(format!(
                    "{file:?} with {bytes} bytes and the hash {sha256:?} can't be copied"
                ));
            }
            if !is_upload_path(path) {
                Err(format!("{path:?} is not a valid path for a file"))
            } else if !is_mode(mode) {
                Err(format!("{mode:?} is not a valid mode"))
            } else if !is_owner(owner) {
                Err(format!("{owner:?} is not a valid owner"))
            } else {
                Ok(())
            }
        }
        Action::Reach { endpoints, otherwise } => {
            if !(1..=MOST_ENDPOINTS).contains(&endpoints.len()) || endpoints.iter().any(|endpoint| endpoint.port == 0) {
                Err(format!("1 to {MOST_ENDPOINTS} ports can be opened at once"))
            } else if !is_command(otherwise) {
                Err("the command is empty or holds a NUL character".to_owned())
            } else {
                Ok(())
            }
        }
        Action::State {
            change: StateChange::ForgetApps,
        } if !step.is_said_to_destroy() => Err("it forgets apps but is not marked as destructive".to_owned()),
        Action::State {
            change: StateChange::SetStatus(status),
        } if !is_status(status) => Err(format!("{status:?} is not a valid status")),
        Action::Run { .. } | Action::Reconnect { .. } | Action::Survey { .. } | Action::State { .. } => Ok(()),
    }
}

/// Whether the step is a check that can be asked at any time: a command that only looks, on the server.
pub fn can_be_preflight(step: &Step) -> bool {
    step.effect == Effect::Check && matches!(step.action, Action::Run { .. })
}

/// One line of text that can be read.
pub fn is_title(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// A text for a shell: not empty, and without the one character that no shell can be given.
pub fn is_command(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\0')
}

/// The name of an environment variable (POSIX.1-2017, Base Definitions, 8.1): what `export` takes unquoted.
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The name of a secret: capitals, digits and `_`.
pub fn is_secret_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What is noted of a server: one short word.
pub fn is_status(status: &str) -> bool {
    !status.is_empty()
        && status.len() <= 40
        && status
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Bytes that a file may have that is copied.
pub const MOST_BYTES_OF_A_FILE: u64 = 2 << 30;

/// The path of a file beside a recipe, from the recipe's folder.
pub fn is_local_path(path: &str) -> bool {
    is_title(path) && path.split('/').all(|part| !["", ".", ".."].contains(&part))
}

/// A SHA-256 sum in lower case.
fn is_sha256(sum: &str) -> bool {
    sum.len() == 64 && sum.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where an upload may go: an absolute path that names a file, without `..`.
pub fn is_upload_path(path: &str) -> bool {
    is_command(path) && path.starts_with('/') && !path.ends_with('/') && path.split('/').all(|part| part != "..")
}

/// An octal mode as chmod(1) takes it: `644`, `0644`.
pub fn is_mode(mode: &str) -> bool {
    (3..=4).contains(&mode.len()) && mode.bytes().all(|digit| (b'0'..=b'7').contains(&digit))
}

/// An owner as chown(1) takes it: `user` or `user:group`.
pub fn is_owner(owner: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    owner.split(':').count() <= 2 && owner.split(':').all(word)
}

fn check_report(report: &ReportedValues) -> Result<(), String> {
    if report.len() > MOST_VALUES {
        return Err(format!("a report has at most {MOST_VALUES} values"));
    }
    for (name, value) in report {
        if !is_report_name(name) {
            return Err(format!("{name:?} is not a valid name for a value of the report"));
        }
        match value {
            Reported::Known(value) if !is_report_value(value) => {
                return Err(format!(
                    "the report's {name} is no text, number or bool, or longer than {} KiB",
                    LONGEST_TEXT >> 10
                ));
            }
            Reported::Known(_) | Reported::Output { .. } => {}
        }
    }
    Ok(())
}

/// One line of a few words.
pub fn is_report_name(name: &str) -> bool {
    is_title(name) && name.chars().count() <= LONGEST_NAME
}

/// A text that is not too long, a number, or true or false.
pub fn is_report_value(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.len() <= LONGEST_TEXT,
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => true,
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => false,
    }
}
