//! Words and forms that make texts hard to read do not come back. `docs/voice.md` explains why.

use crate::markdown::root;
use std::path::Path;

/// A form that is not used, in lower case, and what to write in its place.
const FORMS: &[(&str, &str)] = &[
    ("somebody", "name the actor, or \"someone\""),
    ("nobody", "name the actor, or turn the sentence around"),
    ("anybody", "name the actor, or \"anyone\""),
    ("everybody", "name the actors: all users, all clients"),
    ("whoever", "name the actor: the user, the caller, another process"),
    ("that which", "name the thing"),
    ("what destroys", "\"destructive steps\""),
    ("so many", "the number, or \"a number of\""),
    ("of which", "\"whose\", or two sentences"),
    ("is told", "say who tells what: \"gets\", \"learns\", \"is shown\""),
    ("are told", "say who tells what: \"get\", \"learn\", \"are shown\""),
    ("go on", "\"continue\" or \"resume\""),
    ("goes on", "\"continues\", \"resumes\" or \"is in progress\""),
    ("going on", "\"continuing\" or \"in progress\""),
    ("gone on", "\"continued\" or \"resumed\""),
    ("went on", "\"continued\" or \"resumed\""),
    ("what has become of", "say how it ended"),
    ("what became of", "say how it ended"),
    ("what becomes of", "say how it ends"),
    ("comes about", "\"happens\""),
    ("anew", "\"again\""),
    ("in vain", "say what failed"),
    ("do again", "\"repeat\" or \"retry\""),
    ("do it again for", "\"retry\""),
    ("time is over", "\"timeout\" or \"timed out\""),
    ("makes way", "say what is closed or removed"),
    ("what is no", "\"what is not a\""),
    ("lest", "\"so that … not\""),
];

/// What is read. A folder is read with everything below it.
const READ: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs",
    "frontend/README.md",
    "frontend/e2e",
    "frontend/src",
    "fuzz/fuzz_targets",
    "migrations",
    "scripts",
    "recipes",
    "src",
    "tests",
];

/// What is not read, and why.
const EXCEPT: &[(&str, &str)] = &[
    ("docs/voice.md", "it quotes the forms"),
    ("docs/images", "pictures"),
    ("docs/openapi.json", "made from src"),
    ("docs/recipe-reference.md", "made from src"),
    ("frontend/src/api/schema.ts", "made from src"),
    ("tests/documentation/voice.rs", "it lists the forms"),
];

/// Forms that one file or folder may have, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("migrations/0005-runs/up.sql", "goes on", "a migration never changes"),
    ("src/facts/profiles", "nobody", "a user's name"),
    ("src/plan/lint/mod.rs", "what destroys", "a variable beside a string"),
    ("tests/execution/invocation.rs", "nobody", "a user's name"),
    ("tests/execution/links.rs", "nobody", "a user's name"),
    ("tests/lab/detached.rs", "nobody", "a user's name"),
    ("tests/lab/survival.rs", "nobody", "a user's name"),
    ("tests/store/snapshots", "goes on", "it shows that migration"),
];

fn is_allowed(name: &str, form: &str) -> bool {
    let within = |place: &str| {
        let rest = name.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ALLOWED
        .iter()
        .any(|(place, allowed, _)| *allowed == form && within(place))
}

/// The words of a text in lower case, each with its line. A phrase is found across the end of a line and the mark of a
/// comment, and in the name of a function.
fn words(text: &str) -> Vec<(usize, String)> {
    text.lines()
        .enumerate()
        .flat_map(|(number, line)| {
            line.split(|c: char| !c.is_alphanumeric() && !"'{}".contains(c))
                .filter(|word| !word.is_empty())
                .map(move |word| (number + 1, word.to_lowercase()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `LINE: FORM` for each form in the text of a file.
fn found(name: &str, text: &str) -> Vec<String> {
    let words = words(text);
    let mut found = Vec::new();
    for (form, instead) in FORMS.iter().filter(|(form, _)| !is_allowed(name, form)) {
        let parts: Vec<&str> = form.split(' ').collect();
        for window in words.windows(parts.len()) {
            if window.iter().map(|(_, word)| word.as_str()).eq(parts.iter().copied()) {
                found.push(format!("{}: \"{form}\": write {instead}", window[0].0));
            }
        }
    }
    found
}

fn read(path: &Path, problems: &mut Vec<String>, count: &mut usize) {
    let name = path.strip_prefix(root()).expect("below the root").display().to_string();
    if EXCEPT.iter().any(|(except, _)| *except == name) {
        return;
    }
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder");
        let mut entries: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| read(entry, problems, count));
    } else if let Ok(text) = std::fs::read_to_string(path) {
        *count += 1;
        problems.extend(
            found(&name, &text)
                .into_iter()
                .map(|problem| format!("{name}:{problem}")),
        );
    }
}

#[test]
fn texts_use_plain_words() {
    let (mut problems, mut count) = (Vec::new(), 0);
    READ.iter()
        .for_each(|name| read(&root().join(name), &mut problems, &mut count));
    assert!(count > 3, "only {count} files were read");
    assert!(problems.is_empty(), "see docs/voice.md\n{}", problems.join("\n"));
}

#[test]
fn a_form_is_found_across_the_lines_of_a_comment_and_in_names() {
    assert_eq!(
        found("src/lib.rs", "// Shows what\n// destroys."),
        ["1: \"what destroys\": write \"destructive steps\""]
    );
    assert_eq!(found("src/lib.rs", "fn the_run_goes_on() {}").len(), 1);
    assert_eq!(
        found("src/lib.rs", "Steps that destroy are shown first."),
        Vec::<String>::new()
    );
}
