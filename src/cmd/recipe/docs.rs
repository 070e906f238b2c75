//! `infrakt recipe docs`: the reference and the manual of recipes, in the terminal.

use crate::cmd::{Context, output};
use crate::error::{Error, Exit, Result};
use crate::plan::render::{BOLD, DIM};
use crate::plan::shell::quote;
use crate::recipe::engine;
use crate::recipe::reference::manual::{self, Section};
use crate::recipe::reference::{self, Function, SearchResult};
use clap::Args;
use textwrap::{Options, fill};

/// Search the reference and the manual of recipes
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt recipe docs                   what there is
  infrakt recipe docs upload            a function, by its name
  infrakt recipe docs apt               all of a module; also ssh, step, text, list, map, facts, …
  infrakt recipe docs guards            a section of the manual
  infrakt recipe docs restart service   everything that mentions both words
  infrakt recipe docs --definitions > infrakt.d.rhai")]
pub struct DocsArgs {
    /// Name of a function, module, fact or section; or words to search for
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Print the whole reference in Markdown instead
    #[arg(long, conflicts_with_all = ["words", "definitions"])]
    markdown: bool,
    /// Print definitions for editors (.d.rhai) instead
    #[arg(long, conflicts_with = "words")]
    definitions: bool,
}

/// The widest lines, also where nothing says how wide the terminal is.
const WIDEST: usize = 100;
/// More entries than this are listed by their first sentence.
const MOST_WHOLE: usize = 3;

pub fn run(args: &DocsArgs, context: &Context) -> Result<Exit> {
    let engine = engine();
    if args.definitions {
        output::line(&reference::definitions(&engine))?;
        return Ok(Exit::Done);
    }
    if args.markdown {
        output::line(&reference::markdown(&engine))?;
        return Ok(Exit::Done);
    }
    if args.words.is_empty() {
        match context.json {
            true => output::json(&reference::all(&engine))?,
            false => output::styled_line(&overview(&reference::groups(&engine)))?,
        }
        return Ok(Exit::Done);
    }
    let found = reference::search(&engine, &args.words);
    if let SearchResult::Nothing(nearest) = &found {
        let asked = args.words.join(" ");
        return Err(Error::usage_with(
            format!("the reference has nothing about '{asked}'"),
            match nearest {
                Some(near) => format!("did you mean this? infrakt recipe docs {}", quote(near)),
                None => "list what there is: infrakt recipe docs".to_owned(),
            },
        ));
    }
    if context.json {
        let (functions, _) = parts(found);
        output::json(&functions)?;
    } else {
        output::styled_line(&shown(found))?;
    }
    Ok(Exit::Done)
}

/// The functions and the sections of what was found.
fn parts(found: SearchResult) -> (Vec<Function>, Vec<Section>) {
    match found {
        SearchResult::Named(functions) => (functions, Vec::new()),
        SearchResult::Group(_, mut functions, named) => {
            functions.extend(named);
            (functions, Vec::new())
        }
        SearchResult::Mentioned(functions, sections) => (functions, sections),
        SearchResult::Manual(section) => (Vec::new(), vec![section]),
        SearchResult::Nothing(_) => (Vec::new(), Vec::new()),
    }
}

fn shown(found: SearchResult) -> String {
    let heading = match &found {
        SearchResult::Group(group, ..) => format!("{}\n\n", title(&reference::heading(group))),
        _ => String::new(),
    };
    let alone = matches!(found, SearchResult::Manual(_));
    let (functions, sections) = parts(found);
    let mut text = heading;
    match functions.len() {
        0..=MOST_WHOLE => functions.iter().for_each(|function| text.push_str(&whole(function))),
        _ => {
            functions.iter().for_each(|function| text.push_str(&in_short(function)));
            text.push_str("\nOne of them in full: infrakt recipe docs NAME\n");
        }
    }
    for section in &sections {
        match alone {
            true => text.push_str(&format!("{}\n\n{}", title(section.title), paragraphs(section.text))),
            false => text.push_str(&format!("\nmanual: infrakt recipe docs {}\n", quote(section.title))),
        }
    }
    text
}

fn title(text: &str) -> String {
    format!("{BOLD}{}{BOLD:#}", text.replace('`', ""))
}

/// What there is: the names of each group, and the sections of the manual.
fn overview(groups: &[(String, Vec<Function>)]) -> String {
    let mut text = String::new();
    for (group, functions) in groups {
        let mut names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
        names.dedup();
        let about = wrapped(&reference::heading(group).replace('`', ""), "");
        text.push_str(&format!(
            "{BOLD}{about}{BOLD:#}\n{}\n\n",
            wrapped(&names.join("  "), "  ")
        ));
    }
    let titles: Vec<String> = manual::sections()
        .iter()
        .map(|section| quote(section.title).into_owned())
        .collect();
    text.push_str(&format!(
        "{BOLD}The manual{BOLD:#}\n{}\n\nMore about any of these: infrakt recipe docs NAME\n",
        wrapped(&titles.join("  "), "  ")
    ));
    text
}

/// A line or two: what it is called, and its first sentence.
fn in_short(function: &Function) -> String {
    let about = wrapped(&function.summary().replace('\n', " "), "    ");
    format!("{}\n{DIM}{about}{DIM:#}\n", wrapped(&function.signature, "  "))
}

fn whole(function: &Function) -> String {
    let example: String = function.example.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "{BOLD}{}{BOLD:#}\n\n{}\n{example}\n",
        function.signature,
        paragraphs(&function.description)
    )
}

fn wrapped(text: &str, indent: &str) -> String {
    let columns = output::columns_of_stdout().unwrap_or(WIDEST).min(WIDEST);
    fill(
        text,
        Options::new(columns)
            .initial_indent(indent)
            .subsequent_indent(indent)
            .break_words(false),
    )
}

/// Markdown as it reads best in a terminal: paragraphs and entries of lists in its width, rows of tables below each other,
/// code as it is.
fn paragraphs(markdown: &str) -> String {
    let mut text = String::new();
    let mut pending = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        let starts = line.is_empty() || line.starts_with("```") || line.starts_with('|') || line.starts_with("- ");
        if in_code && !line.starts_with("```") {
            text.push_str(&format!("    {line}\n"));
            continue;
        }
        if starts {
            flush(&mut text, &mut pending);
        }
        if line.starts_with("```") {
            in_code = !in_code;
        } else if let Some(row) = line.strip_prefix('|') {
            text.push_str(&table_row(row.trim_end_matches('|')));
        } else if line.is_empty() {
            text.push('\n');
        } else {
            if !pending.is_empty() {
                pending.push(' ');
            }
            pending.push_str(line.trim());
        }
    }
    flush(&mut text, &mut pending);
    text
}

fn flush(text: &mut String, pending: &mut String) {
    if !pending.is_empty() {
        let (first, rest) = if pending.starts_with("- ") {
            ("", "  ")
        } else {
            ("", "")
        };
        let columns = output::columns_of_stdout().unwrap_or(WIDEST).min(WIDEST);
        let options = Options::new(columns)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false);
        text.push_str(&fill(pending, options));
        text.push('\n');
        pending.clear();
    }
}

/// A row of a table: its first cell, and the others indented below it. The line below a header has nothing to show.
fn table_row(row: &str) -> String {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let is_rule = cells.iter().all(|cell| cell.chars().all(|c| c == '-' || c == ':'));
    match cells.split_first() {
        Some((first, rest)) if !is_rule => {
            let rest: String = rest.iter().map(|cell| format!("{}\n", wrapped(cell, "    "))).collect();
            format!("{}\n{rest}", wrapped(first, ""))
        }
        _ => String::new(),
    }
}
