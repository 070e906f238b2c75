//! One step of a plan as people read it: its title, its exact command and its guards.

use super::style::{BOLD, DIM, FAILURE, effect_sign, effect_style, plain};
use crate::plan::preview::{Finding, Mark};
use crate::plan::printable::{one_line, printable};
use crate::plan::{Action, Content, EnvValue, Invocation, Origin, Step, Undo};
use std::fmt::{self, Write as _};

/// A step's title and command, without its guards.
pub fn command_of(index: usize, step: &Step) -> String {
    let mut text = String::new();
    let _ = write_head(&mut text, index, step, None);
    text
}

pub fn write_step(text: &mut String, index: usize, step: &Step, mark: Option<Mark>) -> fmt::Result {
    write_head(text, index, step, mark)?;
    for (name, value) in &step.env {
        let shown = match value {
            EnvValue::Plain(value) => format!("{name}={value}"),
            EnvValue::Secret { secret } => format!("{name}=(the secret {secret})"),
        };
        writeln!(text, "      {DIM}with     {}{DIM:#}", indented(&shown))?;
    }
    write_invocation(text, &step.invocation)?;
    if step.preflight {
        writeln!(text, "      {DIM}asked    while planning too{DIM:#}")?;
    }
    if let Some(why) = &step.allowed {
        writeln!(
            text,
            "      {DIM}allowed  to destroy data when it runs: {}{DIM:#}",
            indented(why)
        )?;
    }
    write_guards(text, &step.unless, &step.only_if, step.undo.as_ref())
}

fn write_invocation(text: &mut String, invocation: &Invocation) -> fmt::Result {
    match invocation.words() {
        Some(words) => writeln!(text, "      {DIM}runs     {}{DIM:#}", one_line(&words)),
        None => Ok(()),
    }
}

fn write_guards(text: &mut String, unless: &[String], only_if: &[String], undo: Option<&Undo>) -> fmt::Result {
    for guard in unless {
        writeln!(text, "      {DIM}unless   {}{DIM:#}", indented(guard))?;
    }
    for guard in only_if {
        writeln!(text, "      {DIM}only if  {}{DIM:#}", indented(guard))?;
    }
    if let Some(Undo { command, after_seconds }) = undo {
        writeln!(
            text,
            "      {DIM}undone   if no new login works within {after_seconds} s: {}{DIM:#}",
            indented(command)
        )?;
    }
    Ok(())
}

pub fn write_finding(text: &mut String, finding: &Finding) -> fmt::Result {
    for line in finding.message.trim_end().split('\n') {
        writeln!(text, "      {FAILURE}!{FAILURE:#} {}", printable(line))?;
    }
    Ok(())
}

fn write_head(text: &mut String, index: usize, step: &Step, mark: Option<Mark>) -> fmt::Result {
    let style = effect_style(step.effect);
    let mark = match mark {
        Some(Mark::WouldChange) => "  would change",
        Some(Mark::NoChange) => "  no change",
        Some(Mark::WouldFail) => "  would fail",
        Some(Mark::Check) | None => "",
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
pub fn done(
    action: &Action,
    invocation: &Invocation,
    unless: &[String],
    only_if: &[String],
    undo: Option<&Undo>,
    origin: &Origin,
) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_action(&mut text, action)
        .and_then(|()| write_invocation(&mut text, invocation))
        .and_then(|()| write_guards(&mut text, unless, only_if, undo))
        .and_then(|()| {
            let (file, line) = (one_line(&origin.file), origin.line);
            writeln!(text, "      {DIM}place    {file}:{line}{DIM:#}")
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
            match content {
                Content::Text(content) => block(text, content)?,
                Content::Secret { secret } => block(text, &format!("(the secret {secret})"))?,
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
