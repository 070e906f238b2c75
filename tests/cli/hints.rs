//! infrakt has every command that its hints tell the user to run.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use infrakt::cli::Cli;
use std::collections::BTreeSet;
use std::path::Path;

/// Every text in quotes, and every comment that becomes help, of the source: with its file.
fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    for file in [
        "README.md",
        "docs/lab.md",
        "recipes/provision.rhai",
        "recipes/wipe.rhai",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        texts.push((file.to_owned(), std::fs::read_to_string(path).unwrap()));
    }
    texts
}

fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.split("\n#[cfg(test)]\n").next().unwrap().to_owned();
            texts.push((path.display().to_string(), joined(&source)));
        }
    }
}

/// A text that continues in the next line after a `\`, in one.
fn joined(source: &str) -> String {
    let mut text = String::new();
    for line in source.lines() {
        match line.strip_suffix('\\') {
            Some(line) => text.push_str(if text.ends_with(' ') { line.trim_start() } else { line }),
            None => {
                text.push_str(if text.ends_with(' ') { line.trim_start() } else { line });
                text.push('\n');
            }
        }
    }
    text
}

/// The words of a command that begins at the start of `rest`, up to where prose continues. Values that are put in when the
/// text is shown are 7, which is a name, a number and a port.
fn words(rest: &str) -> Vec<String> {
    let mut filled = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' => {
                while chars.next().is_some_and(|c| c != '}') {}
                filled.push('7');
            }
            _ => filled.push(c),
        }
    }
    let end = [
        "\n", "\"", "`", ";", ")", ", ", " (", "  ", "\\n", " > ", " | ", "? ", " //", ". ", ": ", " or ",
    ]
    .iter()
    .filter_map(|end| filled.find(end))
    .min()
    .unwrap_or(filled.len());
    filled.truncate(end);
    filled
        .split_whitespace()
        .map(|word| {
            word.trim_end_matches([',', '…', '.', '\''])
                .trim_matches('\'')
                .replace("ID", "7")
        })
        .filter(|word| !word.is_empty())
        .collect()
}

#[test]
fn every_command_in_a_text_parses() {
    let command = Cli::command();
    let known: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (file, text) in texts() {
        for (at, marker) in text.match_indices("infrakt ") {
            let (before, from) = text.split_at(at);
            if before
                .chars()
                .next_back()
                .is_some_and(|c| c.is_alphanumeric() || "/_-".contains(c))
            {
                continue;
            }
            let mut words = words(from.split_at(marker.len()).1);
            let Some(first) = words.first() else { continue };
            if !known.contains(first.as_str()) && !first.starts_with("--") {
                continue;
            }
            words.insert(0, "infrakt".to_owned());
            tried += 1;
            // `infrakt runs on it` is prose, and so is a command that is only named: `infrakt server add`.
            let prose = ["infrakt runs on", "infrakt runs there"];
            if prose.iter().any(|prose| words.join(" ").starts_with(prose))
                || words.iter().any(|word| word.contains('\\'))
            {
                continue;
            }
            let only_named = words[1..]
                .iter()
                .try_fold(&command, |command, word| command.find_subcommand(word))
                .is_some();
            if let Err(error) = Cli::try_parse_from(&words) {
                let begun = [
                    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                    ErrorKind::MissingSubcommand,
                    ErrorKind::DisplayHelp,
                ];
                // An option that is only named stands last, without its value.
                let named =
                    words.last().is_some_and(|word| word.starts_with("--")) && error.kind() == ErrorKind::InvalidValue;
                if !only_named && !named && !begun.contains(&error.kind()) {
                    wrong.push(format!(
                        "{file}: `{}`: {}",
                        words.join(" "),
                        error.to_string().lines().next().unwrap()
                    ));
                }
            }
        }
    }
    assert!(tried > 60, "only {tried} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
