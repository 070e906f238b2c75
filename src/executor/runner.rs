//! Builds the runner: the script that carries out the steps of a stretch on the server, with the functions of `runner.sh`.
//! It must not know how its text reaches the server.

use super::handlers;
use super::step_files::{Part, Purpose, StepFile, StepFiles};
use super::step_outputs;
use super::uploads;
use crate::plan::invocation::looks_for_a_program;
use crate::plan::shell::{quote, without_comments};
use crate::plan::{Action, Effect, Piece, Plan, Step};
use std::fmt::Write as _;

/// How long a guard may take.
const GUARD_SECONDS: u64 = 60;
/// Bytes that the steps of a stretch may print, on both streams together, before infrakt ends the one that prints: all
/// output stays in the spool until the end of the stretch.
const MOST_PRINTED: u64 = 1 << 30;

/// `folder`: the run's, on the server; `files_folder`: the one for the content of files that steps copy.
/// `winding_up`: only the steps that always run have a turn.
pub(super) fn script(
    plan: &Plan,
    steps: &[StepFiles<'_>],
    folder: &str,
    files_folder: &str,
    winding_up: bool,
) -> String {
    let secret: Vec<&str> = steps
        .iter()
        .filter(|step| has_secret(step.step))
        .flat_map(names)
        .collect();
    let mut contents = steps.iter().filter_map(|step| match &step.step.action {
        Action::Upload { content, .. } => Some(content),
        _ => None,
    });
    let copies = contents.clone().any(|content| content.file().is_some());
    let place = match contents.next() {
        Some(_) => uploads::functions(),
        None => String::new(),
    };
    let outputs = step_outputs::folder(folder);
    let mut calls: String = steps.iter().map(|step| calls(plan, step, &outputs)).collect();
    if step_outputs::has_any(plan) {
        // A run that has not come to its end may be resumed.
        let _ = writeln!(calls, "if [ -z \"$ik_broken\" ]; then rm -rf -- {outputs}; fi");
    }
    // In hundredths of a second.
    format!(
        "IK_DIR={} IK_SHORTEST={}00 IK_MOST={MOST_PRINTED} IK_SECRETS={} IK_FILES={} IK_BROKEN={} IK_BEGUN={} IK_LONGEST={}\n\
         {}{}{place}{calls}ik_finish \"${{ik_broken:-done}}\"\n",
        quote(folder),
        shortest_timeout(steps),
        quote(&secret.join(" ")),
        if copies { quote(files_folder) } else { "''".into() },
        if winding_up { "stopped" } else { "" },
        if winding_up || steps.first().is_some_and(|first| first.index > 0) {
            "yes"
        } else {
            ""
        },
        step_outputs::LONGEST,
        without_comments(include_str!("runner.sh")),
        without_comments(include_str!("kept.sh")),
    )
}

/// The shortest time in seconds that a step, a guard or an undo has.
fn shortest_timeout(steps: &[StepFiles<'_>]) -> u64 {
    let timeouts = steps.iter().flat_map(|StepFiles { step, .. }| {
        let undo = step.undo.iter().map(|undo| undo.after_seconds);
        undo.chain([step.timeout_seconds])
    });
    timeouts.fold(GUARD_SECONDS, |shortest, seconds| shortest.min(seconds.max(1)))
}

/// The lines of the runner that carry out a step.
fn calls(plan: &Plan, step: &StepFiles<'_>, outputs: &str) -> String {
    let index = step.index;
    let always = if step.step.always { " always" } else { "" };
    let mut calls = format!("if ik_step {index}{always}; then\n");
    let mut tests = Vec::new();
    let mut still = String::new();
    for (file, script) in scripts(step) {
        let name = &file.name;
        let lookup = if looks_for_a_program(script) { " lookup" } else { "" };
        let asked = format!("{index} {name} {}{lookup}", mode_of(script));
        match file.purpose {
            Purpose::Unless => {
                tests.push(format!("ik_unless {asked}"));
                // A check changes nothing, and several destructive steps may delete the same data one after the other.
                if !step.step.unless.is_empty() && step.step.effect == Effect::Change {
                    let _ = write!(still, " {name} {}", mode_of(script));
                }
            }
            Purpose::OnlyIf => tests.push(format!("ik_only_if {asked}")),
            Purpose::Act | Purpose::Undo | Purpose::Content => {}
        }
    }
    let mut act = action(step);
    if step_outputs::is_used(plan, index) {
        act = format!("ik_output={outputs}/{}; {act}", index + 1);
    }
    if let Some(expect) = handlers::expect(plan, index) {
        act = format!("{expect} && {{ {act}; }}");
    }
    if !still.is_empty() {
        let _ = write!(act, "; ik_still {index}{still}");
    }
    if !tests.is_empty() {
        act = format!("if {}; then ik_unchanged {index}; else {act}; fi", tests.join(" || "));
    }
    // A handler whose guards say that there is nothing to do has done its part too.
    if let Some(file) = handlers::pending_file(plan, index) {
        act = format!("if [ -e {file} ]; then {act}; ik_fulfil {file}; else ik_unchanged {index}; fi");
    }
    let _ = writeln!(calls, "{act}");
    if has_secret(step.step) {
        let names: Vec<&str> = names(step).collect();
        let _ = writeln!(calls, "ik_forget {}", names.join(" "));
    }
    calls.push_str("fi\n");
    calls
}

fn action(StepFiles { index, step, .. }: &StepFiles<'_>) -> String {
    let seconds = step.timeout_seconds;
    let undo = step.undo.as_ref();
    let undo = undo.map_or(String::new(), |undo| format!(" {}", undo.after_seconds));
    match &step.action {
        Action::Run { command } => {
            let (mode, mark) = (mode_of(command), mark_of(command));
            format!("ik_run {index} {seconds} {mode} {mark}{undo}")
        }
        Action::Upload { path, .. } => {
            let kept = uploads::kept(path);
            let restores = match &step.restore_unless {
                Some(_) => format!("ik_restores={kept}; "),
                None => String::new(),
            };
            // What checks the file may open its output by its path.
            let checks: String = step.file_checks().map(|(_, check)| check).collect();
            let mark = mark_of(&checks);
            // Also a copy that an earlier step has left there: this file is wanted as it is now.
            format!("{restores}ik_run {index} {seconds} plain {mark}{undo}; ik_fulfil {kept}")
        }
        Action::Survey { .. } => format!("ik_run {index} {seconds} plain ik_mark"),
        Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. } => {
            format!("ik_pause {index} {seconds}")
        }
    }
}

fn names<'a>(step: &'a StepFiles<'_>) -> impl Iterator<Item = &'a str> {
    step.files.iter().map(|file| file.name.as_str())
}

fn scripts<'a, 's>(step: &'a StepFiles<'s>) -> impl Iterator<Item = (&'a StepFile<'s>, &'a str)> {
    step.files.iter().filter_map(|file| match &file.part {
        Part::Script(script) => Some((file, script.as_str())),
        Part::Data(_) => None,
    })
}

/// Whether a shell script can run in a fork of the runner: not if it could notice the difference to a shell of its own, or
/// end the wrong one.
fn mode_of(script: &str) -> &'static str {
    const OWN: [&str; 6] = ["$$", "${$", "$0", "${0", "PPID", "kill"];
    match OWN.iter().any(|word| script.contains(word)) {
        true => "apart",
        false => "plain",
    }
}

/// How the runner finds the end of a script's output: a script may open the file of its output by its path.
fn mark_of(script: &str) -> &'static str {
    const PATHS: [&str; 3] = ["/dev/std", "/dev/fd", "/proc/self/fd"];
    match PATHS.iter().any(|path| script.contains(path)) {
        true => "ik_mark_exactly",
        false => "ik_mark",
    }
}

fn has_secret(step: &Step) -> bool {
    let content = match &step.action {
        Action::Upload { content, .. } => content.secrets().next().is_some(),
        _ => false,
    };
    content || step.env.values().any(|value| matches!(value, Piece::Secret { .. }))
}
