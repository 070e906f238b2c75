//! Steps that run an uploaded script which may destroy later. What such a step destroys is destroyed now, so it needs the same
//! consent as a command of its own.

use super::commands::commands;
use super::programs::{name_of, programs};
use crate::plan::{Action, Step};

/// The first step that runs a script of the plan which is allowed to destroy, and is not marked as destructive itself; with the
/// part of the step, and what it runs, as it is written there. A check must not run it in any step.
pub fn runs_allowed_script(steps: &[Step]) -> Option<(usize, &'static str, String)> {
    let paths: Vec<&str> = steps
        .iter()
        .filter(|step| step.allowed.is_some())
        .filter_map(path_of)
        .collect();
    if paths.is_empty() {
        return None;
    }
    let units: Vec<&str> = steps.iter().filter_map(|step| unit_that_runs(step, &paths)).collect();
    steps.iter().enumerate().find_map(|(index, step)| {
        texts_of(step).into_iter().find_map(|(part, text)| {
            let mut run = commands(text)
                .into_iter()
                .flat_map(|simple| run_by(&simple.words, &units));
            let is_one = |program: &str| {
                let itself = step.allowed.is_some() && ["$FILE", "${FILE}"].contains(&program);
                itself || paths.contains(&program) || units.contains(&program)
            };
            run.find(|program| is_one(program))
                .map(|program| (index, part, program))
        })
    })
}

/// The shell texts of a step that must not destroy, with what each is called.
fn texts_of(step: &Step) -> Vec<(&'static str, &str)> {
    let mut texts = Vec::new();
    if !step.is_said_to_destroy() {
        if let Action::Run { command } = &step.action {
            texts.push(("the command", command.as_str()));
        }
        texts.extend(step.undo.iter().map(|undo| ("the undo", undo.command.as_str())));
    }
    let guards = step.unless.iter().chain(&step.only_if);
    texts.extend(guards.map(|guard| ("a guard", guard.as_str())));
    texts.extend(step.file_checks());
    texts
}

fn path_of(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Upload { path, .. } => Some(path),
        _ => None,
    }
}

/// The name of a systemd unit that is uploaded, if it is one of these files or names one.
fn unit_that_runs<'s>(step: &'s Step, paths: &[&str]) -> Option<&'s str> {
    let path = path_of(step)?;
    let unit = path
        .strip_prefix("/etc/systemd/system/")
        .filter(|unit| !unit.contains('/'))?;
    let names_one = match &step.action {
        Action::Upload { content, .. } => content.outline().split_whitespace().any(|word| {
            let word = word.rsplit('=').next().unwrap_or(word);
            paths.contains(&word.trim_start_matches(['-', '@', '+', '!', ':']))
        }),
        _ => false,
    };
    (names_one || paths.contains(&path)).then_some(unit)
}

/// The programs, scripts and units that a command runs.
fn run_by(words: &[String], units: &[&str]) -> Vec<String> {
    let mut run = Vec::new();
    for program in std::iter::once(words.to_vec()).chain(programs(words, 0)) {
        let Some((first, arguments)) = program.split_first() else {
            continue;
        };
        let mut plain = arguments.iter().filter(|word| !word.starts_with('-'));
        run.push(first.clone());
        match name_of(first) {
            // With -n, a shell only reads it.
            "sh" | "bash" | "dash" | "." | "source" | "python3" | "perl"
                if !arguments.iter().any(|word| word == "-n") =>
            {
                run.extend(plain.next().cloned());
            }
            "systemctl" => {
                let verb = plain.next().map(String::as_str);
                let now = arguments.iter().any(|word| word == "--now");
                let starts = matches!(verb, Some("start" | "restart" | "reload-or-restart" | "try-restart"))
                    || now && matches!(verb, Some("enable" | "reenable"));
                let started = plain.map(|name| match units.contains(&name.as_str()) {
                    true => name.clone(),
                    false => format!("{name}.service"),
                });
                run.extend(started.filter(|_| starts));
            }
            _ => {}
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::runs_allowed_script;
    use crate::plan::{Action, Content, Effect, Keeper, Origin, Step};

    fn step(action: Action, effect: Effect) -> Step {
        let origin = Origin {
            file: "one.rhai".to_owned(),
            kept_by: Keeper::Path,
            line: 1,
            altered_by: None,
        };
        Step::new(None, "One", effect, action, origin)
    }

    fn upload(path: &str, text: &str) -> Step {
        let action = Action::Upload {
            path: path.to_owned(),
            content: Content::text(text),
            mode: "0755".to_owned(),
            owner: "root:root".to_owned(),
        };
        step(action, Effect::Change)
    }

    fn found(command: &str, effect: Effect) -> bool {
        let script = Step {
            allowed: Some("removes old dumps".to_owned()),
            ..upload("/usr/local/bin/clean", "#!/bin/sh\nrm -r /srv/dumps\n")
        };
        let unit = upload(
            "/etc/systemd/system/clean.service",
            "[Service]\nExecStart=/usr/local/bin/clean\n",
        );
        let command = command.to_owned();
        runs_allowed_script(&[script, unit, step(Action::Run { command }, effect)]).is_some()
    }

    #[test]
    fn a_step_that_runs_a_script_which_destroys_is_found() {
        for command in [
            "/usr/local/bin/clean",
            "cd / && sudo /usr/local/bin/clean --all",
            "sh -e /usr/local/bin/clean",
            ". /usr/local/bin/clean",
            "systemctl daemon-reload; systemctl start clean",
            "systemctl enable --now clean.service",
        ] {
            assert!(found(command, Effect::Change), "{command}");
            assert!(!found(command, Effect::Destroy), "{command}");
        }
    }

    #[test]
    fn a_step_that_only_names_it_is_not() {
        for command in [
            "chmod 755 /usr/local/bin/clean",
            "sh -n /usr/local/bin/clean",
            "systemctl enable clean.service",
            "systemctl enable --now clean.timer",
            "test -x /usr/local/bin/clean",
        ] {
            assert!(!found(command, Effect::Change), "{command}");
        }
    }
}
