//! A plan as people read it: what would be lost, then every step with its exact command. A pure function of the plan:
//! same plan, same text.

mod diff;
mod step;
mod style;

use super::file_change::FileChange;
use super::losses::Loss;
use super::preview::{Asked, Mark, Preview};
use super::printable::one_line;
use super::{Effect, Keeper, Plan, Reported};
use diff::write_diff;
use std::fmt::{self, Write as _};
use step::{block, write_finding, write_step};
use style::{CHECK, DESTROY};

pub use diff::in_short;
pub use step::{action_lines, aside, command_of, done, heading};
pub use style::{BOLD, DIM, FAILURE, effect_sign, effect_style, plain};

/// Lines of a new file that are shown where its whole content is not.
const NEW_LINES: usize = 12;

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
    for line in plan.inventory.lines() {
        writeln!(text, "  {DIM}{}{DIM:#}", one_line(&line))?;
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
        write_step(text, index, step, marks)?;
        if let Some(numbers) = preview.and_then(|preview| preview.doubt_of(index)) {
            writeln!(
                text,
                "      {DIM}in doubt step {numbers} changes a file that its guards name{DIM:#}"
            )?;
        }
        if let Some(change) = preview.and_then(|preview| preview.change_of(index)) {
            write_change(text, change)?;
        }
        for finding in preview.into_iter().flat_map(|preview| &preview.findings) {
            if finding.step == index + 1 {
                write_finding(text, finding)?;
            }
        }
    }
    if !plan.report.is_empty() {
        writeln!(text, "\n{BOLD}Reported in the end{BOLD:#}")?;
        for (name, value) in &plan.report {
            let value = match value {
                Reported::Known(value) => value.to_string(),
                Reported::Output { output } => format!("«output of step {output}»"),
            };
            writeln!(text, "      {} = {}", one_line(name), one_line(&value))?;
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

/// What is different from the file that is there. Of a new file, the step has shown everything.
fn write_change(text: &mut String, change: &FileChange) -> fmt::Result {
    if change.new {
        return writeln!(text, "      {DIM}{}{DIM:#}", in_short(change));
    }
    writeln!(text, "      {DIM}differs  {}{DIM:#}", in_short(change))?;
    write_diff(text, change, None)
}

/// The diffs of all files that would change. Of a new file only the beginning.
pub fn diffs(plan: &Plan, preview: &Preview) -> String {
    let mut text = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(change) = preview.change_of(index) else {
            continue;
        };
        let _ = writeln!(
            text,
            "\n{:>4}  {}\n      {DIM}{}  {}{DIM:#}",
            index + 1,
            heading(&step.title),
            one_line(&change.path),
            in_short(change)
        );
        let _ = write_diff(&mut text, change, change.new.then_some(NEW_LINES));
    }
    text
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
    for name in plan.recipe.files.keys() {
        writeln!(text, "  {DIM}reads {}, from the recipe's folder{DIM:#}", one_line(name))?;
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

/// That infrakt can't list what some steps delete, and which.
pub fn unlisted(plan: &Plan) -> Option<String> {
    let numbers: Vec<String> = plan.unlisted().iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => None,
        [number] => Some(format!(
            "infrakt can't list what step {number} deletes: read its command."
        )),
        numbers => Some(format!(
            "infrakt can't list what these steps delete: read the commands of {}.",
            numbers.join(", ")
        )),
    }
}

fn write_losses(text: &mut String, plan: &Plan) -> fmt::Result {
    if plan.offline {
        return writeln!(
            text,
            "{DESTROY}What would be destroyed is not known offline.{DESTROY:#}"
        );
    }
    let server = one_line(&plan.server.name);
    if let Some(unlisted) = unlisted(plan) {
        writeln!(text, "{DESTROY}{unlisted}{DESTROY:#}")?;
    }
    if plan.losses.is_empty() {
        return match plan.reaches_docker() {
            true => writeln!(
                text,
                "{BOLD}Docker and /opt/infrakt hold nothing on {server} now.{BOLD:#}"
            ),
            false => Ok(()),
        };
    }
    let will = match plan.deletes_what_is_listed() {
        true => "Will be deleted",
        false => "May be deleted",
    };
    writeln!(text, "{DESTROY}{will} from {server}{DESTROY:#}")?;
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
        let would = marks.iter().filter(|mark| mark.may_change()).count();
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
