//! What shellcheck(1) finds in the commands of a recipe's steps, where it is installed.

use crate::error::{Error, Result};
use crate::plan::invocation::Interpreter;
use crate::plan::{Action, Keeper, Step, lint};
use serde::Deserialize;
use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// All commands are given to one process; a large recipe takes it about a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What it says of other things than a step's command: files that it can't follow, variables that infrakt sets, and a
/// `cd` that could fail, which ends a step. The rest is bash in sh, which infrakt finds itself.
const EXCEPT: &str = "SC1090,SC1091,SC1128,SC2034,SC2148,SC2154,SC2164,SC3001,SC3003,SC3005,SC3009,SC3010,SC3011,SC3014,SC3020,SC3030,\
                      SC3037,SC3040,SC3043,SC3046,SC3054,SC3057,SC3059,SC3060";

#[derive(Deserialize)]
struct ShellcheckReport {
    comments: Vec<ShellcheckComment>,
}

#[derive(Deserialize)]
struct ShellcheckComment {
    file: String,
    line: usize,
    code: u32,
    message: String,
}

/// Notes on the author's own steps, in their order. Without shellcheck there are none.
///
/// # Errors
/// If it can't be run or understood, or takes too long.
pub fn shellcheck(steps: &[Step]) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().map_err(Error::file("create a folder in", &std::env::temp_dir()))?;
    let mut files: Vec<(String, &Step, &str)> = Vec::new();
    for step in steps.iter().filter(|step| step.origin.kept_by != Keeper::Shipped) {
        let scripts = scripts_of(step).into_iter().filter(|(_, text)| is_worth_it(text));
        for (part, text) in scripts {
            let name = format!("{}.sh", files.len() + 1);
            let path = folder.path().join(&name);
            let shell = match step.invocation.shell {
                Interpreter::Sh => "sh",
                Interpreter::Bash => "bash",
            };
            std::fs::write(&path, format!("# shellcheck shell={shell}\n{text}"))
                .map_err(Error::file("write", &path))?;
            files.push((name, step, part));
        }
    }
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let failed =
        |reason: String| Error::usage_with(format!("shellcheck failed: {reason}"), "run it yourself, or remove it");
    let mut command = Command::new("shellcheck");
    command
        .args([
            "--norc",
            "--shell=sh",
            "--severity=warning",
            "--format=json1",
            "--exclude",
            EXCEPT,
            "--",
        ])
        .args(files.iter().map(|(name, ..)| name))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    let mut running = match command.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        running => running.map_err(|error| failed(error.to_string()))?,
    };
    let Some(mut stdout) = running.stdout.take() else {
        return Err(failed("it has no output".to_owned()));
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.read_to_end(&mut output).map(|_| output);
        // Nothing waits for it after the deadline.
        let _ = sender.send(read);
    });
    let output = receiver.recv_timeout(PATIENCE);
    if output.is_err() {
        running.kill().map_err(|error| failed(error.to_string()))?;
    }
    running.wait().map_err(|error| failed(error.to_string()))?;
    let output = output
        .map_err(|_| failed(format!("it took longer than {} s", PATIENCE.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    let report: ShellcheckReport = serde_json::from_slice(&output).map_err(|error| failed(error.to_string()))?;
    Ok(notes(report, &files))
}

fn notes(report: ShellcheckReport, files: &[(String, &Step, &str)]) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, step, part) in files {
        for comment in report.comments.iter().filter(|comment| comment.file == *name) {
            notes.push(format!(
                "{}:{}: SC{} in line {} of {part} of '{}': {}",
                step.origin.file,
                step.origin.line,
                comment.code,
                comment.line.saturating_sub(1),
                step.title,
                comment.message
            ));
        }
    }
    notes
}

/// The texts of a step that sh runs.
fn scripts_of(step: &Step) -> Vec<(&'static str, &str)> {
    let mut scripts = match &step.action {
        Action::Run { command } => vec![("the command", command.as_str())],
        Action::Reach { otherwise, .. } => vec![("the command", otherwise.as_str())],
        Action::Upload { content, .. } => {
            let script = content.as_text().filter(|text| text.starts_with("#!/bin/sh"));
            script.into_iter().map(|text| ("the script", text)).collect()
        }
        _ => Vec::new(),
    };
    let guards = step.unless.iter().chain(&step.only_if);
    scripts.extend(guards.map(|guard| ("a guard", guard.as_str())));
    scripts.extend(step.file_checks());
    scripts.extend(step.undo.iter().map(|undo| ("the undo", undo.command.as_str())));
    scripts
}

/// A command without variables, quotes and the like has nothing that could be wrong for a shell.
fn is_worth_it(text: &str) -> bool {
    text.contains(|c: char| "$`\"'|;&<>(){}[]*?~!\n".contains(c)) && lint::bashism(text).is_none()
}
