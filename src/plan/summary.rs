//! A plan on one screen: what would be deleted in counts, and its steps, those of a section that do the same in one line; and
//! the block that stands right above the name of a server while it is typed. Pure functions of the plan, like
//! [`render`](super::render), which shows all of it.

use super::preview::{Asked, Finding, Mark, Preview, condition};
use super::printable::one_line;
use super::render::{
    BOLD, DIM, FAILURE, address, effect_sign, effect_style, heading, in_short, provenance, totals, unguarded,
};
use super::{Action, Effect, Plan, Step};
use anstyle::Style;
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// The width that every terminal has.
const WIDTH: usize = 80;
/// The columns of sections and of kinds.
const SECTION: usize = 12;
const KIND: usize = 18;
/// A plan with this many steps at most is shown step by step.
const FEW: usize = 14;
/// The number of servers left out that are named.
const NAMED: usize = 5;
/// How many commands are shown whose deletions infrakt can't list, and how many characters of each.
const COMMANDS: usize = 3;
const COMMAND: usize = 60;

/// The plan on one screen, with what the server said of it and how it was asked, if it was. The text has ANSI colours.
pub fn summary(plan: &Plan, preview: Option<&Preview>, asked: Option<&Asked>) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_summary(&mut text, plan, preview, asked);
    text
}

fn write_summary(text: &mut String, plan: &Plan, preview: Option<&Preview>, asked: Option<&Asked>) -> fmt::Result {
    let name = format!("{} on {}", plan.recipe.name, plan.server.name);
    writeln!(text, "{}  {DIM}{}{DIM:#}", heading(&name), one_line(&address(plan)))?;
    text.push_str(&provenance(plan));
    let parameters: Vec<String> = plan
        .parameters
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    if !parameters.is_empty() {
        writeln!(text, "  {DIM}{}{DIM:#}", cut(&parameters.join(", "), WIDTH - 2))?;
    }
    let inventory: Vec<String> = plan.inventory.lines().collect();
    if !inventory.is_empty() {
        writeln!(text, "  {DIM}{}{DIM:#}", cut(&inventory.join(", "), WIDTH - 2))?;
    }
    if !plan.secrets.is_empty() {
        let names: Vec<&str> = plan.secrets.iter().map(String::as_str).collect();
        writeln!(
            text,
            "  {DIM}asks for the secrets {}{DIM:#}",
            one_line(&names.join(", "))
        )?;
    }
    for reason in &plan.server.protected {
        writeln!(text, "  {BOLD}protected:{BOLD:#} {}", one_line(&reason.to_string()))?;
    }
    if plan.destroys() {
        let style = effect_style(Effect::Destroy);
        for (number, line) in wrapped(&deleted(plan), WIDTH - 2).into_iter().enumerate() {
            let indent = if number == 0 { "" } else { "  " };
            writeln!(text, "{indent}{style}{line}{style:#}")?;
        }
    }
    if !plan.queries.is_empty() {
        let plural = if plan.queries.len() == 1 { "query" } else { "queries" };
        writeln!(
            text,
            "  {DIM}{} {plural} asked while planning{DIM:#}",
            plan.queries.len()
        )?;
    }
    text.push('\n');
    let marks = preview.map(|preview| preview.marks.as_slice());
    let findings = preview.map_or(&[][..], |preview| preview.findings.as_slice());
    let mut shown: Option<Option<&str>> = None;
    for row in rows(plan, preview) {
        let section = (shown != Some(row.section)).then(|| row.section.unwrap_or("Steps"));
        shown = Some(row.section);
        write_row(text, section.unwrap_or(""), &row, plan.steps.len() <= FEW)?;
        for finding in findings.iter().filter(|finding| row.numbers.contains(&finding.step)) {
            write_finding(text, finding)?;
        }
    }
    writeln!(text, "\n{}", totals(plan, marks))?;
    if let Some(warning) = asked.and_then(unguarded) {
        writeln!(text, "{FAILURE}Warning: {}{FAILURE:#}", one_line(&warning))?;
    }
    Ok(())
}

/// Steps that stand in one line: those of a section of one kind, or one step.
struct PlanRow<'a> {
    section: Option<&'a str>,
    kind: Kind,
    /// Counted from 1.
    numbers: Vec<usize>,
    /// Each with how it would change its file, if it would.
    titles: Vec<Cow<'a, str>>,
}

/// What steps would do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Effect(Effect),
    WouldChange,
    NoChange,
    WouldFail,
}

impl Kind {
    fn of(step: &Step, mark: Option<Mark>) -> Self {
        match (mark, step.effect) {
            (Some(Mark::WouldFail), _) => Self::WouldFail,
            (Some(Mark::NoChange), _) => Self::NoChange,
            (Some(mark), Effect::Change) if mark.may_change() => Self::WouldChange,
            (_, effect) => Self::Effect(effect),
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Effect(effect) => effect_style(effect),
            Self::WouldChange => effect_style(Effect::Change),
            Self::NoChange => DIM,
            Self::WouldFail => FAILURE,
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Effect(effect) => effect_sign(effect),
            Self::WouldFail => '!',
            Self::WouldChange | Self::NoChange => ' ',
        }
    }

    fn word(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Effect(Effect::Check), 1) => "check",
            (Self::Effect(Effect::Check), _) => "checks",
            (Self::Effect(effect), _) => effect.as_str(),
            (Self::WouldChange, _) => "would change",
            (Self::NoChange, _) => "no change",
            (Self::WouldFail, _) => "would fail",
        }
    }
}

/// The rows in the order of the plan; those of a section in the order in which their first steps stand.
fn rows<'a>(plan: &'a Plan, preview: Option<&Preview>) -> Vec<PlanRow<'a>> {
    let mut rows: Vec<PlanRow<'a>> = Vec::new();
    // Where the section begins that the step belongs to.
    let mut begin = 0;
    for (index, step) in plan.steps.iter().enumerate() {
        let section = step.section.as_deref();
        let marked = preview.and_then(|preview| Some((*preview.marks.get(index)?, &preview.marks)));
        let kind = Kind::of(step, marked.map(|(mark, _)| mark));
        let mut title = match preview.and_then(|preview| preview.change_of(index)) {
            Some(change) => format!("{} ({})", step.title, in_short(change)).into(),
            None => Cow::Borrowed(step.title.as_str()),
        };
        let condition = marked.and_then(|(mark, marks)| condition(step, mark, marks));
        let doubt = preview.and_then(|preview| preview.doubt_of(index));
        if let Some(condition) = condition.or_else(|| Some(format!("unless {} changes that", doubt?))) {
            title = format!("{title}, {condition}").into();
        }
        if rows.last().is_some_and(|last| last.section != section) {
            begin = rows.len();
        }
        let same = match plan.steps.len() <= FEW {
            true => None,
            false => rows.iter_mut().skip(begin).find(|row| row.kind == kind),
        };
        match same {
            Some(row) => {
                row.numbers.push(index + 1);
                row.titles.push(title);
            }
            None => rows.push(PlanRow {
                section,
                kind,
                numbers: vec![index + 1],
                titles: vec![title],
            }),
        }
    }
    rows
}

fn write_row(text: &mut String, section: &str, row: &PlanRow<'_>, few: bool) -> fmt::Result {
    let style = row.kind.style();
    let count = row.numbers.len();
    let kind = match row.numbers.as_slice() {
        [number, ..] if few => format!("{number:>2}. {}", row.kind.word(1)),
        _ => format!("{count:>2} {}", row.kind.word(count)),
    };
    let kind = format!("{} {kind}", row.kind.sign());
    let room = WIDTH - SECTION - KIND - 4;
    let titles = row.titles.join("; ");
    // What is destroyed is shown whole.
    let lines = match row.kind {
        Kind::Effect(Effect::Destroy) => wrapped(&titles, room),
        _ if few => vec![one_line(&titles).into_owned()],
        _ => vec![cut(&titles, room)],
    };
    let section = cut(section, SECTION);
    for (number, line) in lines.iter().enumerate() {
        match number {
            0 => writeln!(
                text,
                "{BOLD}{section:<SECTION$}{BOLD:#}  {style}{kind:<KIND$}{style:#}  {line}"
            )?,
            _ => writeln!(text, "{:<SECTION$}  {:<KIND$}  {line}", "", "")?,
        }
    }
    Ok(())
}

fn write_finding(text: &mut String, finding: &Finding) -> fmt::Result {
    for (number, line) in finding.message.trim_end().split('\n').enumerate() {
        let step = match number {
            0 => format!("step {}: ", finding.step),
            _ => String::new(),
        };
        writeln!(text, "    {FAILURE}!{FAILURE:#} {step}{}", one_line(line))?;
    }
    Ok(())
}

/// What stands right above the name that a person types: the server, what is deleted in counts, how many steps delete, and
/// the servers that were left out, each with the reason. It fits a terminal of 80 columns and 24 lines, however long the plan.
pub fn consent_block(plan: &Plan, left_out: &[(String, String)]) -> String {
    let style = effect_style(Effect::Destroy);
    let destroying = plan.steps.iter().filter(|step| step.destroys()).count();
    let mut lines = vec![format!(
        "{}  {DIM}{}{DIM:#}",
        heading(&cut(&plan.server.name, WIDTH / 2)),
        cut(&address(plan), WIDTH / 2 - 4)
    )];
    let deleted = wrapped(&deleted(plan), WIDTH - 4);
    lines.extend(deleted.into_iter().map(|line| format!("{style}{line}{style:#}")));
    let of = format!("of {} steps of {}", plan.steps.len(), plan.recipe.name);
    lines.push(match destroying {
        1 => cut(&format!("1 {of} deletes data"), WIDTH - 4),
        count => cut(&format!("{count} {of} delete data"), WIDTH - 4),
    });
    for (server, reason) in left_out.iter().take(NAMED) {
        lines.push(cut(&format!("left out: {server}: {reason}"), WIDTH - 4));
    }
    if let more @ 1.. = left_out.len().saturating_sub(NAMED) {
        lines.push(format!("left out: {more} more"));
    }
    lines.join("\n  ")
}

/// What is deleted, in counts.
fn deleted(plan: &Plan) -> String {
    if plan.offline {
        return "What would be deleted is not known offline.".to_owned();
    }
    let unlisted = unlisted(plan);
    if plan.losses.is_empty() {
        let server = &plan.server.name;
        return match (unlisted, plan.reaches_docker()) {
            (None, _) => format!("Nothing to delete: Docker and /opt/infrakt hold nothing on {server} now"),
            (Some(unlisted), true) => format!("{unlisted} Docker and /opt/infrakt hold nothing on {server} now"),
            (Some(unlisted), false) => unlisted,
        };
    }
    let counts = plan.losses.kinds().into_iter().filter(|(_, losses)| !losses.is_empty());
    let counts: Vec<String> = counts
        .map(|(kind, losses)| match losses {
            [loss] if kind == "path" => loss.name.clone(),
            [_] => format!("1 {kind}"),
            losses => format!("{} {kind}s", losses.len()),
        })
        .collect();
    let counts = counts.join(", ");
    let listed = match plan.deletes_what_is_listed() {
        true => format!("Will be deleted: {counts}"),
        false => format!("May be deleted: {counts}"),
    };
    match unlisted {
        Some(unlisted) => format!("{listed}. {unlisted}"),
        None => listed,
    }
}

/// The commands whose deletions infrakt can't list.
fn unlisted(plan: &Plan) -> Option<String> {
    let numbers = plan.unlisted();
    let commands = numbers.iter().take(COMMANDS).filter_map(|number| {
        let Some(Action::Run { command }) = plan.steps.get(number - 1).map(|step| &step.action) else {
            return None;
        };
        let lines = command.lines().filter(|line| !line.trim().is_empty());
        Some(format!(
            "{number}. {}",
            cut(&lines.collect::<Vec<_>>().join("; "), COMMAND)
        ))
    });
    let mut commands: Vec<String> = commands.collect();
    if let more @ 1.. = numbers.len().saturating_sub(commands.len()) {
        commands.push(format!("{more} more"));
    }
    match numbers.len() {
        0 => None,
        1 => Some(format!(
            "infrakt can't list what this command deletes: {}",
            commands.join(", ")
        )),
        _ => Some(format!(
            "infrakt can't list what these commands delete: {}",
            commands.join(", ")
        )),
    }
}

/// One line of at most `width` characters.
fn cut(text: &str, width: usize) -> String {
    let text = one_line(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Lines of at most `width` characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = one_line(text);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let word = cut(word, width);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
