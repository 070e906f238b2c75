//! A plan as people read it: what would be lost, then every step with its exact command. A pure function of the plan:
//! same plan, same text.

use super::printable::{one_line, printable};
use super::{Action, Content, Effect, EnvValue, Keeper, Loss, Losses, Origin, Plan, Step, Undo};
use anstyle::{AnsiColor, Style};
use std::fmt::{self, Write as _};

/// What the server said of a plan's steps when it was asked; see `infrakt plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// One for each step.
    pub marks: Vec<Mark>,
    /// Why steps would fail.
    pub findings: Vec<Finding>,
}

/// Why a step would fail, in the words of its check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// The step, counted from 1.
    pub step: usize,
    pub message: String,
}

/// The result of a step's guards during planning; see `infrakt plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    WouldChange,
    /// A guard holds, so there is nothing to do.
    NoChange,
    /// The step is a check: it never changes anything.
    Check,
    /// A check that would fail now.
    WouldFail,
}

/// Whether the queries and guards that ran for the plan could have changed files on the server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Asked {
    /// The server's file systems were read-only for them.
    pub read_only: bool,
    /// Why they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Asked {
    pub fn read_only() -> Self {
        Self {
            read_only: true,
            reason: None,
        }
    }

    pub fn unguarded(reason: &str) -> Self {
        Self {
            read_only: false,
            reason: Some(reason.to_owned()),
        }
    }
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Red is for failures. Destructive steps have a colour of their own, and a sign for readers who see no colours.
const DESTROY: Style = AnsiColor::Magenta.on_default().bold();
const FAILURE: Style = AnsiColor::Red.on_default().bold();
const CHANGE: Style = AnsiColor::Yellow.on_default();
const CHECK: Style = AnsiColor::Cyan.on_default();

/// The style of an effect, the same wherever one is shown.
pub fn effect_style(effect: Effect) -> Style {
    match effect {
        Effect::Check => CHECK,
        Effect::Change => CHANGE,
        Effect::Destroy => DESTROY,
    }
}

/// The sign of an effect: `-` where something is destroyed.
pub fn effect_sign(effect: Effect) -> char {
    match effect {
        Effect::Destroy => '-',
        Effect::Check | Effect::Change => ' ',
    }
}

/// The whole plan, with what the server said of it and how it was asked, if it was. The text has ANSI colours; see [`plain`].
pub fn plan(plan: &Plan, preview: Option<&Preview>, asked: Option<&Asked>) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_plan(&mut text, plan, preview, asked);
    text
}

/// The warning that queries and guards ran unprotected, if they did.
pub fn unguarded(asked: &Asked) -> Option<String> {
    (!asked.read_only).then(|| {
        let reason = asked.reason.as_deref().unwrap_or("it gave no reason");
        format!(
            "queries and guards could change this server: it can't make its file systems read-only for them ({reason})"
        )
    })
}

/// The same text without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn write_plan(text: &mut String, plan: &Plan, preview: Option<&Preview>, asked: Option<&Asked>) -> fmt::Result {
    let marks = preview.map(|preview| preview.marks.as_slice());
    writeln!(
        text,
        "{BOLD}{} on {}{BOLD:#}  {DIM}{}{DIM:#}",
        one_line(&plan.recipe.name),
        one_line(&plan.server.name),
        one_line(&address(plan))
    )?;
    write_provenance(text, plan)?;
    for (name, value) in &plan.parameters {
        let value = value.to_string();
        writeln!(text, "  {DIM}{} = {}{DIM:#}", one_line(name), one_line(&value))?;
    }
    for name in &plan.secrets {
        writeln!(
            text,
            "  {DIM}{} is a secret, asked for when this runs{DIM:#}",
            one_line(name)
        )?;
    }
    if !plan.server.protected.is_empty() {
        writeln!(
            text,
            "\n{BOLD}Protected: nothing is destroyed on {}{BOLD:#}",
            one_line(&plan.server.name)
        )?;
        for reason in &plan.server.protected {
            writeln!(text, "  {}", one_line(&reason.to_string()))?;
        }
    }
    if plan.destroys() {
        text.push('\n');
        write_losses(text, plan)?;
    }
    if !plan.queries.is_empty() {
        text.push('\n');
        write_queries(text, plan)?;
    }
    let mut section: Option<&str> = None;
    let mut first = true;
    for (index, step) in plan.steps.iter().enumerate() {
        if first || step.section.as_deref() != section {
            section = step.section.as_deref();
            first = false;
            writeln!(text, "\n{BOLD}{}{BOLD:#}", one_line(section.unwrap_or("Steps")))?;
        }
        if plan.consent_before == Some(index) {
            writeln!(
                text,
                "      {DESTROY}asks{DESTROY:#}     for the name of the server to be typed: {}",
                one_line(&plan.server.name)
            )?;
        }
        write_step(text, index, step, marks.and_then(|marks| marks.get(index)).copied())?;
        for finding in preview.into_iter().flat_map(|preview| &preview.findings) {
            if finding.step == index + 1 {
                write_finding(text, finding)?;
            }
        }
    }
    writeln!(text, "\n{}", totals(plan, marks))?;
    match asked.map(|asked| (asked, unguarded(asked))) {
        Some((_, Some(warning))) => writeln!(text, "{FAILURE}Warning: {}{FAILURE:#}", one_line(&warning))?,
        Some((_, None)) => writeln!(text, "{DIM}Queries and guards ran with read-only file systems.{DIM:#}")?,
        None => {}
    }
    writeln!(text, "{DIM}digest {}{DIM:#}", one_line(&plan.digest))
}

/// Whose the recipe and its modules are, where they are not infrakt's own and the name alone does not say so. Empty for a
/// shipped recipe.
pub fn provenance(plan: &Plan) -> String {
    let mut text = String::new();
    let _ = write_provenance(&mut text, plan);
    text
}

fn write_provenance(text: &mut String, plan: &Plan) -> fmt::Result {
    if plan.recipe.overrides_shipped {
        let name = one_line(&plan.recipe.name);
        writeln!(text, "  {BOLD}{name} is yours, instead of infrakt's own{BOLD:#}")?;
    }
    for (name, kept_by) in plan.own_modules() {
        let place = match kept_by {
            Keeper::User => "from the folder recipes of your home",
            Keeper::Path | Keeper::Shipped => "from the recipe's folder",
        };
        writeln!(text, "  {DIM}imports {}, {place}{DIM:#}", one_line(name))?;
    }
    Ok(())
}

/// Where the plan is for, and how it would get there.
pub fn address(plan: &Plan) -> String {
    let server = &plan.server;
    let host = if server.host.contains(':') {
        format!("[{}]", server.host)
    } else {
        server.host.clone()
    };
    let port = if server.port == 22 {
        String::new()
    } else {
        format!(":{}", server.port)
    };
    let through = if server.user == "root" { "" } else { ", through sudo" };
    let offline = if plan.offline { ", planned offline" } else { "" };
    format!("{}@{host}{port}{through}{offline}", server.user)
}

/// What destroying steps would take away.
pub fn losses(plan: &Plan) -> String {
    let mut text = String::new();
    let _ = write_losses(&mut text, plan);
    text
}

fn write_losses(text: &mut String, plan: &Plan) -> fmt::Result {
    if plan.offline {
        return writeln!(
            text,
            "{DESTROY}What would be destroyed is not known offline.{DESTROY:#}"
        );
    }
    let server = one_line(&plan.server.name);
    if !plan.losses_complete {
        writeln!(
            text,
            "{DESTROY}The commands may delete more than Docker and /opt/infrakt hold: this list is not complete.{DESTROY:#}"
        )?;
    }
    if plan.losses == Losses::default() {
        return writeln!(
            text,
            "{BOLD}Docker and /opt/infrakt hold nothing on {server} now.{BOLD:#}"
        );
    }
    writeln!(text, "{DESTROY}Will be deleted from {server}{DESTROY:#}")?;
    for (kind, losses) in plan.losses.kinds() {
        if losses.is_empty() {
            continue;
        }
        let plural = if losses.len() == 1 { "" } else { "s" };
        writeln!(text, "  {BOLD}{:>3} {kind}{plural}{BOLD:#}", losses.len())?;
        for loss in losses {
            write_loss(text, loss)?;
        }
    }
    Ok(())
}

/// What the server ran for the plan before anyone consented to it; nothing if the recipe asked nothing.
pub fn queries(plan: &Plan) -> String {
    let mut text = String::new();
    if !plan.queries.is_empty() {
        let _ = write_queries(&mut text, plan);
    }
    text
}

fn write_queries(text: &mut String, plan: &Plan) -> fmt::Result {
    let from = if plan.offline {
        ", answered from recorded facts"
    } else {
        ""
    };
    writeln!(text, "{BOLD}Asked while planning{from}{BOLD:#}")?;
    for query in &plan.queries {
        let origin = format!("{}:{}", query.origin.file, query.origin.line);
        writeln!(text, "      {CHECK}query{CHECK:#}    {DIM}{}{DIM:#}", one_line(&origin))?;
        block(text, &query.command)?;
    }
    Ok(())
}

fn write_loss(text: &mut String, loss: &Loss) -> fmt::Result {
    let name = one_line(&loss.name);
    match loss.detail.as_deref().map(one_line) {
        Some(detail) => writeln!(text, "      {name}  {DIM}{detail}{DIM:#}"),
        None => writeln!(text, "      {name}"),
    }
}

/// A step's title and command, without its guards.
pub fn command_of(index: usize, step: &Step) -> String {
    let mut text = String::new();
    let _ = write_head(&mut text, index, step, None);
    text
}

fn write_step(text: &mut String, index: usize, step: &Step, mark: Option<Mark>) -> fmt::Result {
    write_head(text, index, step, mark)?;
    for (name, value) in &step.env {
        let shown = match value {
            EnvValue::Plain(value) => format!("{name}={value}"),
            EnvValue::Secret { secret } => format!("{name}=(the secret {secret})"),
        };
        writeln!(text, "      {DIM}with     {}{DIM:#}", indented(&shown))?;
    }
    if step.preflight {
        writeln!(text, "      {DIM}asked    while planning too{DIM:#}")?;
    }
    write_guards(text, &step.unless, &step.only_if, step.undo.as_ref())
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

fn write_finding(text: &mut String, finding: &Finding) -> fmt::Result {
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

/// What a step of a run did: its command, its guards, its undo and its place.
pub fn done(action: &Action, unless: &[String], only_if: &[String], undo: Option<&Undo>, origin: &Origin) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_action(&mut text, action)
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

fn block(text: &mut String, content: &str) -> fmt::Result {
    for line in content.trim_end_matches('\n').split('\n') {
        writeln!(text, "      {DIM}|{DIM:#} {}", printable(line))?;
    }
    Ok(())
}

fn indented(guard: &str) -> String {
    printable(guard).replace('\n', "\n               ")
}

/// `12 steps: 4 destroy, 6 change, 2 checks`.
pub fn totals(plan: &Plan, marks: Option<&[Mark]>) -> String {
    let count = |effect| plan.steps.iter().filter(|step| step.effect == effect).count();
    let plural = |count: usize| if count == 1 { "step" } else { "steps" };
    let mut parts = Vec::new();
    for (effect, words) in [
        (Effect::Destroy, ["destroy", "destroy"]),
        (Effect::Change, ["change", "change"]),
        (Effect::Check, ["check", "checks"]),
    ] {
        match count(effect) {
            0 => {}
            1 => parts.push(format!("1 {}", words[0])),
            count => parts.push(format!("{count} {}", words[1])),
        }
    }
    let mut text = format!("{} {}", plan.steps.len(), plural(plan.steps.len()));
    if !parts.is_empty() {
        let _ = write!(text, ": {}", parts.join(", "));
    }
    if let Some(marks) = marks {
        let would = marks.iter().filter(|mark| **mark == Mark::WouldChange).count();
        let _ = match would {
            0 => write!(text, ". Nothing would change"),
            would => write!(text, ". {would} {} would change something", plural(would)),
        };
        let fails = marks.iter().filter(|mark| **mark == Mark::WouldFail).count();
        if fails > 0 {
            let _ = write!(text, ". {fails} {} would fail", plural(fails));
        }
    }
    text + "."
}
