//! The help as a whole: a reviewer sees every change of it.

use crate::support::infrakt::Infrakt;
use clap::{Command, CommandFactory};
use infrakt::cli::Cli;

/// Every command with the words that lead to it.
fn commands() -> Vec<(Vec<String>, Command)> {
    let mut root = Cli::command();
    root.build();
    let mut found = Vec::new();
    collect(Vec::new(), &root, &mut found);
    assert!(found.len() > 30, "{}", found.len());
    found
}

fn collect(words: Vec<String>, command: &Command, found: &mut Vec<(Vec<String>, Command)>) {
    found.push((words.clone(), command.clone()));
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let mut words = words.clone();
        words.push(sub.get_name().to_owned());
        collect(words, sub, found);
    }
}

#[test]
fn the_help_of_every_command() {
    let infrakt = Infrakt::new();
    let mut text = String::new();
    for (words, _) in commands() {
        let mut call: Vec<&str> = words.iter().map(String::as_str).collect();
        call.push("--help");
        let help = infrakt.ok(&call);
        // What is the same everywhere stands once, at the beginning.
        let help = match (words.is_empty(), help.split_once("\nGlobal options:\n")) {
            (false, Some((before, after))) => {
                let rest = after.split_once("\n\n").map_or("", |(_, rest)| rest);
                [before, rest].join("\n").trim_end().to_owned()
            }
            _ => help.trim_end().to_owned(),
        };
        text.push_str(&format!("$ infrakt {}\n{help}\n\n\n", call.join(" ")));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_option_and_argument_has_a_help_text() {
    for (words, command) in commands() {
        let name = format!("infrakt {}", words.join(" "));
        assert!(
            command.get_about().is_some_and(|about| about.to_string().len() > 10),
            "{name}"
        );
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 5, "{name}: {} has no help", argument.get_id());
        }
    }
}

#[test]
fn the_short_help_fits_a_screen_of_80_by_24_with_the_prompt_below_it() {
    let infrakt = Infrakt::new().with("COLUMNS", "80");
    let short = infrakt.run(&["-h"]).exits(0).stdout;
    assert!(short.lines().count() <= 23, "{} lines:\n{short}", short.lines().count());
    assert_eq!(infrakt.run(&[]).exits(2).stderr, short);
}
