//! One step of a plan as people read it: its title, its exact command and its guards.

use super::style::{BOLD, DIM, FAILURE, effect_sign, effect_style, plain};
use crate::plan::preview::{Finding, Mark, any_of, condition};
use crate::plan::printable::{one_line, printable};
use crate::plan::{Action, LocalFile, Piece, Step, Undo, human_bytes};
use std::fmt::{self, Write as _};

/// A step's title and command, without its guards.
pub fn command_of(index: usize, step: &Step) -> String {
    let mut text = String::new();
    let _ = write_head(&mut text, index, step, None);
    text
}

/// `marks` are those of all steps of the plan.
pub fn write_step(text: &mut String, index: usize, step: &Step, marks: Option<&[Mark]>) -> fmt::Result {
    write_head(text, index, step, marks)?;
    write_details(text, step)
}

/// How the step runs, and when it does not.
fn write_details(text: &mut String, step: &Step) -> fmt::Result {
    for (name, value) in &step.env {
        let shown = match value {
            Piece::Text(value) => format!("{name}={value}"),
            Piece::Secret { secret } => format!("{name}=(the secret {secret})"),
        };
        write_detail(text, "with", &shown)?;
    }
    for (name, number) in &step.outputs {
        write_detail(text, "with", &format!("{name}=«output of step {number}»"))?;
    }
    if let Some(words) = step.invocation.words() {
        write_detail(text, "runs", &words)?;
    }
    if step.always {
        write_detail(text, "always", "also if an earlier step fails, or the run is stopped")?;
    }
    if step.preflight {
        write_detail(text, "asked", "while planning too")?;
    }
    if let Some(why) = &step.allowed {
        write_detail(text, "allowed", &format!("to destroy data when it runs: {why}"))?;
    }
    for guard in &step.unless {
        write_detail(text, "unless", guard)?;
    }
    for guard in &step.only_if {
        write_detail(text, "only if", guard)?;
    }
    if !step.when_changed.is_empty() {
        let numbers = any_of(step.when_changed.iter().copied());
        write_detail(text, "only if", &format!("step {numbers} changed something"))?;
    }
    if let Some(check) = &step.validate {
        write_detail(
            text,
            "checked",
            &format!("in $FILE, before it takes its place: {check}"),
        )?;
    }
    if let Some(check) = &step.restore_unless {
        write_detail(
            text,
            "kept",
            &format!("only if this succeeds, or the old file is put back: {check}"),
        )?;
    }
    if let Some(Undo { command, after_seconds }) = &step.undo {
        let what = match (step.may_be_put_back(), command.is_empty()) {
            (false, _) => command.clone(),
            (true, true) => "the old file is put back".to_owned(),
            (true, false) => format!("the old file is put back, and then: {command}"),
        };
        write_detail(
            text,
            "undone",
            &format!("if no new login works within {after_seconds} s: {what}"),
        )?;
    }
    Ok(())
}

fn write_detail(text: &mut String, word: &str, what: &str) -> fmt::Result {
    writeln!(text, "      {DIM}{word:<8} {}{DIM:#}", indented(what))
}

pub fn write_finding(text: &mut String, finding: &Finding) -> fmt::Result {
    for line in finding.message.trim_end().split('\n') {
        writeln!(text, "      {FAILURE}!{FAILURE:#} {}", printable(line))?;
    }
    Ok(())
}

fn write_head(text: &mut String, index: usize, step: &Step, marks: Option<&[Mark]>) -> fmt::Result {
    let style = effect_style(step.effect);
    let marked = marks.and_then(|marks| Some((*marks.get(index)?, marks)));
    let mark = match marked {
        Some((Mark::WouldChange, _)) => "  would change".to_owned(),
        Some((mark @ Mark::WouldChangeIf, marks)) => {
            format!("  would change, {}", condition(step, mark, marks).unwrap_or_default())
        }
        Some((Mark::NoChange, _)) => "  no change".to_owned(),
        Some((Mark::WouldFail, _)) => "  would fail".to_owned(),
        Some((Mark::Check, _)) | None => String::new(),
    };
    let effect = step.effect.as_str();
    writeln!(
        text,
        "{:>4} {style}{} {effect:<8}{style:#} {}{DIM}{mark}{DIM:#}",
        index + 1,
        effect_sign(step.effect),
        one_line(&step.title)
    )?;
    if let Some(file) = &step.origin.altered_by {
        writeln!(text, "      {DIM}altered  by {}{DIM:#}", one_line(file))?;
    }
    write_action(text, &step.action)
}

/// A title, as it stands above what it is of.
pub fn heading(title: &str) -> String {
    format!("{BOLD}{}{BOLD:#}", one_line(title))
}

/// A line that stands below what it belongs to, and is less important.
pub fn aside(text: &str) -> String {
    format!("      {DIM}{text}{DIM:#}\n")
}

/// What a step of a run did: its command and how it was invoked, its guards, its undo and its place.
pub fn done(step: &Step) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_action(&mut text, &step.action)
        .and_then(|()| write_details(&mut text, step))
        .and_then(|()| {
            let place = format!("{}:{}", step.origin.file, step.origin.line);
            write_detail(&mut text, "place", &one_line(&place))
        });
    text
}

/// What a step does, line by line, without colours.
pub fn action_lines(action: &Action) -> Vec<String> {
    let mut text = String::new();
    let _ = write_action(&mut text, action);
    plain(&text).lines().map(|line| line.trim_start().to_owned()).collect()
}

fn write_action(text: &mut String, action: &Action) -> fmt::Result {
    match action {
        Action::Run { command } => block(text, command)?,
        Action::Upload {
            path,
            content,
            mode,
            owner,
        } => {
            let (path, mode, owner) = (one_line(path), one_line(mode), one_line(owner));
            writeln!(text, "      {DIM}|{DIM:#} {path}  {DIM}{mode} {owner}{DIM:#}")?;
            match content.file() {
                Some(LocalFile { file, sha256, bytes }) => block(
                    text,
                    &format!(
                        "(the file {}, {}, sha256 {sha256})",
                        one_line(file),
                        human_bytes(*bytes)
                    ),
                )?,
                None => block(text, &content.with(|secret| format!("(the secret {secret})").into()))?,
            }
        }
        Action::Reconnect { reboot: true } => block(text, "(restart, wait, and log in again)")?,
        Action::Reconnect { reboot: false } => block(text, "(close the connection and log in again)")?,
        Action::Reach { endpoints, otherwise } => {
            let endpoints: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
            block(text, &format!("(from this computer: open {})", endpoints.join(", ")))?;
            writeln!(text, "      {DIM}if one can't be reached, on the server{DIM:#}")?;
            block(text, otherwise)?;
        }
        Action::Survey { check } => block(text, &format!("({})", check.words()))?,
        Action::State { .. } => block(text, "(in the local database)")?,
    }
    Ok(())
}

pub fn block(text: &mut String, content: &str) -> fmt::Result {
    for line in content.trim_end_matches('\n').split('\n') {
        writeln!(text, "      {DIM}|{DIM:#} {}", printable(line))?;
    }
    Ok(())
}

fn indented(guard: &str) -> String {
    printable(guard).replace('\n', "\n               ")
}
