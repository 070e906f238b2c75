//! infrakt understands every command that a reader can paste from a page.

use crate::markdown::{Block, blocks_in, pages};
use clap::Parser;
use clap::error::ErrorKind;
use infrakt::cli::Cli;

/// What ends a command in a shell's line, or sends its output elsewhere.
const ENDS: [&str; 10] = ["|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1"];

/// The lines that a reader would type: all of a script, and of a session those after the prompt.
fn typed(block: &Block) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    match block.language.as_str() {
        "console" => lines
            .filter_map(|line| line.strip_prefix("$ "))
            .map(str::to_owned)
            .collect(),
        _ => lines.map(str::to_owned).collect(),
    }
}

/// The words of every call of infrakt in a line.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("no shell understands: {line}"));
    let is_assignment = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.contains(['-', '/', ' ']))
    };
    words
        .split(|word| ENDS.contains(&word.as_str()))
        .map(|command| {
            command
                .iter()
                .skip_while(|word| is_assignment(word))
                .cloned()
                .collect::<Vec<_>>()
        })
        .filter(|command| command.first().is_some_and(|program| program == "infrakt"))
        .collect()
}

#[test]
fn every_command_on_a_page_is_understood() {
    let mut count = 0;
    for block in blocks_in(&["sh", "console"]) {
        for line in typed(&block) {
            for words in calls(&line) {
                count += 1;
                match Cli::try_parse_from(&words) {
                    Ok(_) => {}
                    Err(error) if [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&error.kind()) => {}
                    Err(error) => panic!("{}: infrakt does not understand\n{line}\n{error}", block.place),
                }
            }
        }
    }
    assert!(count > 40, "only {count} commands were found");
}

/// Code spans that begin with these words and are no commands.
const NO_COMMANDS: [&str; 2] = ["infrakt for Traefik", "infrakt COMMAND --help"];

/// A command in running text may leave out arguments, but it exists, and so do its options.
#[test]
fn every_command_in_the_text_of_a_page_exists() {
    let mut count = 0;
    for page in pages() {
        let lines: Vec<&str> = page.prose().map(|(_, line)| line.trim()).collect();
        let text = lines.join(" ");
        for span in text.split('`').skip(1).step_by(2) {
            if !span.starts_with("infrakt ") || NO_COMMANDS.contains(&span) {
                continue;
            }
            count += 1;
            let span = span.split(['…', '|']).next().expect("the part before it");
            let words = shlex::split(span).unwrap_or_else(|| panic!("{}: no shell understands: {span}", page.name));
            let kind = Cli::try_parse_from(words).err().map(|error| error.kind());
            assert!(
                !matches!(kind, Some(ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument)),
                "{}: infrakt has no such command or option: {span}",
                page.name
            );
        }
    }
    assert!(count > 40, "only {count} commands were found");
}

#[test]
fn a_call_is_found_wherever_it_stands_in_a_line() {
    let found = calls("printf x | INFRAKT_HOME=/tmp/x infrakt runs list > runs.txt && infrakt app list # all of them");
    assert_eq!(found, [vec!["infrakt", "runs", "list"], vec!["infrakt", "app", "list"]]);
    assert_eq!(calls("scripts/lab up web-1"), Vec::<Vec<String>>::new());
}
