//! Which command was meant by a word that is none. It only knows the words of the command line, and suggests nothing that
//! deletes data without showing it first.

use clap::Command;

/// Other words for commands.
const OTHER_WORDS: [(&str, &str); 8] = [
    ("ls", "list"),
    ("rm", "remove"),
    ("delete", "remove"),
    ("log", "logs"),
    ("edit", "update"),
    ("info", "show"),
    ("login", "ssh"),
    ("history", "runs"),
];
/// The most commands with the same last word that are suggested.
const MOST: usize = 3;

/// The hint for `word`, which stands where a command of `before` was expected, as `ls` after `["server"]`. `root` holds all
/// commands.
pub(super) fn hint(word: &str, before: &[String], root: &Command) -> Option<String> {
    if before.is_empty() && ["provision", "wipe"].contains(&word) {
        return Some(format!(
            "see what it would do: infrakt plan {word} --server NAME; to do it: infrakt run {word} --server NAME"
        ));
    }
    let known = OTHER_WORDS.iter().find(|(other, _)| *other == word);
    let word = known.map_or(word, |(_, known)| known);
    // What comes after words that lead somewhere is looked for there first.
    let here = before
        .iter()
        .try_fold(root, |command, word| command.find_subcommand(word));
    let found = match here
        .filter(|_| !before.is_empty())
        .and_then(|here| here.find_subcommand(word))
    {
        Some(command) => vec![call(before, command)],
        None => everywhere(root, word),
    };
    (!found.is_empty()).then(|| format!("did you mean: {}", found.join(", or ")))
}

fn everywhere(root: &Command, word: &str) -> Vec<String> {
    let own = root.find_subcommand(word).map(|command| call(&[], command));
    let below = root.get_subcommands().filter_map(|group| {
        let command = group.find_subcommand(word)?;
        Some(call(&[group.get_name().to_owned()], command))
    });
    own.into_iter().chain(below).take(MOST).collect()
}

/// The command with the names of what it needs.
fn call(before: &[String], command: &Command) -> String {
    let mut words = vec!["infrakt".to_owned()];
    words.extend(before.iter().cloned());
    words.push(command.get_name().to_owned());
    for argument in command.get_arguments().filter(|argument| argument.is_required_set()) {
        let value = argument
            .get_value_names()
            .and_then(|names| names.first())
            .map_or_else(|| argument.get_id().as_str().to_uppercase(), ToString::to_string);
        match argument.get_long() {
            Some(long) => words.push(format!("--{long} {value}")),
            None => words.push(value),
        }
    }
    words.join(" ")
}
